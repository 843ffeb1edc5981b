//! A request's body, secrets already taken out of it.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Number;

use super::quote;
use super::text::Text;

/// A JSON value whose texts may come from the environment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `null`, which TOML does not have.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Text),
    /// A variable that stands for a number, written without quotes.
    Bare(Text),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Table(Vec<(String, Value)>),
}

/// What is sent with a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// A form, URL-encoded.
    Form(Vec<(String, Text)>),
    /// Text as it is.
    Plain {
        /// The text.
        text: Text,
        /// Its content type.
        content_type: Option<String>,
    },
}

impl Value {
    /// The value as JSON text, over several lines when `indent` says how deep it stands.
    pub(super) fn json(&self, indent: Option<usize>) -> Text {
        let mut out = Text::default();
        self.write(&mut out, indent);
        out
    }

    fn change(&mut self, text: &dyn Fn(Text) -> Text, name: &dyn Fn(&str) -> String) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Bare(_) => {}
            Self::Text(own) => *own = text(std::mem::take(own)),
            Self::List(items) => items.iter_mut().for_each(|item| item.change(text, name)),
            Self::Table(fields) => {
                for (own, value) in fields {
                    *own = name(own);
                    value.change(text, name);
                }
            }
        }
    }

    fn write(&self, out: &mut Text, indent: Option<usize>) {
        match self {
            Self::Null => out.push("null"),
            Self::Bool(truth) => out.push(if *truth { "true" } else { "false" }),
            Self::Number(number) => out.push(&number.to_string()),
            Self::Bare(variable) => out.append(variable.clone()),
            Self::Text(text) => {
                out.push("\"");
                out.append(text.clone().map_plain(|plain| Text::plain(escaped(plain))));
                out.push("\"");
            }
            Self::List(items) => {
                let members = items.iter().map(|item| (None, item));
                block(out, ["[", "]"], members, indent);
            }
            Self::Table(fields) => {
                let members = fields.iter().map(|(name, value)| (Some(name.as_str()), value));
                block(out, ["{", "}"], members, indent);
            }
        }
    }
}

fn block<'a>(
    out: &mut Text,
    [open, close]: [&str; 2],
    members: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Value)>,
    indent: Option<usize>,
) {
    out.push(open);
    let some = members.len() > 0;
    let inner = indent.map(|depth| depth + 1);
    for (place, (name, value)) in members.enumerate() {
        if place > 0 {
            out.push(if indent.is_some() { "," } else { ", " });
        }
        new_line(out, inner);
        if let Some(name) = name {
            out.push(&format!("\"{}\": ", escaped(name)));
        }
        value.write(out, inner);
    }
    if some {
        new_line(out, indent);
    }
    out.push(close);
}

fn new_line(out: &mut Text, indent: Option<usize>) {
    if let Some(depth) = indent {
        out.push("\n");
        out.push(&"  ".repeat(depth));
    }
}

/// The inside of a JSON string.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            sign if sign.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out
}

impl Body {
    /// Changes every text and every name of a field.
    pub(super) fn change(&mut self, text: &dyn Fn(Text) -> Text, name: &dyn Fn(&str) -> String) {
        match self {
            Self::None => {}
            Self::Json(value) => value.change(text, name),
            Self::Form(fields) => {
                for (own, value) in fields {
                    *own = name(own);
                    *value = text(std::mem::take(value));
                }
            }
            Self::Plain { text: whole, .. } => *whole = text(std::mem::take(whole)),
        }
    }

    /// The lines of the gate file that say it, as key and value, and the content type they need.
    pub(super) fn fields(&self, one_line: bool) -> (Vec<(&'static str, String)>, Option<String>) {
        match self {
            Self::None => (Vec::new(), None),
            Self::Json(value) => json_fields(value, one_line),
            Self::Form(fields) => form_fields(fields),
            Self::Plain { text, content_type } => {
                let several = spans_lines(text) && !one_line;
                let written = if several { quote::lines(text) } else { quote::text(text) };
                (vec![("body", written)], content_type.clone())
            }
        }
    }
}

/// Beyond this many columns JSON is easier to read over several lines.
const WIDE: usize = 140;

fn json_fields(value: &Value, one_line: bool) -> (Vec<(&'static str, String)>, Option<String>) {
    let inline = quote::inline(value);
    let whole = value.json(Some(0));
    if let Some(inline) = inline
        && (one_line || inline.chars().count() <= WIDE || whole.has_variable())
    {
        return (vec![("json", inline)], None);
    }
    let written = if one_line { quote::text(&value.json(None)) } else { quote::lines(&whole) };
    (vec![("body", written)], Some("application/json".to_owned()))
}

fn form_fields(fields: &[(String, Text)]) -> (Vec<(&'static str, String)>, Option<String>) {
    let mut named: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (name, value) in fields {
        named.entry(name).or_default().push(quote::text(value));
    }
    let field = |(name, mut values): (&str, Vec<String>)| match values.len() {
        1 => (quote::key(name), values.remove(0)),
        _ => (quote::key(name), format!("[{}]", values.join(", "))),
    };
    let fields: Vec<(String, String)> = named.into_iter().map(field).collect();
    (vec![("form", quote::table(&fields))], None)
}

fn spans_lines(text: &Text) -> bool {
    quote::spelled(text).trim_end_matches('\n').contains('\n')
}

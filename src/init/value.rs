//! A JSON value of a draft.

use serde_json::Number;

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

impl Value {
    /// The value as JSON text, over several lines when `indent` says how deep it stands.
    pub(super) fn json(&self, indent: Option<usize>) -> Text {
        let mut out = Text::default();
        self.write(&mut out, indent);
        out
    }

    pub(super) fn change(&mut self, text: &dyn Fn(Text) -> Text, name: &dyn Fn(&str) -> String) {
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
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

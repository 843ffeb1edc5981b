//! A request's body, secrets already taken out of it.

use indexmap::IndexMap;

use super::quote;
use super::text::Text;
use super::value::Value;

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

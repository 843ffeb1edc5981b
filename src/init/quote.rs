//! TOML as a person would write it, and nothing that ends a string, a key or a comment early.

use std::fmt::Write as _;

use super::text::{Piece, Text};
use super::value::Value;
use crate::sanitise;

/// A key: bare where TOML allows it, quoted otherwise.
pub(super) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { basic(name) }
}

/// A string: in double quotes, or in single ones where that saves escapes.
pub(super) fn string(text: &str) -> String {
    let awkward = text.contains(['"', '\\']);
    if awkward && !text.contains('\'') && !text.chars().any(must_escape) {
        return format!("'{text}'");
    }
    basic(text)
}

/// A text with its variables, as a string.
pub(super) fn text(text: &Text) -> String {
    string(&spelled(text))
}

/// A text of several lines, between triple quotes.
pub(super) fn lines(text: &Text) -> String {
    let spelled = spelled(text);
    if !spelled.contains("'''") && !spelled.ends_with('\'') && !spelled.chars().any(wide_escape) {
        return format!("'''\n{spelled}'''");
    }
    basic(&spelled)
}

/// What a comment may show: one line, no control characters, not too long.
pub(super) fn comment(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let visible: String = sanitise::strip(text)
        .chars()
        .map(|sign| if must_escape(sign) { ' ' } else { sign })
        .collect();
    for word in visible.split_whitespace() {
        if line.chars().count() + word.chars().count() >= longest {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The gate file's spelling of a text: `${NAME}` for a variable, `$${` for the signs themselves.
pub(super) fn spelled(text: &Text) -> String {
    let mut out = String::new();
    let pieces = text.pieces();
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Plain(plain) => {
                let plain = plain.replace("${", "$${");
                // A dollar right before a variable would turn it into text.
                match plain.strip_suffix('$').filter(|_| place + 1 < pieces.len()) {
                    Some(rest) => {
                        let _ = write!(out, "{rest}${{DOLLAR:-$}}");
                    }
                    None => out.push_str(&plain),
                }
            }
            Piece::Variable { name, default: None } => {
                let _ = write!(out, "${{{name}}}");
            }
            Piece::Variable { name, default: Some(default) } => {
                let _ = write!(out, "${{{name}:-{default}}}");
            }
        }
    }
    out
}

/// How deep tables and lists on one line may nest.
const MAX_NESTING: usize = 16;

/// A JSON value as TOML on one line; `None` where TOML has no such value or nobody could read it.
pub(super) fn inline(value: &Value) -> Option<String> {
    inline_at(value, 0)
}

fn inline_at(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_NESTING {
        return None;
    }
    let below = |value: &Value| inline_at(value, depth + 1);
    match value {
        Value::Null | Value::Bare(_) => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                return Some(whole.to_string());
            }
            let float = number.as_f64().filter(|_| number.is_f64())?;
            Some(format!("{float:?}"))
        }
        Value::Text(text) => Some(self::text(text)),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(below).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Table(fields) => {
            let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let field = |(name, value): &(String, Value)| Some((key(name), below(value)?));
            let written: Option<Vec<(String, String)>> = fields.iter().map(field).collect();
            written.filter(|_| names.len() == fields.len()).map(|fields| table(&fields))
        }
    }
}

/// An inline table of values already written.
pub(super) fn table(fields: &[(String, String)]) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

fn basic(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            sign if must_escape(sign) => {
                let code = u32::from(sign);
                let width = if code > 0xffff { 8 } else { 4 };
                let mark = if code > 0xffff { 'U' } else { 'u' };
                let _ = write!(out, "\\{mark}{code:0width$X}");
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

/// Signs a reader would not see, or that would show the line other than it is.
fn must_escape(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

fn wide_escape(sign: char) -> bool {
    sign != '\n' && must_escape(sign)
}

#[cfg(test)]
mod tests {
    use super::{basic, comment, key, string};

    #[test]
    fn strings_read_back_as_they_were() {
        let hostile = [
            "plain",
            "a \"b\" c",
            "it's \"both\"",
            "back\\slash",
            "x\n[sla]\ny",
            "\u{0}\u{1b}[31m",
            "\u{202e}txt",
            "'''",
            "\"\"\"",
            "",
            "\u{10ffff}\u{e0001}",
            "tab\there",
            "\r\n",
        ];
        for text in hostile {
            for written in [string(text), basic(text)] {
                let line = format!("{} = {written}", key(text));
                let read = toml::de::DeTable::parse(&line).expect("a written string is TOML");
                let value = read.get_ref().get(text).and_then(|value| value.get_ref().as_str());
                assert_eq!(value, Some(text), "{line}");
            }
        }
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(comment("a\r\n[sla]\u{85}b\u{2028}c\u{1b}[31md", 80), "a [sla] b cd");
        assert_eq!(comment("one two three four", 9), "one two…");
    }
}

//! Postman's `{{name}}`: from the collection where that is no secret, else from the environment.

use std::collections::BTreeMap;

use super::conceal::Conceal;
use super::gate::Notes;
use super::names;
use super::text::Text;
use super::tree::Tree;

/// How long a filled-in text may become.
const MAX_TEXT: usize = 1024 * 1024;
/// How deep a variable may name another.
const MAX_DEPTH: usize = 8;

/// A collection's variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    plain: BTreeMap<String, String>,
    secret: BTreeMap<String, String>,
}

impl Variables {
    /// Adds the variables of a collection or a folder; the first of a name stays.
    pub(super) fn add(&mut self, list: &[Tree]) {
        for node in list {
            let name = node.text_of("key").or_else(|| node.text_of("id"));
            let value = node.get("value").and_then(Tree::scalar).unwrap_or_default();
            let Some(name) = name else { continue };
            if node.is_true("disabled") || value.is_empty() {
                continue;
            }
            let hidden = node.text_of("type") == Some("secret") || names::is_secret(name);
            let map = if hidden { &mut self.secret } else { &mut self.plain };
            map.entry(name.to_owned()).or_insert(value);
        }
    }

    /// The text with everything filled in that is known and no secret; the rest stays `{{name}}`.
    pub(super) fn filled(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for _ in 0..MAX_DEPTH {
            let next = self.filled_once(&out);
            if next == out || next.len() > MAX_TEXT {
                break;
            }
            out = next;
        }
        out
    }

    fn filled_once(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            out.push_str(before);
            match self.plain.get(name).map(String::as_str).or_else(|| dynamic(name)) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        out + rest
    }

    /// The text with every `{{name}}` that is left as a variable of the environment.
    pub(super) fn text(&self, text: &str, conceal: &mut Conceal, notes: &mut Notes) -> Text {
        let filled = self.filled(text);
        let mut out = Text::default();
        let mut rest = filled.as_str();
        while let Some((before, name, after)) = next(rest) {
            out.push(before);
            if let Some(value) = self.secret.get(name) {
                out.append(conceal.hide(name, value));
            } else if names::is_secret(name) {
                out.append(conceal.hide(name, ""));
            } else {
                let variable = names::variable(name);
                let name = super::quote::comment(name, 60);
                notes.add(format!("`{{{{{name}}}}}` has no value here: set `{variable}`"));
                out.append(Text::variable(&variable));
            }
            rest = after;
        }
        out.push(rest);
        out
    }
}

/// The next `{{name}}`: what stands before it, its name, what stands behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    // `{{{name}}`: the last two braces open.
    let inner = name.rfind("{{").map_or(0, |at| at + 2);
    let extra = rest.len() - rest.trim_start_matches('{').len();
    let skip = inner.max(extra.min(name.len()));
    let open = before.len() + skip;
    Some((&text[..open], name[skip..].trim(), after))
}

/// Postman's own variables, which are drawn anew there and stay the same here.
fn dynamic(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix('$')? {
        "guid" | "randomUUID" => "00000000-0000-4000-8000-000000000000",
        "timestamp" => "1705311000",
        "isoTimestamp" => "2024-01-15T09:30:00.000Z",
        "randomInt" => "42",
        "randomEmail" | "randomExampleEmail" => "user@example.com",
        "randomBoolean" => "true",
        other if other.starts_with("random") => "text",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Variables;
    use crate::init::tree;

    fn check(given: &str, expected: &str) {
        let list = r#"[{"key":"a","value":"1{{b}}"},{"key":"b","value":"2"},
            {"key":"c","value":"{{c}}x"}]"#;
        let mut variables = Variables::default();
        variables.add(tree::json(list).expect("JSON").items());
        assert_eq!(variables.filled(given), expected);
    }

    #[test]
    fn variables_are_filled_in_where_they_are_known() {
        check("x{{a}}y{{ b }}", "x12y2");
        check("{{none}} {{a", "{{none}} {{a");
        check("{{{b}}}", "{2}");
        check("{{$randomInt}}{{$nope}}", "42{{$nope}}");
        check("}}{{b}}", "}}2");
    }

    #[test]
    fn a_variable_that_names_itself_ends() {
        let list = tree::json(r#"[{"key":"c","value":"{{c}}{{c}}"}]"#).expect("JSON");
        let mut variables = Variables::default();
        variables.add(list.items());
        assert!(variables.filled("{{c}}").len() < 10_000);
    }
}

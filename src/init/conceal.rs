//! What must not be copied out of a recording or a description: found, replaced, remembered.

use std::collections::BTreeMap;

use base64::Engine as _;

use super::address;
use super::names;
use super::text::Text;
use super::tree::Tree;
use super::value::Value;

/// Secrets met so far, by the variable that stands for each.
#[derive(Debug, Default)]
pub(super) struct Conceal {
    // Variable → the names its values came under.
    found: BTreeMap<String, Vec<String>>,
    // Value → variable; a value may turn up again where no name tells what it is.
    values: BTreeMap<String, String>,
}

impl Conceal {
    /// Takes a secret out: its variable stands in its place from now on.
    pub(super) fn hide(&mut self, name: &str, value: &str) -> Text {
        self.hide_as(&names::variable(name), name, value)
    }

    fn hide_as(&mut self, variable: &str, name: &str, value: &str) -> Text {
        let names = self.found.entry(variable.to_owned()).or_default();
        if names.len() < 8 && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        if worth_finding(value) {
            for form in [value.to_owned(), address::encoded(value), address::form_encoded(value)] {
                self.values.entry(form).or_insert_with(|| variable.to_owned());
            }
        }
        Text::variable(variable)
    }

    /// The value of a field, a parameter or a variable: hidden where its name or its looks say so.
    pub(super) fn field(&mut self, name: &str, value: Text) -> Text {
        if value.has_variable() {
            return value.map_plain(|plain| self.free(plain));
        }
        let plain: String = plain_of(&value);
        if names::is_secret(name) && !plain.trim().is_empty() {
            return self.hide(name, &plain);
        }
        self.free(&plain)
    }

    /// Free text: `password=…`, `"token": "…"`, `<secret>…</secret>`, well-known makes of tokens.
    pub(super) fn free(&mut self, text: &str) -> Text {
        if text.contains("PRIVATE KEY-----") {
            return self.hide("private_key", text);
        }
        let mut out = Text::default();
        let mut rest = text;
        let mut before = ' ';
        while let Some((start, end)) = next_word(rest) {
            let word = &rest[start..end];
            let lead = rest[..start].chars().next_back().unwrap_or(before);
            before = word.chars().next_back().unwrap_or(' ');
            let login = rest[end..].strip_prefix("://").and_then(credentials);
            let named = word.len() <= 64 && lead != '$' && names::is_secret(word);
            if names::looks_secret(word) {
                out.push(&rest[..start]);
                out.append(self.hide("token", word));
                rest = &rest[end..];
            } else if let Some(len) = login {
                out.push(&rest[..end + 3]);
                out.append(self.hide("credentials", &rest[end + 3..end + 3 + len]));
                rest = &rest[end + 3 + len..];
            } else if let Some((gap, len)) = named.then(|| assigned(&rest[end..])).flatten() {
                out.push(&rest[..end + gap]);
                out.append(self.hide(word, &rest[end + gap..end + gap + len]));
                rest = &rest[end + gap + len..];
            } else {
                out.push(&rest[..end]);
                rest = &rest[end..];
            }
        }
        out.push(rest);
        out
    }

    /// A JSON value; whatever stands under a secret's name is hidden, however deep.
    pub(super) fn json(&mut self, tree: &Tree) -> Value {
        self.json_under("", false, tree)
    }

    fn json_under(&mut self, name: &str, secret: bool, tree: &Tree) -> Value {
        match tree {
            Tree::Null => Value::Null,
            Tree::Bool(truth) => Value::Bool(*truth),
            Tree::Number(number) if names::is_secret_number(name) => {
                Value::Bare(self.hide(name, &number.to_string()))
            }
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) if secret && !text.is_empty() => Value::Text(self.hide(name, text)),
            Tree::Text(text) => Value::Text(self.field(name, Text::plain(text.as_str()))),
            Tree::List(items) => {
                Value::List(items.iter().map(|item| self.json_under(name, secret, item)).collect())
            }
            Tree::Table(table) => {
                let inner = secret || names::is_secret(name);
                let mut fields = Vec::with_capacity(table.len());
                for (own, value) in table {
                    let path = if inner { format!("{name}_{own}") } else { own.clone() };
                    fields.push((own.clone(), self.json_under(&path, inner, value)));
                }
                Value::Table(fields)
            }
        }
    }

    /// The value of an `Authorization` header: the scheme stays, the rest is hidden.
    pub(super) fn authorization(&mut self, value: &str) -> Text {
        let value = value.trim();
        let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
        let (scheme, variable) = match first.to_ascii_lowercase().as_str() {
            "bearer" => ("Bearer ", "API_TOKEN"),
            "token" => ("token ", "API_TOKEN"),
            "basic" => ("Basic ", "BASIC_AUTH"),
            _ => ("", "AUTHORIZATION"),
        };
        if let Ok(pair) = base64::engine::general_purpose::STANDARD.decode(rest.trim())
            && variable == "BASIC_AUTH"
            && let Ok(pair) = String::from_utf8(pair)
            && let Some((_, password)) = pair.split_once(':')
        {
            self.hide_as("PASSWORD", "authorization", password);
        }
        let hidden = if scheme.is_empty() { value } else { rest };
        let mut text = Text::plain(scheme);
        text.append(self.hide_as(variable, "authorization", hidden.trim()));
        text
    }

    /// The value of a `Cookie` header: all of it is hidden, and each telling part remembered.
    pub(super) fn cookie(&mut self, value: &str) -> Text {
        for part in value.split(';') {
            let (name, value) = part.trim().split_once('=').unwrap_or_default();
            let long = value.len() >= 16 || value.len() >= 8 && address::is_id(value);
            if long || names::is_secret(name) {
                self.hide_as("COOKIE", "cookie", value);
            }
        }
        self.hide_as("COOKIE", "cookie", value)
    }

    /// A path and its query, ready to be sent.
    pub(super) fn target(&mut self, path: &str, query: &[(String, Option<String>)]) -> Text {
        let mut out = Text::default();
        let mut before = "";
        for part in path.trim_start_matches('/').split('/') {
            out.push("/");
            out.append(self.segment(before, part));
            before = part;
        }
        for (place, (name, value)) in query.iter().enumerate() {
            out.push(if place == 0 { "?" } else { "&" });
            out.push(&address::encoded(name));
            if let Some(value) = value {
                out.push("=");
                let value = self.field(name, Text::plain(value.as_str()));
                out.append(value.map_plain(|plain| Text::plain(address::encoded(plain))));
            }
        }
        out
    }

    /// A part of a path; hidden behind one that announces a secret: `/reset-token/9f8a…`.
    fn segment(&mut self, before: &str, segment: &str) -> Text {
        let announced = names::is_secret(before) && address::is_id(segment) && segment.len() >= 6;
        if announced {
            return self.hide(before.trim_end_matches('s'), segment);
        }
        self.free(segment).map_plain(|plain| Text::plain(address::path(plain)))
    }

    /// One note that names what was replaced; nothing where nothing was.
    pub(super) fn note(&self) -> Option<String> {
        if self.found.is_empty() {
            return None;
        }
        let one = |(variable, names): (&String, &Vec<String>)| {
            let names: Vec<String> =
                names.iter().map(|name| format!("`{}`", super::quote::comment(name, 40))).collect();
            format!("{} is `${{{variable}}}`", names.join(", "))
        };
        let all: Vec<String> = self.found.iter().map(one).collect();
        Some(format!("secrets were replaced by variables to set: {}", all.join("; ")))
    }

    /// The variables that stand for secrets.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.found.keys().map(String::as_str)
    }

    /// All secrets met, ready to be found wherever else they stand.
    pub(super) fn finder(&self) -> Finder {
        let values: Vec<&String> = self.values.keys().collect();
        let search = aho_corasick::AhoCorasick::builder()
            .match_kind(aho_corasick::MatchKind::LeftmostLongest)
            .build(&values)
            .ok();
        Finder { search, variables: self.values.values().cloned().collect() }
    }
}

/// Finds known secrets in text they should not be in.
pub(super) struct Finder {
    search: Option<aho_corasick::AhoCorasick>,
    variables: Vec<String>,
}

impl Finder {
    /// Replaces each known secret by its variable.
    pub(super) fn text(&self, text: Text) -> Text {
        text.map_plain(|plain| {
            let mut out = Text::default();
            let mut done = 0;
            for (from, to, variable) in self.places(plain) {
                out.push(&plain[done..from]);
                out.append(Text::variable(variable));
                done = to;
            }
            out.push(&plain[done..]);
            out
        })
    }

    /// Replaces each known secret in a name, which takes no variables.
    pub(super) fn name(&self, name: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        for (from, to, variable) in self.places(name) {
            out.push_str(&name[done..from]);
            out.push(':');
            out.push_str(&variable.to_ascii_lowercase());
            done = to;
        }
        out.push_str(&name[done..]);
        out
    }

    fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize, &'a str)> {
        let found = self.search.iter().flat_map(move |search| search.find_iter(text));
        found.map(|hit| {
            let variable = self.variables.get(hit.pattern().as_usize());
            (hit.start(), hit.end(), variable.map_or("SECRET", String::as_str))
        })
    }
}

/// Short words and small numbers would be found everywhere.
fn worth_finding(value: &str) -> bool {
    let word = value.chars().all(|sign| sign.is_ascii_lowercase());
    value.len() >= if word { 12 } else { 6 }
}

fn plain_of(text: &Text) -> String {
    let mut plain = String::new();
    for piece in text.pieces() {
        match piece {
            super::text::Piece::Plain(part) => plain.push_str(part),
            super::text::Piece::Variable { .. } => {}
        }
    }
    plain
}

fn next_word(text: &str) -> Option<(usize, usize)> {
    let part = |sign: char| sign.is_ascii_alphanumeric() || "_-.".contains(sign);
    let start = text.find(part)?;
    let len = text[start..].find(|sign| !part(sign)).unwrap_or(text.len() - start);
    Some((start, start + len))
}

/// How long a name and a password in front of a host are.
fn credentials(rest: &str) -> Option<usize> {
    let end = rest.find(|sign: char| sign.is_whitespace() || "/?#\"'<>\\".contains(sign));
    let len = rest[..end.unwrap_or(rest.len())].rfind('@')?;
    rest[..len].contains(':').then_some(len)
}

/// Where a value is assigned right behind a name: how far off, and how long.
fn assigned(rest: &str) -> Option<(usize, usize)> {
    let quote = |sign: char| "\"'\\]".contains(sign);
    let after = rest.trim_start_matches(quote).trim_start();
    let after = after.strip_prefix([':', '=', '>'])?.trim_start_matches('>').trim_start();
    let value = after.trim_start_matches(['\\', '"', '\'']);
    let opened = after[..after.len() - value.len()].chars().next_back();
    let scheme = ["Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token "];
    let value = scheme.iter().find_map(|scheme| value.strip_prefix(scheme)).unwrap_or(value);
    let ends = |sign: char| match opened {
        Some(mark) => sign == mark || sign == '\\' || sign == '\n',
        None => sign.is_whitespace() || "\"'\\<>&;,)}]".contains(sign),
    };
    let len = value.find(ends).unwrap_or(value.len());
    let variable = value.starts_with(['$', '<', '{', '[']);
    (len > 0 && !variable).then_some((rest.len() - value.len(), len))
}

#[cfg(test)]
mod tests {
    use super::Conceal;
    use crate::init::quote::spelled;

    fn check(given: &str, expected: &str) {
        assert_eq!(spelled(&Conceal::default().free(given)), expected);
    }

    #[test]
    fn secrets_in_free_text_are_hidden() {
        check("a=1&password=hunter2&b=2", "a=1&password=${PASSWORD}&b=2");
        check(r#"{"token": "x y", "n": 1}"#, r#"{"token": "${TOKEN}", "n": 1}"#);
        check("<u><password>p</password></u>", "<u><password>${PASSWORD}</password></u>");
        check("authorization: Bearer abc", "authorization: Bearer ${AUTHORIZATION}");
        check("login(password: \"x\")", "login(password: \"${PASSWORD}\")");
        check("see eyJh.eyJz.c2ln!", "see ${TOKEN}!");
        check(
            "db=pg://me:pw@h:1/x, http://h/a@b:c",
            "db=pg://${CREDENTIALS}@h:1/x, http://h/a@b:c",
        );
        check("-----BEGIN RSA PRIVATE KEY-----\nMII", "${PRIVATE_KEY}");
    }

    #[test]
    fn text_without_secrets_stays() {
        for text in ["mutation($password: String!) { a }", "the key to success", "", "tokens: $x"] {
            check(text, text);
        }
    }

    #[test]
    fn a_secret_is_found_again_where_nothing_names_it() {
        let mut conceal = Conceal::default();
        let _ = conceal.authorization("Basic bWU6czNjcjN0IQ==");
        let _ = conceal.authorization("Bearer abc-123-xyz");
        let text = conceal.finder().text("/x/abc-123-xyz?p=s3cr3t!".into());
        assert_eq!(spelled(&text), "/x/${API_TOKEN}?p=${PASSWORD}");
    }
}

//! What must not be shown, and the mask that hides it.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::sanitise::{self, Clean};

/// Shorter values are not hidden: they would be found in words that are no secret.
pub const LEAST_CHARS: usize = 6;

/// Values that came from the environment, with the names they came by.
#[derive(Clone, Default)]
pub struct Masks {
    values: Vec<(String, String)>,
    finder: OnceLock<Finder>,
}

/// All forms of all values in one automaton, so that a text is read once however many there are.
#[derive(Clone)]
struct Finder {
    forms: AhoCorasick,
    /// What to show in place of each form.
    masks: Vec<String>,
}

impl Masks {
    /// Remembers a value that must not be shown, and the name shown in its place.
    pub fn hide(&mut self, name: &str, value: &str) {
        self.values.push((name.to_owned(), value.to_owned()));
        self.finder = OnceLock::new();
    }

    /// Hides what others hide as well.
    pub fn join(&mut self, others: &Self) {
        for value in &others.values {
            if !self.values.contains(value) {
                self.values.push(value.clone());
            }
        }
        self.finder = OnceLock::new();
    }

    /// Replaces every value of at least 6 characters by `${NAME}`: as it is, and as URLs, base64,
    /// JSON, XML, HTML, Markdown and hexadecimal digits have it. Where two forms begin at one place
    /// the longer one is hidden.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        if self.values.is_empty() {
            return text.to_owned();
        }
        let finder = self.finder.get_or_init(|| Finder::new(&self.values));
        finder.forms.replace_all(text, &finder.masks)
    }
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Masks({})", self.values.len())
    }
}

impl Finder {
    fn new(values: &[(String, String)]) -> Self {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in values.iter().filter(|(_, value)| value.chars().count() >= LEAST_CHARS)
        {
            let plain = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '_';
            let mask = format!("${{{}}}", name.chars().filter(plain).collect::<String>());
            found.extend(forms(value).into_iter().map(|form| (form, mask.clone())));
        }
        let (forms, masks): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let forms = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms)
            .expect("values from an environment are far below the automaton's 2 GiB");
        Self { forms, masks }
    }
}

/// Every way a value may be written in a file of ours or in an answer that repeats it.
fn forms(value: &str) -> Vec<String> {
    let mut all = vec![value.to_owned(), value.trim().to_owned()];
    all.push(Clean::line(value).to_string());
    all.push(sanitise::markdown(value));
    all.extend(percent(value));
    all.extend(base64_all(value.as_bytes()));
    all.extend(json(value));
    all.extend(markup(value));
    let hex: Vec<_> = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.concat().to_uppercase());
    all.push(hex.concat());
    all.retain(|form| form.chars().count() >= LEAST_CHARS);
    all.sort_unstable();
    all.dedup();
    all
}

/// Percent-encoded: encoders differ in what they leave alone, and in the case of the digits.
fn percent(value: &str) -> Vec<String> {
    const LEFT_ALONE: [&str; 6] = [
        "",                          // form data, and RFC 3986's unreserved below
        "!'()*",                     // JavaScript's encodeURIComponent
        "!$&'()*+,;=:@/",            // a path
        "!$&'()*+,;=:@/?",           // a query
        "!$&'()*+,;=:@/?#[]",        // JavaScript's encodeURI
        "!$%&'()*+,;=:@/?[]\\^`{|}", // a query as browsers write it
    ];
    let encode = |kept: &dyn Fn(u8) -> bool, space: &str| {
        let byte = |byte: u8| match byte {
            b' ' if !space.is_empty() => space.to_owned(),
            byte if kept(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        value.bytes().map(byte).collect::<String>()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut all = vec![encode(&|_| false, "")];
    for left in LEFT_ALONE {
        all.push(encode(&|byte| unreserved(byte) || left.as_bytes().contains(&byte), ""));
    }
    all.push(encode(&|byte| unreserved(byte) && byte != b'~' || byte == b'*', "+"));
    all.push(encode(&unreserved, "+"));
    let lower: Vec<_> = all.iter().map(|form| lower_digits(form)).collect();
    all.extend(lower);
    all
}

/// `%2F` as `%2f`.
fn lower_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        all + "%" + &digits.to_ascii_lowercase() + rest
    })
}

/// In base64, at each of the three places it may have within what was encoded together with it: the
/// signs that the value alone decides. Alone, with the signs at its end.
fn base64_all(value: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for engine in [STANDARD, URL_SAFE] {
        all.push(engine.encode(value));
        all.push(engine.encode(value).trim_end_matches('=').to_owned());
        for before in 0..3 {
            let encoded = engine.encode([&[0; 2][..before], value].concat());
            // Six bits to a sign: those signs that share no bit with a neighbour.
            let (from, to) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
            all.push(encoded[from..to].to_owned());
        }
    }
    all
}

/// As JSON writers have it: the least they must, with `\/`, with `<`, `>` and `&` hidden from HTML,
/// and in ASCII alone.
fn json(value: &str) -> Vec<String> {
    let write = |hidden: &dyn Fn(char) -> bool, slash: bool, upper: bool| {
        let mut out = String::new();
        for sign in value.chars() {
            let short = match sign {
                '"' => Some("\\\""),
                '\\' => Some("\\\\"),
                '\n' => Some("\\n"),
                '\r' => Some("\\r"),
                '\t' => Some("\\t"),
                '\u{8}' => Some("\\b"),
                '\u{c}' => Some("\\f"),
                '/' if slash => Some("\\/"),
                _ => None,
            };
            match short {
                Some(short) => out.push_str(short),
                None if sign.is_control() || hidden(sign) => {
                    for unit in sign.encode_utf16(&mut [0; 2]) {
                        let digits = format!("{unit:04x}");
                        let digits = if upper { digits.to_uppercase() } else { digits };
                        out.push_str("\\u");
                        out.push_str(&digits);
                    }
                }
                None => out.push(sign),
            }
        }
        out
    };
    let least = |_: char| false;
    let html = |sign: char| "<>&".contains(sign);
    let web = |sign: char| "<>&'+".contains(sign) || !sign.is_ascii();
    let ascii = |sign: char| !sign.is_ascii();
    let mut all = Vec::new();
    for hidden in [&least as &dyn Fn(char) -> bool, &html, &web, &ascii] {
        for (slash, upper) in [(false, false), (true, false), (false, true), (true, true)] {
            all.push(write(hidden, slash, upper));
        }
    }
    all
}

/// As XML and HTML writers have it: what they escape, and how they spell a quotation mark.
fn markup(value: &str) -> Vec<String> {
    let amp = value.replace('&', "&amp;").replace('<', "&lt;");
    let gt = amp.replace('>', "&gt;");
    let mut all = vec![amp.clone(), gt.clone()];
    for base in [amp, gt] {
        for double in ["\"", "&quot;", "&#34;", "&#x22;"] {
            for single in ["'", "&apos;", "&#39;", "&#x27;", "&#039;"] {
                all.push(base.replace('"', double).replace('\'', single));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "c4n\"ary/<&>'+ ü~|9";

    fn masks(value: &str) -> Masks {
        let mut masks = Masks::default();
        masks.hide("API_TOKEN", value);
        masks
    }

    fn hidden(text: &str) {
        let shown = masks(CANARY).apply(text);
        assert!(shown.contains("${API_TOKEN}"), "{text} was shown as {shown}");
    }

    #[test]
    fn a_canary_is_hidden_in_every_encoding() {
        hidden(CANARY);
        hidden("c4n%22ary%2F%3C%26%3E%27%2B%20%C3%BC~%7C9");
        hidden("c4n%22ary%2f%3c%26%3e%27%2b+%c3%bc%7e%7c9");
        hidden(&serde_json::Value::from(CANARY).to_string());
        hidden("c4n\\\"ary\\/<&>'+ \\u00fc~|9");
        hidden("c4n&quot;ary/&lt;&amp;&gt;&#39;+ ü~|9");
        hidden(&sanitise::xml(CANARY));
        hidden(&sanitise::markdown(CANARY));
        hidden("63346e226172792f3c263e272b20c3bc7e7c39");
        hidden("63346E226172792F3C263E272B20C3BC7E7C39");
    }

    #[test]
    fn base64_hides_it_wherever_it_stands_in_what_was_encoded() {
        for before in ["", "u", "us", "use", "user:"] {
            for behind in ["", "x", "xy", "xyz"] {
                for engine in [STANDARD, URL_SAFE] {
                    let text = engine.encode(format!("{before}{CANARY}{behind}"));
                    hidden(&text);
                    hidden(text.trim_end_matches('='));
                }
            }
        }
    }

    #[test]
    fn the_longest_value_is_hidden_first_and_short_ones_are_not() {
        let mut masks = masks("secret");
        masks.hide("LONG", "secret-and-more");
        masks.hide("SHORT", "short");
        masks.hide("EMPTY", "");
        let shown = masks.apply("secret secret-and-more secret-and short");
        assert_eq!(shown, "${API_TOKEN} ${LONG} ${API_TOKEN}-and short");
    }

    #[test]
    fn nothing_to_hide_changes_nothing() {
        assert_eq!(Masks::default().apply("a secret"), "a secret");
        assert_eq!(masks("short").apply("a short secret"), "a short secret");
    }

    #[test]
    fn a_value_hidden_later_is_hidden_too() {
        let mut masks = masks("first-one");
        assert_eq!(masks.apply("first-one second-one"), "${API_TOKEN} second-one");
        masks.hide("B", "second-one");
        assert_eq!(masks.apply("first-one second-one"), "${API_TOKEN} ${B}");
    }
}

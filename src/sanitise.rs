//! Text from outside, made harmless; the only way into a sink.
//!
//! What comes from a gate file, a service or another tool may hold escape sequences, hidden signs
//! or the beginning of a CI command. [`strip`] takes out what no reader can see, [`Clean`] adds
//! caps and breaks commands, and each sink with a syntax of its own has a function that escapes for
//! it.

use std::fmt;

/// The longest line from outside that is shown, in characters; the last one says that there was
/// more.
pub const MOST_CHARS: usize = 200;
/// The most lines of one text from outside that are shown.
pub const MOST_LINES: usize = 20;

/// Text that harms no terminal, no CI log and no file: visible signs only, capped, commands broken.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean(String);

impl Clean {
    /// One line; line breaks become spaces.
    #[must_use]
    pub fn line(text: &str) -> Self {
        let visible = strip(text).split_whitespace().collect::<Vec<_>>().join(" ");
        if visible.is_empty() && !text.is_empty() {
            return Self("(unprintable)".to_owned());
        }
        Self(capped(&unarmed(&visible)))
    }

    /// Up to 20 lines, each as [`Clean::line`] has it, for sinks that allow more than one.
    #[must_use]
    pub fn lines(text: &str) -> Self {
        let visible = strip(text);
        let mut lines: Vec<_> =
            visible.lines().take(MOST_LINES).map(|line| Self::line(line).0).collect();
        if visible.lines().count() > MOST_LINES {
            lines.push("…".to_owned());
        }
        Self(lines.join("\n"))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// Takes out escape sequences and every sign that is not seen; tabs and line breaks stay, as `\t`
/// and `\n`.
#[must_use]
pub fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\t' | '\n' => out.push(sign),
            '\r' if signs.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => out.push('\n'),
            '\u{1b}' => skip_escape(&mut signs),
            '\u{9b}' => skip_control_sequence(&mut signs),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut signs),
            hidden if is_hidden(hidden) => {}
            seen => out.push(seen),
        }
    }
    out
}

/// Words that a service sent, fit to be shown: one line of 120 signs, in which what looks like a
/// key, a number of someone or an address of someone is left out.
#[must_use]
pub fn redacted(text: &str) -> String {
    const LONGEST: usize = 120;
    let shown = strip(text);
    let private = |word: &&str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let long = word.chars().count();
        digits >= 4 || word.contains('@') || (long >= 25 && digits > 0) || long > 40
    };
    let words: Vec<_> =
        shown.split_whitespace().map(|word| if private(&word) { "…" } else { word }).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

type Signs<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Behind ESC. ECMA-48, 5.3 to 5.6: a control sequence, a control string, or intermediate bytes and
/// a final one.
fn skip_escape(signs: &mut Signs<'_>) {
    match signs.peek() {
        Some('[') => {
            signs.next();
            skip_control_sequence(signs);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            signs.next();
            skip_string(signs);
        }
        Some(_) | None => {
            while signs.next_if(|sign| (' '..='/').contains(sign)).is_some() {}
            signs.next_if(|sign| ('0'..='~').contains(sign));
        }
    }
}

/// Behind CSI: parameters and intermediates of any kind, private ones too, and a final byte.
fn skip_control_sequence(signs: &mut Signs<'_>) {
    while signs.next_if(|sign| (' '..='?').contains(sign)).is_some() {}
    signs.next_if(|sign| ('@'..='~').contains(sign));
}

/// Behind OSC, DCS, SOS, PM or APC: up to BEL or ST; no further than the line, so that one sign
/// hides one line at most.
fn skip_string(signs: &mut Signs<'_>) {
    while let Some(sign) = signs.next_if(|sign| *sign != '\n') {
        match sign {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if signs.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
}

/// Bidirectional controls, signs without width, fillers, tags and non-characters.
const HIDDEN: [(u32, u32); 19] = [
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x1_bca0, 0x1_bca3),
    (0x1_d173, 0x1_d17a),
    (0xe_0000, 0xe_0fff),
];

fn is_hidden(sign: char) -> bool {
    let point = u32::from(sign);
    let listed = |(from, to): &(u32, u32)| (*from..=*to).contains(&point);
    sign.is_control()
        || (!sign.is_ascii() && (point & 0xfffe == 0xfffe || HIDDEN.iter().any(listed)))
}

/// Breaks what a CI host would take for a command, so that a person still reads what was there.
///
/// GitHub: `::` at the start of a word, `##[` anywhere. Azure and `TeamCity`: `##vso[` and
/// `##teamcity[` anywhere. GitLab: `section_start:`, `section_end:`. `Cart::add` and
/// `http://[::1]/` stay as they are.
#[must_use]
pub fn unarmed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        let inside_word = |last: char| last.is_alphanumeric() || last == '[';
        let arms = match sign {
            ':' => out.strip_suffix(':').is_some_and(|before| !before.ends_with(inside_word)),
            '#' => out.ends_with('#'),
            _ => false,
        };
        if arms {
            out.push(' ');
        }
        out.push(sign);
    }
    out.replace("section_start:", "section_start :").replace("section_end:", "section_end :")
}

fn capped(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MOST_CHARS - 1).chain(['…']).collect(),
    }
}

/// Escaped for the text of an element and for an attribute; only characters that XML 1.0 has.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in strip(text).chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            plain => out.push(plain),
        }
    }
    out
}

/// Escaped for a line of Markdown or a cell of a table: shown as it is, no link, no image, no
/// mention, no reference.
///
/// A host looks for `@name`, `#123` and addresses after Markdown is done with its escapes, so these
/// are parted by a joiner of no width.
#[must_use]
pub fn markdown(text: &str) -> String {
    const JOINER: char = '\u{200d}';
    let mut out = String::with_capacity(text.len() + 16);
    let flat = strip(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut before = "";
    for (at, sign) in flat.char_indices() {
        let rest = &flat[at..];
        match sign {
            '@' | '#' => out.extend(['\\', sign, JOINER]),
            ':' if rest.starts_with("://") => out.extend([':', JOINER]),
            '.' if before.to_ascii_lowercase().ends_with("www") => out.extend([JOINER, '.']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '!' | '|' | '~' | '$' => {
                out.extend(['\\', sign]);
            }
            plain => out.push(plain),
        }
        before = &flat[..at + sign.len_utf8()];
    }
    out
}

/// A code span in the cell of a Markdown table: the safest place, since hosts look for nothing in
/// it.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let flat = strip(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.is_empty() {
        return String::new();
    }
    let longest = flat.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if flat.starts_with('`') || flat.ends_with('`') { " " } else { "" };
    // Within a table a bar ends the cell even inside code; GFM takes the backslash away again. A
    // backslash of the text itself before it would undo that, and is kept apart.
    let cell = flat.replace("\\|", "\\ |").replace('|', "\\|");
    format!("{fence}{room}{cell}{room}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        assert_eq!(Clean::line(given).as_str(), expected, "{given:?}");
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "GET /cart",
            "GET /users/{{ id }}",
            "Cart::add",
            "http://[::1]:8080",
            "größe #1",
            "日本 é",
        ] {
            check(name, name);
        }
    }

    #[test]
    fn what_is_not_seen_is_not_there() {
        check("\x1b[31mred\x1b[0m", "red");
        check("\x1b]0;title\x07seen", "seen");
        check("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link");
        check("\u{9b}?25lcursor\u{90}q\u{9c}", "cursor");
        check("\x1b(Bset\x1bcreset", "setreset");
        check(
            "a\u{202e}b\u{200b}c\u{feff}d\u{2066}e\u{ad}f\u{e0041}g\u{fffe}h\u{0}i\u{7f}",
            "abcdefghi",
        );
        check("one\r\ntwo\u{2028}three\tfour", "one two three four");
        check("\u{200b}\x07", "(unprintable)");
        check("", "");
    }

    #[test]
    fn no_text_from_outside_is_a_command() {
        check("::error file=a::b", ": :error file=a::b");
        check("x ::stop-commands::y", "x : :stop-commands::y");
        check(":::warning::", ": : :warning::");
        check("##[error]x", "# #[error]x");
        check("###vso[task.complete]", "# # #vso[task.complete]");
        check("a ##teamcity[x]", "a # #teamcity[x]");
        check("section_start:1:x[collapsed=true]", "section_start :1:x[collapsed=true]");
        check(":\u{200b}:error::x", ": :error::x");
        check("\x1b[0Ksection_end:1:x", "section_end :1:x");
    }

    #[test]
    fn length_is_capped_and_says_so() {
        let long = Clean::line(&"é".repeat(1000));
        assert_eq!(long.as_str().chars().count(), MOST_CHARS);
        assert!(long.as_str().ends_with('…'));
        let many = Clean::lines(&"line\n".repeat(100));
        assert_eq!(many.as_str().lines().count(), MOST_LINES + 1);
        assert_eq!(Clean::lines("a\n::error::b\tc").as_str(), "a\n: :error::b c");
    }

    #[test]
    fn markdown_shows_what_is_there_and_does_nothing() {
        assert_eq!(markdown("a|b`c"), "a\\|b\\`c");
        assert_eq!(markdown("![x](http://e/i.png)"), "\\!\\[x\\](http:\u{200d}//e/i.png)");
        assert_eq!(markdown("@all #12"), "\\@\u{200d}all \\#\u{200d}12");
        assert_eq!(markdown("www.evil.example"), "www\u{200d}.evil.example");
        assert_eq!(markdown_code("a`` | `b"), "```a`` \\| `b```");
        assert_eq!(markdown_code("`a"), "`` `a ``");
    }

    #[test]
    fn xml_has_only_its_own_characters() {
        assert_eq!(xml("a<b>&\"']]>\u{1}\u{ffff}"), "a&lt;b&gt;&amp;&quot;&apos;]]&gt;");
    }
}

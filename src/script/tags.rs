//! Where the tags of a template are, and the words in them: enough to find faults early.

/// One `{{ … }}` or `{% … %}`.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// Where it begins, in bytes of the source.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it puts out a value, `{{ … }}`.
    pub(super) is_value: bool,
    /// What is in it.
    pub(super) tokens: Vec<Token<'a>>,
}

/// A piece of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// The piece as written.
    pub(super) text: &'a str,
    /// Where it begins, in bytes of the source.
    pub(super) at: usize,
}

/// What a piece of a tag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A text in quotes.
    Quoted,
    /// Any other character.
    Mark,
}

/// Whether a text holds a tag at all.
pub(super) fn has_tag(source: &str) -> bool {
    next_tag(source, 0).is_some()
}

/// The tags of a source, what is between `{% raw %}` and `{% endraw %}` aside.
pub(super) fn tags(source: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, is_value)) = next_tag(source, from) {
        let (tokens, end) = tokens(source, start + 2, if is_value { "}}" } else { "%}" });
        from = end;
        let raw = !is_value && tokens.first().is_some_and(|token| token.text == "raw");
        if raw {
            from = end_of_raw(source, end);
        }
        found.push(Tag { start, end: from, is_value, tokens });
    }
    found
}

fn next_tag(source: &str, from: usize) -> Option<(usize, bool)> {
    let bytes = source.as_bytes();
    let begins = |at: &usize| bytes[*at] == b'{' && matches!(bytes.get(at + 1), Some(b'{' | b'%'));
    let start = (from..bytes.len()).find(begins)?;
    Some((start, bytes[start + 1] == b'{'))
}

/// Behind the tag that ends a raw piece; the end of the source where none does.
fn end_of_raw(source: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(begin) = source[at..].find("{%").map(|place| at + place) {
        let (tokens, end) = tokens(source, begin + 2, "%}");
        if tokens.first().is_some_and(|token| token.text == "endraw") {
            return end;
        }
        at = begin + 2;
    }
    source.len()
}

/// The pieces up to the end of a tag, and where that is.
fn tokens<'a>(source: &'a str, from: usize, close: &str) -> (Vec<Token<'a>>, usize) {
    let mut found = Vec::new();
    let mut at = from;
    // Braces of a map literal do not end a tag.
    let mut depth = 0_usize;
    // `{{-`, `{%+`: whitespace control, no part of the expression.
    if source[at..].starts_with(['-', '+']) {
        at += 1;
    }
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        if depth == 0 && rest.starts_with(close) {
            return (found, at + close.len());
        }
        let (kind, len) = match first {
            '"' | '\'' => (Kind::Quoted, quoted_len(rest, first)),
            'a'..='z' | 'A'..='Z' | '_' => (Kind::Word, word_len(rest)),
            '0'..='9' => (Kind::Number, word_len(rest)),
            _ => (Kind::Mark, first.len_utf8()),
        };
        match first {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !first.is_whitespace() {
            found.push(Token { kind, text: &rest[..len], at });
        }
        at += len;
    }
    (found, at)
}

fn word_len(rest: &str) -> usize {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    rest.bytes().position(|byte| !word(byte)).unwrap_or(rest.len())
}

fn quoted_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return place + 1,
            _ => {}
        }
    }
    rest.len()
}

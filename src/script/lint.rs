//! Faults of a template that can be seen without rendering it.

use minijinja::{Environment, Value};

use super::fault::BadTemplate;
use super::function::FUNCTIONS;
use super::tags::{Kind, Tag, Token};

/// Filters that are suggested where an unknown one is written.
const FILTERS: [&str; 22] = [
    "abs",
    "base64",
    "default",
    "first",
    "float",
    "format",
    "int",
    "join",
    "json",
    "last",
    "length",
    "list",
    "lower",
    "replace",
    "reverse",
    "round",
    "sha256",
    "split",
    "string",
    "trim",
    "upper",
    "urlencode",
];

/// Words that may stand before a bracket without being called.
const KEYWORDS: [&str; 16] = [
    "and",
    "elif",
    "else",
    "for",
    "if",
    "in",
    "is",
    "loop",
    "not",
    "or",
    "recursive",
    "return",
    "set",
    "with",
    "filter",
    "do",
];

/// Pieces one tag may have: expressions nest in the engine as deep as they are long.
const TOKEN_LIMIT: usize = 2_000;
/// Assignments and `elif` one template may have: each nests what is before or behind it.
const NESTING_LIMIT: usize = 200;

/// Refuses what the engine would nest too deep.
pub(super) fn check_limits(tags: &[Tag<'_>]) -> Result<(), BadTemplate> {
    let mut nesting = 0;
    for tag in tags {
        if let Some(token) = tag.tokens.get(TOKEN_LIMIT) {
            let why = format!("a tag of more than {TOKEN_LIMIT} words and signs");
            return Err(BadTemplate::at(token.at, why, "split it into several"));
        }
        let nests = |token: &&Token<'_>| matches!(token.text, "=" | "elif");
        nesting += tag.tokens.iter().filter(nests).count();
        if nesting > NESTING_LIMIT {
            let why = format!("more than {NESTING_LIMIT} assignments and `elif`");
            return Err(BadTemplate::at(tag.start, why, "compute less in the template"));
        }
    }
    Ok(())
}

/// The first word that the engine does not know, or that is not used as it must be.
pub(super) fn check_words(
    tags: &[Tag<'_>],
    environment: &Environment<'_>,
) -> Result<(), BadTemplate> {
    tags.iter()
        .flat_map(|tag| (0..tag.tokens.len()).map(move |place| (tag, place)))
        .try_for_each(|(tag, place)| lint_word(tag, place, environment))
}

/// The fault of one word, seen with its neighbours.
fn lint_word(
    tag: &Tag<'_>,
    place: usize,
    environment: &Environment<'_>,
) -> Result<(), BadTemplate> {
    let Token { kind: Kind::Word, text, at } = tag.tokens[place] else { return Ok(()) };
    let neighbour = |step: usize| place.checked_sub(step).map(|place| tag.tokens[place].text);
    let next = tag.tokens.get(place + 1).map(|token| token.text);
    let (before, before_that) = (neighbour(1), neighbour(2));
    let opens_filter = !tag.is_value && place == 1 && before == Some("filter");
    if before == Some("|") || opens_filter {
        return known(environment, "filter", text, at);
    }
    let after_not = before == Some("not") && before_that == Some("is");
    if (before == Some("is") && text != "not") || after_not {
        return known(environment, "test", text, at);
    }
    let is_plain = before != Some(".") && next != Some("=");
    if !is_plain || KEYWORDS.contains(&text) {
        return Ok(());
    }
    match (FUNCTIONS.contains(&text), next == Some("(")) {
        (true, true) | (false, false) => Ok(()),
        (true, false) if is_bound(tag) => Ok(()),
        (true, false) => {
            let why = format!("`{text}` is a function and is not called");
            Err(BadTemplate::at(at, why, format!("write `{text}(…)`, or choose another name")))
        }
        (false, true) => {
            let hint = suggestion(text, &FUNCTIONS, "functions");
            Err(BadTemplate::at(at, format!("unknown function `{text}`"), hint))
        }
    }
}

/// Whether the tag binds names of its own, which may be those of functions.
fn is_bound(tag: &Tag<'_>) -> bool {
    tag.tokens.first().is_some_and(|token| matches!(token.text, "for" | "set" | "with"))
}

/// Whether a filter or a test is known to the engine.
fn known(
    environment: &Environment<'_>,
    what: &str,
    name: &str,
    at: usize,
) -> Result<(), BadTemplate> {
    let found = environment.empty_state().perform_test(what, &[Value::from(name)]);
    if found.unwrap_or(true) {
        return Ok(());
    }
    let hint = match what {
        "filter" => suggestion(name, &FILTERS, "filters"),
        _ => "tests are `defined`, `none`, `string`, `number`, `in`, …".to_owned(),
    };
    Err(BadTemplate::at(at, format!("unknown {what} `{name}`"), hint))
}

/// The nearest name, or all of them.
fn suggestion(name: &str, known: &[&str], what: &str) -> String {
    let distance = |other: &&&str| strsim::damerau_levenshtein(name, other);
    let near = known.iter().filter(|other| distance(other) <= 1 + name.len() / 4);
    match near.min_by_key(distance) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{what} are {}", known.join(", ")),
    }
}

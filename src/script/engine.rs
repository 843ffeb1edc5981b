//! The template engine, set up so that a template cannot run away, look around or fail silently.

use minijinja::{Environment, Error, UndefinedBehavior};

use super::fault::BadTemplate;
use super::function::register;
use super::quote::Place;

/// Steps one rendering may take; one step also pays for 64 bytes of text made on the way.
const FUEL: u64 = 50_000;
/// The one template of an environment.
pub(super) const NAME: &str = "template";

/// An engine for one place, without a template yet.
pub(super) fn environment(place: Place) -> Environment<'static> {
    let mut environment = Environment::new();
    // A body such as `{#` is text; so comments begin with what no gate file holds.
    let syntax = minijinja::syntax::SyntaxConfig::builder()
        .comment_delimiters("\u{0}{#", "#}\u{0}")
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.expect("the delimiters differ"));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(50);
    // Without it, errors do not say which name has no value.
    environment.set_debug(true);
    environment.set_formatter(move |out, _, value| Ok(place.write(out, value)?));
    register(&mut environment);
    environment
}

pub(super) fn compile(place: Place, source: &str) -> Result<Environment<'static>, BadTemplate> {
    let mut environment = environment(place);
    environment.set_fuel(Some(FUEL + source.len() as u64 / 16));
    let added = environment.add_template_owned(NAME, source.to_owned());
    added.map_err(|error| bad(source, &error))?;
    Ok(environment)
}

/// What the engine says of a text that it cannot read.
pub(super) fn bad(source: &str, error: &Error) -> BadTemplate {
    let at = error.range().unwrap_or_default().start.min(source.len());
    let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let starts = |with: &str| why.starts_with(with);
    let hint = if starts("unknown statement") {
        "the statements are `if`, `for`, `set`, `with`, `filter` and `raw`"
    } else if starts("unexpected end of variable block") {
        "write a name or an expression between `{{` and `}}`"
    } else if starts("unexpected end of input") && why.ends_with("end of block") {
        "end every `{% if %}` with `{% endif %}`, every `{% for %}` with `{% endfor %}`"
    } else if starts("unexpected end of input") {
        "close every `{{` with `}}` and every `{%` with `%}`"
    } else {
        "write `{% raw %}…{% endraw %}` around braces that are meant as text"
    };
    BadTemplate::at(at, why, hint)
}

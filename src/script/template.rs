//! Texts with places for values: `/products/{{ id }}`.
//!
//! Three kinds of text, from cheap to dear: one without a tag costs nothing; one with names alone
//! (`{{ id }}`, `{{ row.email }}`) is put together from the user's state directly; all else is
//! compiled once and run by a template engine that knows Jinja's expressions, filters and blocks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Value};

use super::engine::{NAME, bad, compile};
pub use super::fault::{BadTemplate, Unrendered};
pub use super::function::FUNCTIONS;
use super::function::{CONTROL, Refused};
use super::lint::{check_limits, check_words};
use super::quote::{Bounded, Unwritten};
pub use super::quote::{OUTPUT_LIMIT, Place};
use super::state::{BUILT_IN, Found, State, User};
use super::tags::{Kind, Tag, tags};

/// A text with places for values, checked. Cheap to copy; shared over threads.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    place: Place,
    body: Body,
}

/// How a template is rendered.
#[derive(Clone)]
enum Body {
    Static,
    Pieces(Arc<[Piece]>),
    Compiled(Arc<Environment<'static>>),
}

/// A text, or the path of a name and attributes.
enum Piece {
    Text(Box<str>),
    Path(Box<[Box<str>]>),
}

impl std::fmt::Debug for Template {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Template").field(&self.source).finish()
    }
}

impl Template {
    /// Reads a template for a body.
    ///
    /// # Errors
    /// The first fault of the text.
    pub fn parse(source: &str) -> Result<Self, BadTemplate> {
        Self::parse_for(Place::Body, source)
    }

    /// Reads a template for a place, which decides how values are written.
    ///
    /// # Errors
    /// The first fault of the text.
    pub fn parse_for(place: Place, source: &str) -> Result<Self, BadTemplate> {
        let tags = tags(source);
        let body = match pieces(source, &tags) {
            _ if tags.is_empty() => Body::Static,
            Some(pieces) => Body::Pieces(pieces.into()),
            None => {
                check_limits(&tags)?;
                let compiled = compile(place, source)?;
                check_words(&tags, &compiled)?;
                Body::Compiled(Arc::new(compiled))
            }
        };
        let template = Self { source: source.into(), place, body };
        template.try_out()?;
        Ok(template)
    }

    /// A text that is the same for every user, whatever it holds.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        Self { source: text.into(), place: Place::Body, body: Body::Static }
    }

    /// Reads a template always with the engine, as a yardstick for the faster ways.
    ///
    /// # Errors
    /// The first fault of the text.
    pub fn parse_compiled(place: Place, source: &str) -> Result<Self, BadTemplate> {
        check_limits(&tags(source))?;
        let body = Body::Compiled(Arc::new(compile(place, source)?));
        Ok(Self { source: source.into(), place, body })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, where it is the same for every user.
    #[must_use]
    pub fn as_static(&self) -> Option<&str> {
        match self.body {
            Body::Static => Some(&self.source),
            Body::Pieces(_) | Body::Compiled(_) => None,
        }
    }

    /// The names it needs from the user's state, beside [`FUNCTIONS`] and [`BUILT_IN`].
    #[must_use]
    pub fn variables(&self) -> BTreeSet<String> {
        let root = |path: String| path.split('.').next().map(str::to_owned).unwrap_or(path);
        self.paths().into_iter().map(root).collect()
    }

    /// The names it needs with their attributes, such as `row.email`.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<String> {
        let mut paths: BTreeSet<String> = match &self.body {
            Body::Static => BTreeSet::new(),
            Body::Pieces(pieces) => pieces.iter().filter_map(Piece::name).collect(),
            Body::Compiled(environment) => environment
                .get_template(NAME)
                .map(|template| template.undeclared_variables(true).into_iter().collect())
                .unwrap_or_default(),
        };
        paths.retain(|path| {
            let root = path.split('.').next().unwrap_or_default();
            !FUNCTIONS.contains(&root) && !BUILT_IN.contains(&root)
        });
        paths
    }

    /// Appends the text for a user; nothing where it fails.
    ///
    /// # Errors
    /// A name without a value, an expression that fails, a text that is too long.
    pub fn render(&self, state: &State, out: &mut Vec<u8>) -> Result<(), Unrendered> {
        let start = out.len();
        let rendered = match &self.body {
            Body::Static => {
                out.extend_from_slice(self.source.as_bytes());
                return Ok(());
            }
            Body::Pieces(pieces) => {
                let mut out = Bounded::new(&mut *out).with_more_room(self.source.len());
                pieces.iter().try_for_each(|piece| piece.write(self.place, state.user(), &mut out))
            }
            Body::Compiled(environment) => self.run(environment, state, out),
        };
        if rendered.is_err() {
            out.truncate(start);
        }
        rendered
    }

    /// The text for a user.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn written(&self, state: &State) -> Result<String, Unrendered> {
        let mut text = Vec::new();
        self.render(state, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn run(
        &self,
        environment: &Environment<'static>,
        state: &State,
        out: &mut Vec<u8>,
    ) -> Result<(), Unrendered> {
        let out = Bounded::new(out).with_more_room(self.source.len());
        let root = Value::from_dyn_object(Arc::clone(state.user()));
        let template = environment.get_template(NAME).map_err(|error| self.unrendered(&error))?;
        template.render_captured_to(root, out).map_err(|error| self.unrendered(&error))?;
        Ok(())
    }

    /// What an error of the engine says to the user, without what it may quote from the state.
    fn unrendered(&self, error: &Error) -> Unrendered {
        let kind = error.kind();
        if kind == ErrorKind::OutOfFuel {
            return Unrendered::TooMuch;
        }
        if kind == ErrorKind::WriteFailure {
            return Unrendered::TooLong;
        }
        let range = error.range().unwrap_or_default();
        let expression = excerpt(self.source.get(range).unwrap_or_default());
        let source = std::error::Error::source(error);
        if let Some(Refused(why)) = source.and_then(|source| source.downcast_ref()) {
            return Unrendered::Failed { expression, why: why.clone() };
        }
        match self.undefined(error) {
            Some(name) => Unrendered::NoValue(name),
            None if kind == ErrorKind::UndefinedError => Unrendered::NoValue(expression),
            None => Unrendered::Failed { expression, why: Cow::Owned(kind.to_string()) },
        }
    }

    /// The expression that the engine found without a value; taken only where the source has it.
    fn undefined(&self, error: &Error) -> Option<String> {
        let before = error.detail()?.rsplit_once("` is undefined")?.0;
        let name = before.rsplit_once('`')?.1;
        self.source.contains(name).then(|| excerpt(name))
    }

    /// A template that needs no state must render: what fails here would fail in every request.
    fn try_out(&self) -> Result<(), BadTemplate> {
        let Body::Compiled(environment) = &self.body else { return Ok(()) };
        if !self.variables().is_empty() {
            return Ok(());
        }
        let state = State::new(0, 0);
        let root = Value::from_dyn_object(Arc::clone(state.user()));
        let template = environment.get_template(NAME).map_err(|error| bad(&self.source, &error))?;
        template.render(root).map(|_| ()).map_err(|error| {
            let at = error.range().unwrap_or_default().start;
            let hint = "it fails for every user; mend the expression";
            BadTemplate::at(at, self.unrendered(&error).to_string(), hint)
        })
    }
}

impl Piece {
    /// The path as written, without spaces.
    fn name(&self) -> Option<String> {
        match self {
            Self::Text(_) => None,
            Self::Path(path) => Some(path.join(".")),
        }
    }

    fn write(
        &self,
        place: Place,
        user: &User,
        out: &mut Bounded<&mut Vec<u8>>,
    ) -> Result<(), Unrendered> {
        let (written, path) = match self {
            Self::Text(text) => (Place::Body.write_text(out, text), None),
            Self::Path(path) => match user.find(path) {
                Err(known) => return Err(no_value(&path[..=known.min(path.len() - 1)])),
                Ok(Found::Text(text)) => (place.write_text(out, text), Some(path)),
                Ok(Found::Value(value)) => (place.write(out, &value), Some(path)),
            },
        };
        written.map_err(|why| match (why, path) {
            (Unwritten::TooLong, _) => Unrendered::TooLong,
            (Unwritten::NoValue, path) => no_value(path.map_or(&[], |path| path)),
            (Unwritten::Control, path) => Unrendered::Failed {
                expression: path.map(|path| path.join(".")).unwrap_or_default(),
                why: Cow::Borrowed(CONTROL),
            },
        })
    }
}

/// Where the tags of a text are, in bytes; none where it is the same for every user.
#[must_use]
pub fn tag_spans(source: &str) -> Vec<Range<usize>> {
    tags(source).iter().map(|tag| tag.start..tag.end).collect()
}

fn no_value(path: &[Box<str>]) -> Unrendered {
    Unrendered::NoValue(path.join("."))
}

/// The first line of an expression, cut where it is long.
fn excerpt(expression: &str) -> String {
    let line = expression.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The pieces of a source whose tags hold names and attributes alone; `None` for any other.
fn pieces(source: &str, tags: &[Tag<'_>]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for tag in tags {
        if from < tag.start {
            pieces.push(Piece::Text(source[from..tag.start].into()));
        }
        pieces.push(Piece::Path(path(source, tag)?));
        from = tag.end;
    }
    if from < source.len() {
        pieces.push(Piece::Text(source[from..].into()));
    }
    Some(pieces)
}

/// The path of a tag that is a name and attributes, whole, and without whitespace control.
fn path(source: &str, tag: &Tag<'_>) -> Option<Box<[Box<str>]>> {
    const KEYWORDS: [&str; 13] = [
        "true", "True", "false", "False", "none", "None", "not", "in", "is", "and", "or", "if",
        "else",
    ];
    let inner = source[tag.start..tag.end].strip_prefix("{{")?.strip_suffix("}}")?;
    if !tag.is_value || inner.starts_with(['-', '+']) {
        return None;
    }
    let (names, dots): (Vec<_>, Vec<_>) =
        tag.tokens.iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let well_formed = names.len() == dots.len() + 1
        && names.iter().all(|(_, token)| token.kind == Kind::Word)
        && dots.iter().all(|(_, token)| token.text == ".");
    let root = names.first()?.1.text;
    let engine_only = KEYWORDS.contains(&root) || FUNCTIONS.contains(&root);
    (well_formed && !engine_only).then(|| names.iter().map(|(_, name)| name.text.into()).collect())
}

//! What one virtual user knows: values it kept, its rows of data, its number, the time.

use std::sync::Arc;
use std::time::Duration;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use super::draw::Draws;
use super::table::Row;

/// The key under which functions find the user inside a template; no template can write it.
pub(super) const SELF: &str = "\u{0}user";

/// Names that are always known: the user's number and its iteration, both counted from zero.
pub const BUILT_IN: [&str; 2] = ["user", "iteration"];

/// What one virtual user knows.
#[derive(Clone, Debug)]
pub struct State {
    user: Arc<User>,
}

/// What a state holds, in one allocation that a template can share while it is rendered.
#[derive(Clone, Debug)]
pub(super) struct User {
    number: u64,
    iteration: u64,
    now: Duration,
    draws: Draws,
    kept: Vec<(Arc<str>, Kept)>,
}

/// A thing that has a name.
#[derive(Clone, Debug)]
enum Kept {
    Value(Value),
    Row(Row),
}

/// What a name or an attribute stands for.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Text(&'a str),
    Value(Value),
}

impl State {
    /// A user that knows nothing yet. Its draws depend on the seed and its number alone.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let draws = Draws::of(seed, number);
        let (now, kept) = (Duration::ZERO, Vec::new());
        Self { user: Arc::new(User { number, iteration: 0, now, draws, kept }) }
    }

    /// The user's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.user.number
    }

    /// Which iteration the user is in.
    #[must_use]
    pub fn iteration(&self) -> u64 {
        self.user.iteration
    }

    /// Says which iteration this is.
    pub fn set_iteration(&mut self, iteration: u64) {
        self.own().iteration = iteration;
    }

    /// Says what time it is, as the time since 1970-01-01 00:00 UTC.
    pub fn set_now(&mut self, since_epoch: Duration) {
        self.own().now = since_epoch;
    }

    /// Keeps a value under a name, in place of the one that had it.
    pub fn keep(&mut self, name: &Arc<str>, value: Value) {
        self.put(name, Kept::Value(value));
    }

    /// Keeps a text under a name.
    pub fn keep_text(&mut self, name: &Arc<str>, text: &str) {
        self.keep(name, Value::from(text));
    }

    /// Keeps a row of data under the feeder's name, in place of the one before.
    pub fn keep_row(&mut self, name: &Arc<str>, row: Row) {
        let kept = match row.object() {
            Some(object) => Kept::Value(object),
            None => Kept::Row(row),
        };
        self.put(name, kept);
    }

    /// Forgets a name.
    pub fn forget(&mut self, name: &str) {
        self.own().kept.retain(|(known, _)| **known != *name);
    }

    /// Forgets every name, as a user that comes anew.
    pub fn forget_all(&mut self) {
        self.own().kept.clear();
    }

    /// A number below a limit out of the user's stream: weights, think times.
    #[must_use]
    pub fn draw_below(&self, limit: u64) -> u64 {
        self.user.draws.draw_below(limit)
    }

    fn put(&mut self, name: &Arc<str>, kept: Kept) {
        let names = &mut self.own().kept;
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = kept,
            None => names.push((Arc::clone(name), kept)),
        }
    }

    /// The user alone: no template is being rendered while it changes.
    fn own(&mut self) -> &mut User {
        Arc::make_mut(&mut self.user)
    }

    pub(super) fn user(&self) -> &Arc<User> {
        &self.user
    }
}

impl User {
    pub(super) fn draws(&self) -> &Draws {
        &self.draws
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// What a path of a name and attributes stands for; else how many of its parts are known.
    pub(super) fn find(&self, path: &[Box<str>]) -> Result<Found<'_>, usize> {
        let (name, attributes) = path.split_first().expect("a path has a name");
        let kept = self.kept.iter().find(|(known, _)| **known == **name).map(|(_, kept)| kept);
        match (kept, attributes) {
            (Some(Kept::Row(row)), []) => Ok(Found::Value(Value::from_object(row.clone()))),
            (Some(Kept::Row(row)), [column]) => row.cell(column).map(Found::Text).ok_or(1),
            (Some(Kept::Row(row)), [column, ..]) => {
                Err(1 + usize::from(row.cell(column).is_some()))
            }
            (Some(Kept::Value(value)), attributes) => follow(value, attributes),
            (None, []) => self.built_in(name).map(Found::Value).ok_or(0),
            (None, _) => Err(usize::from(self.built_in(name).is_some())),
        }
    }

    fn built_in(&self, name: &str) -> Option<Value> {
        match name {
            "user" => Some(Value::from(self.number)),
            "iteration" => Some(Value::from(self.iteration)),
            _ => None,
        }
    }
}

/// The value at the end of a path of attributes.
fn follow<'a>(value: &'a Value, attributes: &[Box<str>]) -> Result<Found<'a>, usize> {
    if let (Some(text), []) = (value.as_str(), attributes) {
        return Ok(Found::Text(text));
    }
    let mut value = value.clone();
    for (place, attribute) in attributes.iter().enumerate() {
        value = value.get_attr(attribute).map_err(|_| place + 1)?;
        if value.is_undefined() {
            return Err(place + 1);
        }
    }
    Ok(Found::Value(value))
}

/// A user, as templates see it: the names are its attributes.
impl Object for User {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == SELF {
            return Some(Value::from_dyn_object(Arc::clone(self)));
        }
        match self.kept.iter().find(|(known, _)| **known == *key) {
            Some((_, Kept::Value(value))) => Some(value.clone()),
            Some((_, Kept::Row(row))) => Some(Value::from_object(row.clone())),
            None => self.built_in(key),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.kept.iter().map(|(name, _)| Value::from(&**name)).collect())
    }
}

//! Which row a user gets next. Shared by all users of all threads; nothing is locked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::table::{Row, Table};
use crate::chance::{self, Key};
pub use crate::shard::Shard;

/// How rows are picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// In the order of the file, over all users of all shards.
    Next(OnEnd),
    /// Any row, drawn for each pick anew.
    Random,
    /// In the order of the file, each row once over all users of all shards.
    Once,
}

/// What `next` does behind the last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEnd {
    /// Begins again with the first row.
    Wrap,
    /// Gives no more rows.
    Stop,
}

/// No row is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedUp {
    /// Under which name the data is known.
    pub name: Arc<str>,
    /// How many rows there were.
    pub rows: usize,
    /// Whether the gate file asked for this end (`at_end = "stop"`); else data is lacking (`once`).
    pub wanted: bool,
}

impl std::error::Error for UsedUp {}

impl fmt::Display for UsedUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, rows, wanted } = self;
        let noun = if *rows == 1 { "its 1 row was" } else { "each of its rows was" };
        write!(out, "data `{name}` is used up: {noun} picked once")?;
        if *wanted {
            return out.write_str(", and `at_end` says stop");
        }
        write!(out, "; add rows to the {rows}, or write `pick = \"next\"`")
    }
}

/// A table, and who gets which of its rows.
#[derive(Debug)]
pub struct Feeder {
    name: Arc<str>,
    table: Arc<Table>,
    pick: Pick,
    shard: Shard,
    key: u64,
    picked: AtomicU64,
}

impl Feeder {
    /// Rows of a table under a name; the seed decides what `random` draws.
    #[must_use]
    pub fn new(name: &str, table: Arc<Table>, pick: Pick, shard: Shard, seed: u64) -> Self {
        // The name is in the key, so that two feeders of one user do not draw alike.
        let of = name.bytes().fold(0, |hash: u64, byte| chance::mix(hash ^ u64::from(byte)));
        let (name, key, picked) = (name.into(), Key::of(seed, of).seed(), AtomicU64::new(0));
        Self { name, table, pick, shard, key, picked }
    }

    /// The name that templates know it by.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The rows it picks from.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The row for a user's turn. Only `random` looks at user and turn; the other ways count.
    ///
    /// # Errors
    /// No row is left.
    pub fn pick(&self, user: u64, turn: u64) -> Result<Row, UsedUp> {
        let rows = self.table.rows() as u64;
        let index = match self.pick {
            Pick::Random => chance::below(Key::of(self.key, user).bits(turn), rows),
            Pick::Next(OnEnd::Wrap) => self.count() % rows.max(1),
            Pick::Next(OnEnd::Stop) | Pick::Once => self.count(),
        };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        Row::of(&self.table, index).ok_or_else(|| UsedUp {
            name: Arc::clone(&self.name),
            rows: self.table.rows(),
            wanted: self.pick == Pick::Next(OnEnd::Stop),
        })
    }

    /// The number of this pick over all shards: shard k of n makes the picks k, k + n, k + 2n, …
    fn count(&self) -> u64 {
        let mine = self.picked.fetch_add(1, Ordering::Relaxed);
        self.shard.number(mine)
    }
}

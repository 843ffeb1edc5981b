//! What a timetable says should have been sent by now.

use std::time::Duration;

use crate::plan::axis::Piece;
use crate::plan::timetable::{Timetable, Walk};
use crate::shard::Shard;

/// Arrivals of a part of the load, of all shards, that were due before each slice, and before now.
pub(super) struct Planned {
    pub(super) before: Vec<u64>,
    pub(super) now: u64,
    walk: Walk,
}

impl Default for Planned {
    fn default() -> Self {
        Self { before: Vec::new(), now: 0, walk: Walk::new(0, 1) }
    }
}

impl Planned {
    /// Counts on, up to a time that is not before the last one.
    pub(super) fn count(&mut self, table: &Timetable, axis: &[Piece], time: Duration) {
        while let Some(piece) = axis.get(self.before.len()).filter(|piece| piece.from <= time) {
            self.before.push(table.count_on(&mut self.walk, piece.from));
        }
        self.now = table.count_on(&mut self.walk, time);
    }

    /// Those of a shard within a slice.
    pub(super) fn within(&self, slice: usize, shard: Shard) -> u64 {
        let before = |slice: usize| self.before.get(slice).copied().unwrap_or(self.now);
        let before = |slice: usize| shard.part(before(slice));
        before(slice + 1).saturating_sub(before(slice))
    }
}

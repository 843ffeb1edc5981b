//! A request under way, and the place of a load thread among the others.

use std::sync::Arc;
use std::time::Instant;

use super::Order;
use crate::plan::timetable::Timetable;

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) request: usize,
    /// Which version it goes to.
    pub(super) arm: usize,
    pub(super) due: u64,
    /// When it was given to its connection.
    pub(super) sent: u64,
    /// Which arrival it belongs to (open model).
    pub(super) number: u64,
}

/// What a load thread is told about its place.
pub(super) struct Place {
    pub(super) order: Arc<Order>,
    pub(super) tables: Arc<Vec<Timetable>>,
    pub(super) index: usize,
    pub(super) lanes: usize,
    pub(super) start: Instant,
}

//! The timetable is kept; lateness is counted; stop stops.

/// When arrivals are due, and which users live when.
mod timetable;
/// Which request an arrival is.
mod draw;

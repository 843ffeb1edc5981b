//! The timetable is kept; lateness is counted; stop stops.

/// When arrivals are due, and which users live when.
mod timetable;
/// Which request an arrival is.
mod draw;
/// A target that is played: it does what a test says, when it says it.
mod played;
/// The open model: arrivals come by the timetable.
mod open;
/// The closed model: users wait for their answers.
mod closed;
/// How a run ends.
mod ending;

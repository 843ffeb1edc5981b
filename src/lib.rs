//! loadgate guards a merge: it puts a defined load on a service, judges what came back, and ends with an exit code.
//!
//! # The one law
//! A module imports only from modules listed above it here. Inside a folder the same holds among siblings; a folder and
//! its `mod.rs` are one house, so a child may use its parent's words. `tests/it/tidy.rs` holds it.

// words: values; no I/O, no async, no clock
pub mod sanitise;
pub mod secret;
pub mod unit;
pub mod metric;
pub mod sample;

// sums: counting and claiming
pub mod tally;
pub mod run;

// rules: what is expected
pub mod plan;

// judgement: pure; the heart
pub mod judge;

// paper: text to values, values to text; pure
pub mod archive;
pub mod report;

// hands: the only side effects
pub mod load;
pub mod demo;
pub mod machine;
pub mod store;

// door
pub mod error;
pub mod cli;
pub mod app;

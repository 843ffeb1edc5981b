//! What virtual users need to carry state: templates, data, drawn numbers, extracted values.
//!
//! Words and sums alone: bytes, answers and the time are handed in, nothing is read here.

pub mod draw;
pub mod table;
mod utf8;
pub mod read;
pub mod feeder;
pub mod state;
mod quote;
mod tags;
mod fault;
mod function;
mod engine;
mod lint;
pub mod template;
mod fields;
pub mod json;
pub mod shape;
pub mod extract;
mod misfit;
pub mod message;
pub mod code;
pub mod graphql;

pub use minijinja::Value;
pub use minijinja::value::Serde as Json;
pub use misfit::Misfit;

//! Judgement: a plan and a run in, findings out. Pure.

pub mod finding;

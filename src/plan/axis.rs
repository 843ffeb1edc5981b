//! The run's time axis: where slices begin and end, so that stages, warm-up and windows are sums of whole slices.

use std::time::Duration;

use super::Load;
use super::threshold::Threshold;

/// A piece of the run's time, before anything happened in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its start, from the start of the load.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
    /// The stage of the profile it lies in.
    pub stage: usize,
    /// Sent, never judged.
    pub warm_up: bool,
}

/// The slices of a load: consecutive, without gaps, from zero to the profile's end.
#[must_use]
pub fn axis(load: &Load, thresholds: &[Threshold]) -> Vec<Piece> {
    let _ = (load, thresholds);
    Vec::new()
}

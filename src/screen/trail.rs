//! What was seen before, for the lines that move.

use std::collections::VecDeque;

use super::{Picture, Tiers};
use crate::metric::Value;
use crate::unit::Rate;

/// Moments that are remembered: more than the widest terminal shows.
const MOST: usize = 512;

/// The moments before this one, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    rates: VecDeque<Option<f64>>,
    times: VecDeque<Option<f64>>,
}

impl Trail {
    /// Remembers what is seen now.
    pub fn add(&mut self, picture: &Picture) {
        let flow = picture.flow;
        push(&mut self.rates, flow.requests.or(flow.real).map(Rate::as_f64));
        push(&mut self.times, tail(picture.now));
    }

    /// Requests in a second, at each of the last moments.
    pub(super) fn rates(&self, last: usize) -> Vec<Option<f64>> {
        latest(&self.rates, last)
    }

    /// The 95th percentile in seconds, at each of the last moments; infinite where so many failed
    /// that no time bounds it.
    pub(super) fn times(&self, last: usize) -> Vec<Option<f64>> {
        latest(&self.times, last)
    }
}

fn tail(now: Tiers) -> Option<f64> {
    match now.p95? {
        Value::Time(time) => Some(time.as_secs_f64()),
        Value::Never => Some(f64::INFINITY),
        Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..) => None,
    }
}

fn push(all: &mut VecDeque<Option<f64>>, one: Option<f64>) {
    if all.len() == MOST {
        all.pop_front();
    }
    all.push_back(one);
}

fn latest(all: &VecDeque<Option<f64>>, last: usize) -> Vec<Option<f64>> {
    all.iter().skip(all.len().saturating_sub(last)).copied().collect()
}

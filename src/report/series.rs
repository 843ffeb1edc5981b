//! The run over time, all endpoints together: what plots are drawn from.

use std::time::Duration;

use super::measured::ranks;
use crate::metric::Value;
use crate::run::{Pulse, Run};
use crate::sample::Failure;
use crate::tally::sum::Sum;

/// One slice of the run's time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Its start, from the start of the load.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
    /// The stage it lies in.
    pub stage: usize,
    /// Sent, never judged.
    pub warm_up: bool,
    /// What the generator did.
    pub pulse: Pulse,
    /// Good answers to requests that were due in it.
    pub good: u64,
    /// Failed requests that were due in it.
    pub failed: u64,
    /// The same by class, in the order of [`Failure::ALL`].
    pub failures: [u64; Failure::ALL.len()],
    /// Good answers that arrived in it.
    pub answered: u64,
    /// Median, 95th and 99th percentile of latency; `None` where there is nothing, or what is there
    /// is damaged.
    pub latency: Option<[Value; 3]>,
}

/// Threads that add up slices: a run of 100 endpoints has some 10,000 histograms in them.
const THREADS: usize = 4;

/// The run's slices in order, each summed over all endpoints.
#[must_use]
pub fn series(run: &Run) -> Vec<Moment> {
    let all: Vec<usize> = (0..run.slices.len()).collect();
    let part = |part: &[usize]| {
        let mut sum = Sum::default();
        part.iter().map(|at| moment(run, *at, &mut sum)).collect::<Vec<_>>()
    };
    let parts = all.chunks(all.len().div_ceil(THREADS).max(1));
    std::thread::scope(|scope| {
        let helped = |slices| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || part(slices));
            (slices, thread)
        };
        let working: Vec<_> = parts.map(helped).collect();
        let done = working.into_iter().map(|(slices, thread)| match thread {
            Ok(thread) => thread.join().expect("adding does not panic"),
            // A machine that gives no more threads gets its reports all the same.
            Err(_) => part(slices),
        });
        done.flatten().collect()
    })
}

fn moment(run: &Run, at: usize, sum: &mut Sum) -> Moment {
    let slice = &run.slices[at];
    sum.clear();
    let (mut answered, mut whole) = (0_u64, true);
    let mut failures = [0_u64; Failure::ALL.len()];
    for packed in run.alone().filter_map(|endpoint| endpoint.slices.get(at)) {
        for (why, count) in &packed.failures {
            let sum = &mut failures[*why as usize];
            *sum = sum.saturating_add(*count);
        }
        answered = answered.saturating_add(packed.answered);
        whole &= packed.latency.as_ref().is_none_or(|times| sum.add(times).is_ok());
    }
    let failed = failures.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let count = sum.count().saturating_add(failed);
    let never = |time: Option<Duration>| time.map_or(Value::Never, Value::Time);
    Moment {
        from: slice.from,
        to: slice.to,
        stage: slice.stage,
        warm_up: slice.warm_up,
        pulse: slice.pulse,
        good: sum.count(),
        failed,
        failures,
        answered,
        latency: (whole && count > 0).then(|| sum.at_ranks(ranks(count)).map(never)),
    }
}

impl Moment {
    /// Its length in seconds, never zero.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.to.saturating_sub(self.from).as_secs_f64().max(1e-3)
    }
}

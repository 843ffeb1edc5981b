//! A JTL of `JMeter` out of histograms: each request is a row with the time of its bucket, to a
//! millisecond; within a slice they stand evenly apart. Which of the failed requests took which of
//! their times is not kept: those that ran out of time take the longest.

use std::fmt::Write as _;
use std::time::Duration;

use super::{began, field, slices};
use crate::run::Run;
use crate::sample::Failure;
use crate::tally::{Damaged, Tally};

const HEAD: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,\
                    success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,\
                    IdleTime,Connect\n";

pub(super) fn render(run: &Run) -> Result<String, Damaged> {
    let mut out = String::from(HEAD);
    let began = began(run) / 1_000_000;
    for endpoint in run.alone() {
        let label = field(&endpoint.name);
        for slice in slices(run, endpoint) {
            let (from, to, tally) = slice?;
            let mut at = Spread { began, from, to, count: tally.count(), next: 0 };
            rows(&label, run.load.users, &tally, &mut at, &mut out);
        }
    }
    Ok(out)
}

/// Moments that stand evenly apart in a slice.
struct Spread {
    began: i128,
    from: Duration,
    to: Duration,
    count: u64,
    next: u64,
}

impl Spread {
    fn next(&mut self) -> i128 {
        let length = self.to.saturating_sub(self.from).as_millis();
        let within = length * u128::from(self.next) / u128::from(self.count.max(1));
        self.next += 1;
        self.began + i128::try_from(self.from.as_millis() + within).unwrap_or(0)
    }
}

fn rows(label: &str, users: u64, tally: &Tally, at: &mut Spread, out: &mut String) {
    let good = tally.statuses().iter().filter(|(code, _)| **code < 400);
    let mut good = good.flat_map(|(code, count)| (0..*count).map(move |_| *code));
    for edge in all(tally.latency().buckets()) {
        let (time, elapsed) = (at.next(), edge.as_millis());
        let code = good.next().map(|code| code.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "{time},{elapsed},{label},{code},,loadgate,,true,,0,0,{users},{users},null,\
             {elapsed},0,0"
        );
    }
    let bad = tally.statuses().iter().filter(|(code, _)| **code >= 400);
    let mut bad = bad.flat_map(|(code, count)| (0..*count).map(move |_| *code));
    let mut times = all(tally.failed().buckets());
    let mut failures: Vec<(Failure, u64)> = tally.failures().collect();
    failures.sort_by_key(|(why, _)| matches!(why, Failure::Timeout | Failure::Unfinished));
    for why in all(failures) {
        let time = at.next();
        let elapsed = times.next().unwrap_or_default().as_millis();
        let code = match why {
            Failure::Status => bad.next(),
            // A whole answer, of which the status was fine.
            Failure::Expectation => good.next(),
            Failure::Dns
            | Failure::Connect
            | Failure::Tls
            | Failure::Timeout
            | Failure::Reset
            | Failure::Truncated
            | Failure::Malformed
            | Failure::TooLarge
            | Failure::LocalFd
            | Failure::LocalPort
            | Failure::Unfinished => None,
        };
        let code = code.map_or(format!("Non HTTP response code: {why}"), |c| c.to_string());
        let _ = writeln!(
            out,
            "{time},{elapsed},{label},{code},{why},loadgate,,false,{why},0,0,{users},{users},null,\
             {elapsed},0,0"
        );
    }
}

/// Each thing as often as it was counted.
fn all<T: Copy>(counted: Vec<(T, u64)>) -> impl Iterator<Item = T> {
    counted.into_iter().flat_map(|(one, count)| (0..count).map(move |_| one))
}

//! wrk and wrk2: what they print with `--latency`.

use std::time::Duration;

use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::number::whole;
use super::printed::{self, MOST_TEXT};
use crate::run::{Band, Quotes, Subject};

/// Below this share of the time that all connections had, requests waited that nobody counted.
const LEAST_BUSY: f64 = 0.7;

/// Whether it is this format.
pub(super) fn claims(head: &Head<'_>) -> bool {
    head.begins("Running ") && head.has(" test @ ") && head.has("threads and")
}

/// What wrk printed.
#[derive(Default)]
struct Said {
    url: String,
    connections: u64,
    requests: Option<(u64, Duration)>,
    mean: Option<Band>,
    most: Option<Band>,
    percentiles: Vec<(crate::unit::Quantile, Band)>,
    refused: u64,
    broken: u64,
    /// A count of failures is none.
    unclear: bool,
    /// The last line is there.
    whole: bool,
    /// wrk2 corrects its latencies by its schedule.
    corrected: bool,
}

/// Reads it.
pub(super) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_TEXT)?;
    let mut said = Said::default();
    text.lines().for_each(|line| said.line(line.trim()));
    let (requests, lasted) =
        said.requests.filter(|_| said.whole && !said.unclear).ok_or(Unreadable::Unclosed)?;
    let count = requests.saturating_add(said.broken);
    if count == 0 {
        return Err(Unreadable::Nothing("tells of not one request".to_owned()));
    }
    if said.percentiles.is_empty() && requests > 0 {
        let why = "wrk prints percentiles with `--latency` alone";
        intake.told.untold.insert(Subject::Latency, why.to_owned());
    }
    if let Some(why) = said.hung(requests, lasted) {
        intake.told.unsound.push(why);
    }
    let why = "wrk does not print the status of answers";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    intake.told.lasted = Some(lasted);
    intake.told.users = said.connections;
    intake.told.target.clone_from(&said.url);
    let failed = said.refused.saturating_add(said.broken);
    let (mean, most) = (said.mean, said.most);
    let times = printed::ranks(said.percentiles);
    let quotes = Quotes { times, mean, most, ..printed::quotes(count, failed, requests) };
    intake.quoted.push((printed::path(&said.url).to_owned(), quotes));
    Ok(())
}

impl Said {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| whole(word.as_bytes()));
        let after = |label: &str| {
            let place = words.iter().position(|word| *word == label);
            place.and_then(|at| number_of(words.get(at + 1)?))
        };
        match words.as_slice() {
            ["Running", _, "test", "@", url] => (*url).clone_into(&mut self.url),
            [_, "threads", "and", _, "connections"] => self.connections = number(3).unwrap_or(0),
            ["Latency", "Distribution", ..] => self.corrected = line.contains("HdrHistogram"),
            ["Latency", mean, _, most, ..] => {
                (self.mean, self.most) = (printed::time(mean), printed::time(most));
            }
            [_, "requests", "in", time, ..] => {
                let time = printed::time(time.trim_end_matches(','));
                self.requests = number(0).zip(time.map(|band| band.said));
            }
            ["Non-2xx", "or", "3xx", "responses:", ..] => {
                self.unclear |= number(4).is_none();
                self.refused = number(4).unwrap_or(0);
            }
            ["Transfer/sec:", ..] => self.whole = true,
            ["Socket", "errors:", ..] => {
                let broken = ["connect", "read", "write", "timeout"].map(after);
                self.unclear |= broken.contains(&None);
                self.broken = broken.into_iter().flatten().fold(0, u64::saturating_add);
            }
            [share, time] if share.ends_with('%') => {
                let known = printed::percentile(share).zip(printed::time(time));
                self.percentiles.extend(known);
            }
            _ => {}
        }
    }

    /// Each connection waits for its answer before it asks again, so that all latencies together
    /// must fill the time of all connections (Little's law). What is missing was waited in vain.
    fn hung(&self, requests: u64, lasted: Duration) -> Option<String> {
        let mean = self.mean?.high.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are beyond any run")]
        let (waited, had) =
            (requests as f64 * mean, self.connections as f64 * lasted.as_secs_f64());
        let share = waited / had;
        (!self.corrected && requests > 0 && share < LEAST_BUSY).then(|| {
            format!(
                "its connections waited for the answers that were counted in {:.0} % of the time \
                 alone: in the rest they waited for answers that never came",
                share * 100.0
            )
        })
    }
}

fn number_of(word: &str) -> Option<u64> {
    whole(word.trim_end_matches(',').as_bytes())
}

//! What a comparison would find, told before it from the runs that are kept.

use std::time::Duration;

use super::asked::questions;
use super::finding::{Asked, Doubt, Finding, Outcome};
use super::foreseen::{Foreseen, Outlook};
use super::pairs::Member;
use super::past;
use super::side::{family, planned};
use super::sight::scope_name;
use crate::baseline::course::tally;
use crate::baseline::{History, Kept};
use crate::metric::Metric;
use crate::plan::arms::{pieces, round_of};
use crate::plan::regression::Regression;
use crate::plan::{Drive, Plan};
use crate::run::{Model, Run};
use crate::stats::quantile::{Cell, log_quantile};
use crate::stats::real;
use crate::tally::Tally;

/// Fewer samples than this beyond a percentile, in a round and of a version, compare nothing.
const FEWEST_BEYOND: f64 = 5.0;

/// What is known of each change that is asked for, from runs that are like the one to come, and of
/// how many runs. `run` is the run to come, as far as it is known. What error rates would show,
/// nobody knows.
///
/// # Errors
/// Why the kept runs are no measure.
pub fn outlook(plan: &Plan, run: &Run, history: &History) -> Result<(Vec<Outlook>, usize), Doubt> {
    let past = match history {
        History::Past(past) => past,
        History::Nothing => return Err(Doubt::NoBaseline),
        History::Foreign(how) => return Err(Doubt::Foreign(how.clone())),
        History::OtherLoad(how) => return Err(Doubt::OtherLoad(how.clone())),
        History::Damaged(why) => return Err(Doubt::Damaged(why.clone())),
    };
    let (Some(regression), Some(drive)) = (&plan.regression, &plan.drive) else {
        return Err(Doubt::NoBaseline);
    };
    let mut asked = questions(regression, plan, run);
    asked.retain(|one| one.outcome == Outcome::Held && metric(one) != Some(Metric::ErrorRate));
    let told = match regression.against {
        Some(_) => rounds(regression, drive, &past.runs, &asked),
        None => past::foreseen(regression, past, plan, &asked),
    };
    let outlook = |(finding, told): (&Finding, Foreseen)| {
        let Asked::Change { metric, limit, .. } = finding.asked else { return None };
        Some(Outlook { scope: finding.scope.clone(), metric, limit, told })
    };
    Ok((asked.iter().zip(told).filter_map(outlook).collect(), past.runs.len()))
}

fn metric(finding: &Finding) -> Option<Metric> {
    let Asked::Change { metric, .. } = finding.asked else { return None };
    Some(metric)
}

/// What rounds of two versions would show: requests of a round vary as those of the kept runs did.
fn rounds(
    regression: &Regression,
    drive: &Drive,
    runs: &[Kept],
    asked: &[Finding],
) -> Vec<Foreseen> {
    let members = family(asked);
    let comparison = planned(regression, &members);
    let round = Planned::of(regression, drive);
    let sights: Vec<Result<Seen, Foreseen>> =
        members.iter().map(|member| round.sees(member, runs)).collect();
    let family = sights.iter().filter(|sight| sight.is_ok()).count().max(1);
    let told = |finding: &Finding| {
        let is_it =
            |one: &Member| one.scope == finding.scope && Some(one.metric) == metric(finding);
        let Some(place) = members.iter().position(is_it) else { return Foreseen::Unknown };
        let Seen { level, spread } = match &sights[place] {
            Ok(seen) => *seen,
            Err(told) => return *told,
        };
        let check = &comparison.checks[place];
        let limit = check.limited(level);
        let detectable = comparison.detectable(check, spread, family);
        let within = detectable <= limit;
        let more = || comparison.rounds_for(check, limit, spread, family);
        let rounds = if within { None } else { more() };
        Foreseen::Found { change: check.change(detectable), within, rounds }
    };
    asked.iter().map(told).collect()
}

/// Where a metric lies, in its own unit, and how its difference would vary from round to round, as
/// a standard deviation of logarithms.
#[derive(Clone, Copy)]
struct Seen {
    level: f64,
    spread: f64,
}

/// What of a round is planned.
struct Planned {
    /// The judged time of each version, in seconds: half of a round, of turns less.
    seconds: f64,
    /// The peak of the load over its mean; users are as many all the time.
    peak: Option<f64>,
    /// From one start of a process to the next, as a standard deviation of logarithms.
    start: f64,
}

impl Planned {
    fn of(regression: &Regression, drive: &Drive) -> Self {
        let load = round_of(drive, regression).load;
        let judged = pieces(regression, &load).into_iter().filter(|piece| !piece.warm_up);
        let seconds: Duration = judged.map(|piece| piece.to.saturating_sub(piece.from)).sum();
        let peak = match load.profile.model {
            // Millionths of arrivals per second.
            Model::Open => Some(real(load.profile.peak()) / 1e6),
            Model::Closed => None,
        };
        Self { seconds: seconds.as_secs_f64() / 2.0, peak, start: regression.start_deviation() }
    }

    /// How much more is asked for in a round than in a kept run, each second.
    fn busier(&self, run: &Run) -> f64 {
        let planned = self.peak.zip(run.load.planned).filter(|(_, planned)| *planned > 0);
        planned
            .map_or(1.0, |(peak, planned)| peak * run.load.duration.as_secs_f64() / real(planned))
    }

    fn sees(&self, member: &Member, runs: &[Kept]) -> Result<Seen, Foreseen> {
        let (mut sum, mut expected) = (Tally::default(), 0.0);
        for Kept { run, .. } in runs {
            let Some(own) = tally(run, scope_name(&member.scope)) else { continue };
            let each = real(own.count()) * self.busier(run) / run.judged().as_secs_f64().max(1e-3);
            expected += each * self.seconds / crate::stats::size(runs.len());
            sum.merge(&own);
        }
        let cells = cells(&sum);
        let (level, own) = match member.metric {
            Metric::Latency(quantile) => {
                enough(expected, quantile.share(), member.metric)?;
                percentile(&cells, sum.bad(), quantile.share(), expected)
            }
            Metric::Mean if sum.bad() == 0 => mean(&cells, expected),
            Metric::Mean
            | Metric::GoodLatency(_)
            | Metric::Max
            | Metric::ErrorRate
            | Metric::Throughput
            | Metric::Status(_)
            | Metric::Count
            | Metric::Timing(..)
            | Metric::EventsPerSecond => None,
        }
        .ok_or(Foreseen::Unknown)?;
        // Each round has both versions, and each of them its own requests and its own start.
        let spread = (2.0 * (own * own + self.start * self.start)).sqrt();
        Ok(Seen { level, spread })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests that are expected"
)]
fn enough(expected: f64, share: f64, metric: Metric) -> Result<(), Foreseen> {
    if expected * (1.0 - share) >= FEWEST_BEYOND {
        return Ok(());
    }
    Err(Foreseen::TooFew { have: expected as u64, need: metric.samples_needed().div_ceil(2) })
}

fn cells(tally: &Tally) -> Vec<Cell> {
    let edges = tally.latency().edges().into_iter();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    edges.map(|(from, to, count)| Cell { from: micros(from), to: micros(to), count }).collect()
}

/// A percentile in microseconds, and the standard error of its logarithm among so many requests:
/// half the distance between the percentiles a standard error of the share above and below it.
/// `None` where failed requests reach into it.
fn percentile(cells: &[Cell], failed: u64, share: f64, expected: f64) -> Option<(f64, f64)> {
    let error = (share * (1.0 - share) / expected).sqrt();
    let at = |share: f64| log_quantile(cells, failed, share.clamp(0.0, 1.0));
    let (low, middle, high) = (at(share - error)?, at(share)?, at(share + error)?);
    high.is_finite().then(|| (middle.exp(), (high - low) / 2.0))
}

/// The mean in microseconds, and the standard error of its logarithm among so many requests.
fn mean(cells: &[Cell], expected: f64) -> Option<(f64, f64)> {
    let over = |of: &dyn Fn(f64) -> f64| -> f64 {
        let all: f64 = cells.iter().map(|cell| real(cell.count)).sum();
        let each =
            cells.iter().map(|cell| real(cell.count) * of(f64::midpoint(cell.from, cell.to)));
        each.sum::<f64>() / all
    };
    let mean = over(&|time| time);
    let variance = over(&|time| (time - mean).powi(2));
    (mean > 0.0 && expected > 1.0).then(|| (mean, (variance / expected).sqrt() / mean))
}

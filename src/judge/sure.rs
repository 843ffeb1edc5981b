//! How sure a measured value is: its bounds, from batches of the run's time; and what a limit that
//! is asked with confidence makes of it.

use std::time::Duration;

use super::beyond::Beyond;
use super::finding::{Asked, Doubt, Finding, Outcome};
use super::interval::{Close, Interval};
use crate::metric::{Metric, Value};
use crate::plan::threshold::{Limit, Threshold};
use crate::run::{Run, Stop};
use crate::stats::count::Count;
use crate::stats::family::holm;
use crate::stats::sla::{BATCHES, Evidence, SHORTEST, Weight};
use crate::stats::special::{t_above, t_critical};
use crate::stats::{deviation, size};
use crate::tally::{Frame, Tally};
use crate::unit::{Rate, Ratio};

/// How sure the bounds are that every report shows where nothing is said of it.
const USUAL: f64 = 0.95;

/// A part of a run's time in batches, to be looked at by many thresholds.
pub(super) struct Batches<'a> {
    /// All of it.
    pub(super) whole: &'a Tally,
    /// Batches of equal time, one after the other.
    pub(super) parts: &'a [Tally],
    /// How long it is.
    pub(super) span: Duration,
}

/// What a run says of one value, beside the value itself.
pub(super) struct Sure {
    /// What bounds it.
    interval: Interval,
    claim: Claim,
    /// The limit bounds it from above.
    upper: bool,
    span: Duration,
}

/// What may be claimed of a value and its limit.
enum Claim {
    /// By the share of requests beyond the limit.
    Share(Evidence),
    /// By the mean of batches: how many standard errors it lies beyond the limit, and the degrees
    /// of freedom of those.
    Mean { beyond: f64, freedom: f64 },
}

impl Claim {
    fn p_fail(&self) -> f64 {
        match self {
            Self::Share(evidence) => evidence.p_fail,
            Self::Mean { beyond, freedom } => t_above(*beyond, *freedom),
        }
    }

    /// Whether what was seen lies within the limit.
    fn leans_to_pass(&self) -> bool {
        match self {
            Self::Share(evidence) => evidence.leans_to_pass(),
            Self::Mean { beyond, .. } => *beyond <= 0.0,
        }
    }

    fn p_pass(&self) -> f64 {
        match self {
            Self::Share(evidence) => evidence.p_pass,
            Self::Mean { beyond, freedom } => t_above(-beyond, *freedom),
        }
    }

    /// How many times as long the run would have to be; `None` where nobody would wait.
    fn longer(&self, level: f64) -> Option<f64> {
        match self {
            Self::Share(evidence) => evidence.longer(level),
            Self::Mean { beyond, freedom } => {
                let times = (t_critical(level, *freedom) / beyond).powi(2);
                (times < 100.0).then_some(times)
            }
        }
    }
}

/// How sure the value of a threshold is; `None` where its metric has no bounds (a largest value, a
/// number), or the time is too short for batches.
pub(super) fn sure(
    threshold: &Threshold,
    got: Value,
    run: &Run,
    batches: &Batches<'_>,
    confidence: Option<Ratio>,
) -> Option<Sure> {
    if batches.span < SHORTEST || batches.parts.len() < BATCHES {
        return None;
    }
    let confidence = confidence.or_else(|| Ratio::new(USUAL))?;
    let level = 1.0 - confidence.share();
    let (lower, upper, claim) = match threshold.metric {
        Metric::Latency(_) | Metric::GoodLatency(_) | Metric::Timing(..) => {
            of_quantile(threshold, got, batches, level)?
        }
        Metric::ErrorRate | Metric::Status(_) => of_share(threshold, batches, level)?,
        Metric::Mean | Metric::Throughput => of_mean(threshold, got, run, batches, level)?,
        Metric::Max | Metric::Count | Metric::EventsPerSecond => return None,
    };
    let interval = Interval { lower, upper, confidence };
    let upper = threshold.limit.relation.is_upper();
    Some(Sure { interval, claim, upper, span: batches.span })
}

type Bounded = (Option<Value>, Option<Value>, Claim);

/// Requests beyond a limit, batch by batch.
fn counts(threshold: &Threshold, batches: &Batches<'_>) -> Option<Vec<Count>> {
    let count = |tally: &Tally| {
        let empty = Count::default();
        Beyond::of(threshold, tally).map_or(empty, |it| Count { bad: it.part, all: it.of })
    };
    Beyond::of(threshold, batches.whole)?;
    Some(batches.parts.iter().map(count).collect())
}

fn of_quantile(
    threshold: &Threshold,
    got: Value,
    batches: &Batches<'_>,
    level: f64,
) -> Option<Bounded> {
    let beyond = Beyond::of(threshold, batches.whole)?;
    let mut weight = Weight::of(&counts(threshold, batches)?)?;
    // Where next to nothing is beyond the limit, its clumps are not seen: those around the value
    // itself say how alike requests of one time are.
    if got != Value::Never {
        let limit = Limit { bound: got, ..threshold.limit };
        let around = Threshold { limit, ..threshold.clone() };
        weight = weight.or_less(Weight::of(&counts(&around, batches)?)?);
    }
    let (lower, upper) = weight.quantile_bounds(beyond.allowed, level);
    let with = |share: f64| batches.whole.beyond(threshold.metric, share);
    let (lower, upper) = (lower.and_then(with), upper.and_then(with));
    let claim = Claim::Share(Evidence::weighed(beyond.share(), beyond.allowed, weight));
    Some((lower, upper, claim))
}

fn of_share(threshold: &Threshold, batches: &Batches<'_>, level: f64) -> Option<Bounded> {
    let beyond = Beyond::of(threshold, batches.whole)?;
    if beyond.allowed <= 0.0 || beyond.allowed >= 1.0 {
        return None;
    }
    let weight = Weight::of(&counts(threshold, batches)?)?;
    let (least, most) = weight.share_bounds(beyond.share(), level);
    let told = |share: f64| Ratio::new(share.clamp(0.0, 1.0)).map(Value::Share);
    let (lower, upper) = if threshold.limit.relation.is_upper() {
        (told(least), told(most))
    } else {
        (told(1.0 - most), told(1.0 - least))
    };
    Some((lower, upper, Claim::Share(Evidence::weighed(beyond.share(), beyond.allowed, weight))))
}

/// Bounds of a mean by the spread of batches (batch means; Law and Kelton).
fn of_mean(
    threshold: &Threshold,
    got: Value,
    run: &Run,
    batches: &Batches<'_>,
    level: f64,
) -> Option<Bounded> {
    let span = batches.span / u32::try_from(batches.parts.len()).ok()?;
    let frame = Frame { span, timeout: run.load.timeout };
    let read = |tally: &Tally| tally.read(threshold.metric, frame)?.number();
    let values: Vec<f64> = batches.parts.iter().filter_map(read).collect();
    if values.len() < BATCHES {
        return None;
    }
    let (error, freedom) =
        (deviation(&values) / size(values.len()).sqrt(), size(values.len()) - 1.0);
    let (got, limit) = (got.number()?, threshold.limit.bound.number()?);
    let reach = t_critical(level, freedom) * error;
    let told = |number: f64| value_of(threshold.metric, number.max(0.0));
    let above = if error > 0.0 { (got - limit) / error } else { (got - limit) * f64::INFINITY };
    let above = if above.is_nan() { 0.0 } else { above };
    let beyond = if threshold.limit.relation.is_upper() { above } else { -above };
    Some((told(got - reach), told(got + reach), Claim::Mean { beyond, freedom }))
}

/// A value from its number in its report unit.
fn value_of(metric: Metric, number: f64) -> Option<Value> {
    if metric == Metric::Throughput {
        return Rate::per_second(number).map(Value::Rate);
    }
    Duration::try_from_secs_f64(number / 1e3).ok().map(Value::Time)
}

/// Whether a value of this metric has bounds: a largest value and a number are what they are.
pub(super) fn has_bounds(metric: Metric) -> bool {
    match metric {
        Metric::Latency(_)
        | Metric::GoodLatency(_)
        | Metric::Timing(..)
        | Metric::ErrorRate
        | Metric::Status(_)
        | Metric::Mean
        | Metric::Throughput => true,
        Metric::Max | Metric::Count | Metric::EventsPerSecond => false,
    }
}

/// Puts the bounds into the findings; and where confidence is asked for, judges by what is sure,
/// at one level for all failures together. Windows are compared as they are: each is what it was.
pub(super) fn settle(
    run: &Run,
    confidence: Option<Ratio>,
    findings: &mut [Finding],
    sure: &[Option<Sure>],
) {
    for (finding, sure) in findings.iter_mut().zip(sure) {
        finding.interval = sure.as_ref().map(|sure| sure.interval.clone());
    }
    // What ended the run early was clear by a rule of its own.
    let ended = matches!(run.stop, Stop::Breached(_));
    let Some(confidence) = confidence else { return };
    let level = 1.0 - confidence.share();
    let raw: Vec<f64> = sure.iter().flatten().map(|sure| sure.claim.p_fail()).collect();
    let mut adjusted = holm(&raw).into_iter();
    for (finding, sure) in findings.iter_mut().zip(sure) {
        let claim = sure.as_ref().zip(sure.as_ref().and_then(|_| adjusted.next()));
        let judged = !matches!(finding.outcome, Outcome::Unjudged(_));
        if !judged || (ended && finding.outcome == Outcome::Breached) {
            continue;
        }
        if let Some((sure, p_fail)) = claim {
            finding.outcome = sure.outcome(p_fail, level, raw.len());
        } else if takes_time(finding) {
            finding.outcome = Outcome::Unjudged(Doubt::TooShort(SHORTEST));
        }
    }
}

/// Whether a finding is of a value that has bounds where the run is long enough.
fn takes_time(finding: &Finding) -> bool {
    match &finding.asked {
        Asked::Limit { metric, limit, over: None, .. } => {
            let always = matches!(limit.bound, Value::Share(share) if is_whole(share));
            has_bounds(*metric) && !always
        }
        Asked::Limit { over: Some(_), .. }
        | Asked::Gauge { .. }
        | Asked::Change { .. }
        | Asked::Fit
        | Asked::Sound
        | Asked::Valid
        | Asked::Script(_)
        | Asked::Policy(_) => false,
    }
}

/// None or all of all requests: that it is always so, no run can show.
fn is_whole(share: Ratio) -> bool {
    share.share() <= 0.0 || share.share() >= 1.0
}

impl Sure {
    /// What is claimed: at one level for all failures together, each pass at its own.
    fn outcome(&self, p_fail: f64, level: f64, family: usize) -> Outcome {
        if p_fail <= level {
            return Outcome::Breached;
        }
        if self.claim.p_pass() <= level {
            return Outcome::Held;
        }
        let passes = self.claim.leans_to_pass();
        let at = if passes { level } else { level / size(family) };
        let longer = self.claim.longer(at).map(|times| self.span.mul_f64((times - 1.0).max(0.1)));
        let Interval { lower, upper, confidence } = self.interval;
        let bound = if passes == self.upper { upper } else { lower };
        let more = longer.map(|more| Duration::from_secs(more.as_secs().max(10).div_ceil(10) * 10));
        Outcome::Unjudged(Doubt::TooClose(Close { passes, bound, confidence, more }))
    }
}

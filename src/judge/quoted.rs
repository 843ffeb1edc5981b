//! Thresholds against what the files of another tool tell: values that are known only to lie
//! between two others, and questions they cannot answer.

use super::finding::{Doubt, Outcome};
use super::reading::{Reading, holds};
use super::window::nothing;
use crate::metric::{Metric, Value};
use crate::plan::threshold::Threshold;
use crate::run::{Precision, Quotes, Run};

/// Why the files of another tool cannot answer a metric; `None` where they can, and for a run of
/// our own.
pub(super) fn untold(run: &Run, metric: Metric) -> Option<Doubt> {
    run.imported.as_ref()?.untold(metric).map(Doubt::Untold)
}

/// Why windows and stages are not judged by a summary.
pub(super) fn no_windows() -> Doubt {
    Doubt::Untold(
        "a summary tells nothing of single windows or stages: give the samples".to_owned(),
    )
}

/// What a threshold reads off a summary. Held, or breached, is only what both ends of the known
/// range are.
pub(super) fn read(threshold: &Threshold, run: &Run, quotes: &Quotes) -> Reading {
    let metric = threshold.metric;
    if let Some(doubt) = untold(run, metric) {
        return Reading::doubted(doubt);
    }
    let (samples, need) = (quotes.samples(metric), metric.samples_needed());
    if quotes.count == 0 {
        return Reading::doubted(nothing(run));
    }
    let Some(answer) = quotes.read(metric, run.judged()) else {
        let why = format!("the file does not tell {metric}{}", instead(run));
        return Reading { samples, ..Reading::doubted(Doubt::Untold(why)) };
    };
    let one = answer.low == answer.high;
    let (low, high) = (holds(threshold.limit, answer.low), holds(threshold.limit, answer.high));
    let outcome = if samples < need {
        Outcome::Unjudged(Doubt::TooFew { have: samples, need })
    } else if low != high {
        Outcome::Unjudged(Doubt::TooCoarse(answer.low, answer.high))
    } else if high {
        Outcome::Held
    } else {
        Outcome::Breached
    };
    let between = (!one).then_some((answer.low, answer.high));
    Reading { got: Some(answer.said), between, samples, outcome, at: None, sure: None }
}

fn instead(run: &Run) -> String {
    let tool = run.imported.as_ref().map(|imported| imported.tool.as_str());
    tool.map_or(String::new(), |tool| format!(": let {tool} write it, or give its samples"))
}

/// A time that was cut down to whole steps is judged as the tool counts; a limit between two steps
/// splits one of them, and then nothing is known. The same where only some digits are known.
pub(super) fn in_steps(threshold: &Threshold, run: &Run, reading: Reading) -> Reading {
    let precision = run.imported.as_ref().map(|imported| imported.precision);
    let (Some(precision), Some(Value::Time(got))) = (precision, reading.got) else {
        return reading;
    };
    let step = match precision {
        Precision::Step(_) if threshold.metric == Metric::Mean => return reading,
        Precision::Step(step) => Some(step),
        Precision::Digits(..) => None,
        Precision::Exact | Precision::Buckets | Precision::Fixed => return reading,
    };
    if matches!(reading.outcome, Outcome::Unjudged(_)) {
        return reading;
    }
    let (low, high) = precision.around(got);
    let (low, high) = (Value::Time(low), Value::Time(high));
    let whole = step.is_some_and(|step| match threshold.limit.bound {
        Value::Time(bound) => bound.as_nanos() % step.as_nanos().max(1) == 0,
        Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..) => {
            true
        }
    });
    let outcome = match (holds(threshold.limit, low), holds(threshold.limit, high)) {
        (true, true) => Outcome::Held,
        (false, false) => Outcome::Breached,
        (lower, _) if whole => {
            if lower {
                Outcome::Held
            } else {
                Outcome::Breached
            }
        }
        (true, false) | (false, true) => Outcome::Unjudged(Doubt::TooCoarse(low, high)),
    };
    let got = if step.is_some() { low } else { high };
    Reading { got: Some(got), outcome, ..reading }
}

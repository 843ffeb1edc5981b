//! Two files of one run, of which one has the times and the other the counts.

use super::fault::Unreadable;
use super::intake::{Counted, Told};
use crate::run::{Band, Quotes, Ranks, Subject};
use crate::tally::{Sliver, Tally};

/// Gives a summary the times of the samples beside it: failed requests that the samples leave out
/// are then known by number.
pub(super) fn join(
    counted: &Counted,
    quoted: &[(String, Quotes)],
    told: &mut Told,
) -> Result<(), Unreadable> {
    let Some(whole) = told.whole.as_mut().filter(|_| quoted.is_empty()) else {
        let why = "is a summary beside samples: give one or the other".to_owned();
        return Err(Unreadable::Nothing(why));
    };
    let mut sum = Sliver::default();
    counted.tracks.iter().flatten().for_each(|sliver| sum.merge(sliver));
    let tally = sum.tally();
    if tally.good() == whole.good() {
        whole.timed = tally.good();
    } else if tally.count() != whole.timed || tally.bad() > 0 {
        let (ours, theirs) = (tally.good(), whole.good());
        let why = format!(
            "and the file beside it are not of one run: they count {theirs} and {ours} good answers"
        );
        return Err(Unreadable::Nothing(why));
    }
    times(whole, &tally);
    if whole.statuses.is_empty() && !tally.statuses().is_empty() && tally.count() == whole.count {
        whole.statuses.clone_from(tally.statuses());
        told.untold.remove(&Subject::Statuses);
    }
    told.untold.remove(&Subject::Failures);
    told.untold.remove(&Subject::Good);
    told.lasted = told.lasted.or(Some(counted.lasted));
    Ok(())
}

fn times(whole: &mut Quotes, tally: &Tally) {
    let latency = tally.latency();
    let band = |(low, high, count)| (Band { low, high, said: high }, count);
    whole.times = Ranks::Buckets(latency.edges().into_iter().map(band).collect());
    whole.mean = latency.mean().map(Band::exactly);
    whole.most = latency.most().map(Band::exactly);
}

/// Gives a summary the finer percentiles of the file beside it.
pub(super) fn percentiles(told: &mut Told) -> Result<(), Unreadable> {
    let Some((all, cure)) = told.percentiles.take() else { return Ok(()) };
    let Some(whole) = &mut told.whole else {
        let why = format!("does not tell how many requests there were: {cure}");
        return Err(Unreadable::Nothing(why));
    };
    if matches!(whole.times, Ranks::Fixed(_)) {
        whole.times = super::printed::ranks(all);
    }
    Ok(())
}

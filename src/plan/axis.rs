//! The run's time axis: where slices begin and end, so that stages, warm-up and windows are sums of
//! whole slices.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Load;
use super::profile::{Profile, Stage};
use super::threshold::{During, Threshold};

/// Slices of one run, at most; windows that would make more are left out, and are then not judged.
pub const MOST_PIECES: usize = 4_000;
/// Lines of the plot's grid, at most.
const MOST_LINES: u128 = 120;
/// Widths that a person can read off an axis, in seconds: 1 s to 30 s, 1 m to 30 m, 1 h to 12 h,
/// then days.
const NICE: [u64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200];
const DAY: Duration = Duration::from_hours(24);

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

/// What a load's time is made of: its profile, and how long nothing of it is judged.
pub type Timed<'a> = (&'a Profile, Duration);

/// The slices of a load: consecutive, without gaps, from zero to the profile's end.
#[must_use]
pub fn axis(load: &Load, thresholds: &[Threshold]) -> Vec<Piece> {
    axis_of((&load.profile, load.warm_up), thresholds)
}

/// The same of a profile with a warm-up.
#[must_use]
pub fn axis_of(load: Timed<'_>, thresholds: &[Threshold]) -> Vec<Piece> {
    let (profile, warm_up) = load;
    let end = profile.duration();
    let mut cuts = BTreeSet::from([Duration::ZERO, end]);
    cuts.extend(stage_ends(&profile.stages));
    cuts.insert(warm_up.min(end));
    cuts.extend(window_cuts(load, thresholds, cuts.len()));
    let lines = grid(end, &cuts);
    cuts.extend(lines);
    pieces(load, &cuts)
}

/// The judged part of a load, or of one of its stages; `None` where the warm-up covers it or there
/// is no such stage.
#[must_use]
pub fn judged_span(load: &Load, during: Option<&During>) -> Option<(Duration, Duration)> {
    span_of((&load.profile, load.warm_up), during)
}

fn span_of((profile, warm_up): Timed<'_>, during: Option<&During>) -> Option<(Duration, Duration)> {
    let (from, to) = match during {
        None => (Duration::ZERO, profile.duration()),
        Some(during) => {
            let index = during.among(&profile.stages)?;
            let stage = &profile.stages[index];
            let from = profile.stages[..index].iter().map(|before| before.duration).sum();
            (from, from + stage.duration)
        }
    };
    let from = from.max(warm_up);
    (from < to).then_some((from, to))
}

/// The windows of one length in a span. They start where it starts; where its length is no multiple
/// of theirs, the last one ends where it ends and overlaps the one before. None where not even one
/// fits, or more than [`MOST_PIECES`] would.
#[must_use]
pub fn windows(from: Duration, to: Duration, over: Duration) -> Vec<(Duration, Duration)> {
    let length = to.saturating_sub(from);
    if over.is_zero() || over > length {
        return Vec::new();
    }
    let full = usize::try_from(length.as_nanos() / over.as_nanos()).unwrap_or(usize::MAX);
    if full >= MOST_PIECES {
        return Vec::new();
    }
    let starts = std::iter::successors(Some(from), |start| Some(*start + over)).take(full);
    let mut windows: Vec<_> = starts.map(|start| (start, start + over)).collect();
    if windows.last().is_some_and(|(_, end)| *end < to) {
        windows.push((to.saturating_sub(over), to));
    }
    windows
}

fn stage_ends(stages: &[Stage]) -> impl Iterator<Item = Duration> + '_ {
    stages.iter().scan(Duration::ZERO, |at, stage| {
        *at += stage.duration;
        Some(*at)
    })
}

/// The ends of all windows, as long as there is room for them on the axis.
fn window_cuts(load: Timed<'_>, thresholds: &[Threshold], taken: usize) -> BTreeSet<Duration> {
    let room = MOST_PIECES.saturating_sub(taken + usize::try_from(MOST_LINES).unwrap_or(0));
    let mut cuts = BTreeSet::new();
    for threshold in thresholds {
        let Some(over) = threshold.window.over else { continue };
        let Some((from, to)) = span_of(load, threshold.window.during.as_ref()) else {
            continue;
        };
        let mut more = cuts.clone();
        more.extend(windows(from, to, over).into_iter().flat_map(|(start, end)| [start, end]));
        if more.len() <= room {
            cuts = more;
        }
    }
    cuts
}

/// The plot's grid, without lines so near to a cut that the sliver between them would be a spike in
/// every plot.
fn grid(end: Duration, cuts: &BTreeSet<Duration>) -> Vec<Duration> {
    let width = grid_width(end);
    let near = width / 4;
    let free = |line: &Duration| {
        cuts.range(line.saturating_sub(near)..=*line + near).next().is_none() && *line < end
    };
    let lines = std::iter::successors(Some(width), |line| Some(*line + width));
    lines.take_while(|line| *line < end).filter(free).collect()
}

/// The smallest nice width of which at most 120 cover the load.
fn grid_width(end: Duration) -> Duration {
    let covers = |width: &Duration| width.as_nanos() * MOST_LINES >= end.as_nanos();
    let days = std::iter::successors(Some(DAY), |width| Some(*width * 2));
    NICE.into_iter().map(Duration::from_secs).chain(days).find(covers).unwrap_or(end)
}

fn pieces((profile, until): Timed<'_>, cuts: &BTreeSet<Duration>) -> Vec<Piece> {
    let ends: Vec<Duration> = stage_ends(&profile.stages).collect();
    cuts.iter()
        .zip(cuts.iter().skip(1))
        .map(|(from, to)| Piece {
            from: *from,
            to: *to,
            stage: ends.partition_point(|end| end <= from).min(ends.len().saturating_sub(1)),
            warm_up: *from < until,
        })
        .collect()
}

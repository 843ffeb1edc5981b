//! Where a series of runs changed: E-divisive means (Matteson and James 2014), for a page of
//! history. A gate does not ask it.

use super::{real, size};
use crate::chance::{Key, below};

/// How a series is searched for changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// A change is told where the chance of one as clear, without any, is at most this.
    pub level: f64,
    /// The fewest values between two changes.
    pub shortest: usize,
    /// How often the values are shuffled to know that chance.
    pub shuffles: u64,
    /// The seed of the shuffles.
    pub seed: u64,
}

/// A place where a series changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The index of the first value after it.
    pub at: usize,
    /// The chance of one as clear without any change.
    pub p: f64,
    /// The mean afterwards minus the mean before, each up to the next change.
    pub step: f64,
}

/// All changes of a series, in its order.
#[must_use]
pub fn changes(series: &[f64], search: Search) -> Vec<Change> {
    let mut edges = vec![0, series.len()];
    let mut found: Vec<(usize, f64)> = Vec::new();
    while let Some((at, clarity)) = clearest(series, &edges, search.shortest) {
        let mut as_clear = 0_u64;
        for shuffle in 0..search.shuffles {
            let stream = real(shuffle).to_bits() ^ u64::try_from(found.len()).unwrap_or(u64::MAX);
            let shuffled = shuffled_within(series, &edges, Key::of(search.seed, stream));
            let other = clearest(&shuffled, &edges, search.shortest);
            as_clear += u64::from(other.is_some_and(|(_, other)| other >= clarity));
        }
        let p = real(as_clear + 1) / real(search.shuffles + 1);
        if p > search.level {
            break;
        }
        found.push((at, p));
        edges.push(at);
        edges.sort_unstable();
    }
    found.sort_by_key(|(at, _)| *at);
    let told = found.into_iter().map(|(at, p)| Change { at, p, step: step(series, &edges, at) });
    told.collect()
}

/// The place that parts any piece most clearly, with the statistic there.
fn clearest(series: &[f64], edges: &[usize], shortest: usize) -> Option<(usize, f64)> {
    let pieces = edges.windows(2).map(|pair| (pair[0], &series[pair[0]..pair[1]]));
    let best = pieces.filter_map(|(start, piece)| {
        split(piece, shortest).map(|(at, clarity)| (start + at, clarity))
    });
    best.max_by(|one, other| one.1.total_cmp(&other.1))
}

/// Where a piece is parted most clearly, and how clearly: mn/(m + n) times the energy distance of
/// both parts, with within-part distances averaged over pairs.
#[must_use]
pub fn split(piece: &[f64], shortest: usize) -> Option<(usize, f64)> {
    let shortest = shortest.max(2);
    if piece.len() < 2 * shortest {
        return None;
    }
    let distance = |one: usize, other: usize| (piece[one] - piece[other]).abs();
    let total: f64 =
        (0..piece.len()).map(|one| (0..one).map(|other| distance(one, other)).sum::<f64>()).sum();
    let (mut before, mut after) = (0.0, total);
    let mut best: Option<(usize, f64)> = None;
    for moved in 0..piece.len() {
        before += (0..moved).map(|other| distance(moved, other)).sum::<f64>();
        after -= (moved + 1..piece.len()).map(|other| distance(moved, other)).sum::<f64>();
        let (left, right) = (moved + 1, piece.len() - moved - 1);
        if left < shortest || right < shortest {
            continue;
        }
        let (m, n) = (size(left), size(right));
        let between = 2.0 * (total - before - after) / (m * n);
        let within = before / (m * (m - 1.0) / 2.0) + after / (n * (n - 1.0) / 2.0);
        let clarity = m * n / (m + n) * (between - within);
        if best.is_none_or(|(_, known)| clarity > known) {
            best = Some((left, clarity));
        }
    }
    best
}

/// The series with the values of each piece in another order (Fisher and Yates).
fn shuffled_within(series: &[f64], edges: &[usize], key: Key) -> Vec<f64> {
    let mut shuffled = series.to_vec();
    let mut drawn = 0;
    for pair in edges.windows(2) {
        let piece = &mut shuffled[pair[0]..pair[1]];
        for last in (1..piece.len()).rev() {
            let places = u64::try_from(last + 1).unwrap_or(u64::MAX);
            let place = below(key.bits(drawn), places);
            piece.swap(last, usize::try_from(place).expect("below the length of a slice"));
            drawn += 1;
        }
    }
    shuffled
}

fn step(series: &[f64], edges: &[usize], at: usize) -> f64 {
    let place = edges.iter().position(|edge| *edge == at).unwrap_or(0);
    let before = &series[edges[place.saturating_sub(1)]..at];
    let after = &series[at..edges.get(place + 1).copied().unwrap_or(series.len())];
    super::mean(after) - super::mean(before)
}

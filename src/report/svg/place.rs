//! Where marks lie within a picture.

use std::fmt::Write as _;

use crate::report::words;

/// The path of a line.
pub(super) fn path(
    pieces: &[Vec<(f64, f64)>],
    across: &dyn Fn(f64) -> f64,
    down: &dyn Fn(f64) -> f64,
) -> String {
    let mut out = String::new();
    for piece in pieces {
        for (nth, (x, y)) in piece.iter().enumerate() {
            let letter = if nth == 0 { 'M' } else { 'L' };
            let _ = write!(out, "{letter}{} {}", short(across(*x)), short(down(*y)));
        }
        // A single point is seen as a dot.
        if piece.len() == 1 {
            out.push_str("h0.1");
        }
    }
    out
}

/// The path around an area: along its upper end, and back along its lower one.
pub(super) fn between(
    pieces: &[Vec<(f64, f64, f64)>],
    across: &dyn Fn(f64) -> f64,
    down: &dyn Fn(f64) -> f64,
) -> String {
    let mut out = String::new();
    for piece in pieces.iter().filter(|piece| piece.len() > 1) {
        let upper = piece.iter().map(|(x, _, high)| (*x, *high));
        let lower = piece.iter().rev().map(|(x, low, _)| (*x, *low));
        out.push_str(&path(&[upper.chain(lower).collect()], across, down));
        out.push('Z');
    }
    out
}

/// Limits by their height, each with how far its words are moved to the left: words of limits that
/// lie close together stand side by side.
pub(super) fn above<'a>(
    limits: impl Iterator<Item = (f64, &'a String)>,
) -> Vec<(f64, f64, &'a String)> {
    let mut limits: Vec<_> = limits.collect();
    limits.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (mut last, mut shift) = (f64::NEG_INFINITY, 0.0);
    let placed = limits.into_iter().map(|(y, words)| {
        shift = if y - last < 20.0 { shift + 135.0 } else { 0.0 };
        last = y;
        (y, shift, words)
    });
    placed.collect()
}

/// About how wide a word is at most: wider than its band it would run into the next one.
pub(super) fn wide(word: &str) -> f64 {
    9.0 * words::float(word.chars().count() as u64)
}

/// A place with one decimal: finer than any screen shows.
pub(super) fn short(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

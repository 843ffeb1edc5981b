//! Words and numbers in columns.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sanitise::Clean;

/// Columns of an endpoint's name or a scope.
pub(super) const NAME: usize = 30;

/// Adds a line.
pub(super) fn say(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes everything");
}

/// A text in so many columns, cut where it is longer.
pub(super) fn cell(text: &str, columns: usize) -> String {
    let text = Clean::line(text).to_string();
    let mut used = 0;
    let cut = text.width() > columns;
    let room = columns - usize::from(cut);
    let fits = |sign: &char| {
        used += sign.width().unwrap_or(0);
        used <= room
    };
    let mut cell: String = text.chars().take_while(fits).collect();
    if cut {
        cell.push('…');
    }
    let gap = columns.saturating_sub(cell.width());
    cell + &" ".repeat(gap)
}

/// A number with its thousands apart: `12,000`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

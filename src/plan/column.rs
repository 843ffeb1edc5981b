//! Words and numbers in columns.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sanitise::{self, Clean};
use crate::secret::Masks;

/// Columns of an endpoint's name or a scope.
pub(super) const NAME: usize = 30;

/// Texts from outside on their way to a person, without what came from the environment; numbers
/// of ours are never taken for it.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a>(pub(super) &'a Masks);

/// Adds a line.
pub(super) fn say(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes everything");
}

impl Shown<'_> {
    /// A text in one line.
    pub(super) fn line(self, text: &str) -> Clean {
        Clean::line(&self.0.apply(&sanitise::strip(text)))
    }

    /// A text in so many columns, cut where it is longer.
    pub(super) fn cell(self, text: &str, columns: usize) -> String {
        let text = self.line(text).to_string();
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
}

//! Tables that a narrow screen shows as a stack: each row a block, each cell on a line of its own
//! with its column's title before it.
//!
//! A browser that lays out a row as a block may forget that it is one, so every part says by its
//! role what it is. The titles on a narrow screen come from the style and are not read aloud: the
//! heads of the columns are still there for whoever listens.

use maud::{Markup, html};

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its title.
    pub(super) title: &'static str,
    /// `n` for numbers, `w` for what is not broken into lines, `rest` for remarks.
    pub(super) class: &'static str,
}

/// A column of that title.
pub(super) const fn column(title: &'static str, class: &'static str) -> Column {
    Column { title, class }
}

/// A table; `label` is the id of what names it, `head` the column that names each row.
#[must_use]
pub(super) fn table(
    label: &str,
    columns: &[Column],
    head: usize,
    rows: impl Iterator<Item = Vec<Markup>>,
) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby=(label) {
            table.stack role="table" cellpadding="6" {
                thead role="rowgroup" { tr role="row" {
                    @for one in columns {
                        th class=[class(one)] role="columnheader" scope="col" { (one.title) }
                    }
                } }
                tbody role="rowgroup" { @for cells in rows { tr role="row" {
                    @for (nth, (one, cell)) in columns.iter().zip(&cells).enumerate() {
                        @if nth == head {
                            th role="rowheader" scope="row" data-label=(one.title) { (cell) }
                        } @else {
                            td class=[class(one)] role="cell" data-label=(one.title) { (cell) }
                        }
                    }
                } } }
            }
        }
    }
}

fn class(column: &Column) -> Option<&'static str> {
    (!column.class.is_empty()).then_some(column.class)
}

//! The layout: what goes where, and what a small terminal goes without.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::paint::Look;
use super::trail::Trail;
use super::{Picture, numbers, tables};

/// A terminal narrower than this is shown lines alone.
const NARROW: u16 = 60;
/// From this width on, both tables lie side by side.
const WIDE: u16 = 150;

/// How many lines each part has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    bar: u16,
    numbers: u16,
    errors: u16,
    trails: u16,
    checks: u16,
    endpoints: u16,
}

/// Draws all of it, as far as the terminal has room.
pub fn draw(frame: &mut Frame<'_>, picture: &Picture, trail: &Trail, look: Look) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    let parts = share(area, picture);
    let Parts { bar, numbers, errors, trails, checks, endpoints } = parts;
    let lower = if side_by_side(area) { checks.max(endpoints) } else { checks + endpoints };
    let heights = [1, bar, numbers, errors, trails, lower].map(Constraint::Length);
    let [title, bar, numbers, errors, trails, lower] = Layout::vertical(heights).areas(area);
    numbers::title(frame, title, picture, look);
    numbers::bar(frame, bar, picture, look);
    numbers::numbers(frame, numbers, picture, look);
    numbers::errors(frame, errors, picture, look);
    numbers::trails(frame, trails, trail, look);
    let (left, right) = halves(lower, area, parts);
    if checks > 0 {
        tables::checks(frame, left, picture, look);
    }
    if endpoints > 0 {
        tables::endpoints(frame, right, picture, look);
    }
    if area.height > 1 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        footer(frame, last, picture, look);
    }
}

fn side_by_side(area: Rect) -> bool {
    area.width >= WIDE
}

/// Where both tables lie.
fn halves(lower: Rect, area: Rect, parts: Parts) -> (Rect, Rect) {
    if side_by_side(area) {
        let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(3);
        let [left, right] = halves.areas(lower);
        return (left, right);
    }
    let heights = [parts.checks, parts.endpoints].map(Constraint::Length);
    let [upper, below] = Layout::vertical(heights).areas(lower);
    (upper, below)
}

/// Shares the lines out: the title and the footer, then what matters most.
fn share(area: Rect, picture: &Picture) -> Parts {
    let mut left = area.height.saturating_sub(2);
    let mut take = |wanted: u16, least: u16| {
        let given = if left.min(wanted) < least { 0 } else { wanted.min(left) };
        left -= given;
        given
    };
    let mut parts = Parts { numbers: take(3, 1), errors: take(1, 1), ..Parts::default() };
    if area.width < NARROW {
        return parts;
    }
    parts.bar = take(1, 1);
    // A heading and one row at least, or nothing.
    let lines = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
    let (checks, endpoints) = (lines(picture.checks.len()), lines(picture.endpoints.len()));
    let trails = if area.height >= 40 { 7 } else { 4 };
    let room = area.height.saturating_sub(7);
    if room >= 14 {
        parts.trails = take(trails, trails);
    }
    let room = room.saturating_sub(parts.trails);
    if side_by_side(area) {
        parts.checks = checks.min(room);
        parts.endpoints = endpoints.min(room);
        return parts;
    }
    // Whatever one does not need, the other may have.
    let half = (room / 2).max(room.saturating_sub(endpoints));
    parts.checks = take(checks.min(half), 2);
    parts.endpoints = take(endpoints, 2);
    parts
}

fn footer(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let mut spans =
        vec![Span::styled("q", look.strong()), Span::styled(" ends the load", look.quiet())];
    if area.width >= NARROW {
        spans.push(Span::styled("   ↑ ↓", look.strong()));
        spans.push(Span::styled(" endpoints", look.quiet()));
    }
    if let Some(note) = &picture.note {
        spans.push(Span::styled(format!("   {note}"), look.doubtful()));
    }
    frame.render_widget(Line::from(spans), area);
}

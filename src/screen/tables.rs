//! The lower half: what is expected and how it stands, and each endpoint on its own.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table};

use super::numbers::{seconds, share, told};
use super::paint::Look;
use super::{Check, Picture, State, Tiers};
use crate::report::words;
use crate::unit::show_count;

/// What is expected: the worst first, so that what a small terminal leaves out matters less.
pub(super) fn checks(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let mut checks: Vec<&Check> = picture.checks.iter().collect();
    checks.sort_by_key(|check| rank(&check.state));
    let hidden = hidden(checks.len(), area);
    let title = format!("expected{}", more(hidden));
    let head = [title.as_str(), "limit", "so far", "", "settled in"].map(str::to_owned);
    let rows = checks.iter().take(checks.len() - hidden).map(|check| {
        let (word, style) = look.state(&check.state);
        let state = match &check.state {
            State::Open(why) => why.clone(),
            State::Held | State::Breached | State::Warned => word.to_owned(),
        };
        Row::new(vec![
            Cell::from(check.of.as_str()),
            Cell::from(check.asked.as_str()),
            Cell::from(told(check.got)),
            Cell::from(Span::styled(state, style)),
            Cell::from(seconds(check.left)),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(24),
        Constraint::Length(10),
    ];
    frame.render_widget(Table::new(rows, widths).header(heading(head, look)), area);
}

fn rank(state: &State) -> u8 {
    match state {
        State::Breached => 0,
        State::Warned => 1,
        State::Open(_) => 2,
        State::Held => 3,
    }
}

/// Each endpoint: latency so far, and what fails.
pub(super) fn endpoints(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let all = &picture.endpoints;
    let room = usize::from(area.height).saturating_sub(1);
    let first = look.scrolled.min(all.len().saturating_sub(room));
    let (last, count) = (all.len().min(first + room), all.len());
    let all_seen = room >= count;
    let title = if all_seen {
        "endpoint".to_owned()
    } else {
        format!("endpoint {} to {last} of {count}", first + 1)
    };
    let head = [title.as_str(), "requests", "p50", "p95", "p99", "errors", "p95 now"];
    let rows = all.iter().skip(first).take(room).map(|(name, whole, now)| {
        let Tiers { count, p50, p95, p99, errors, .. } = *whole;
        let failing = errors.is_some_and(|errors| errors.share() > 0.0);
        let style = if failing { look.bad() } else { look.quiet() };
        Row::new(vec![
            Cell::from(name.as_str()),
            Cell::from(Line::from(show_count(count)).right_aligned()),
            Cell::from(told(p50)),
            Cell::from(told(p95)),
            Cell::from(told(p99)),
            Cell::from(Span::styled(share(errors), style)),
            Cell::from(told(now.p95)),
        ])
    });
    let each = Constraint::Length(8);
    let widths = [Constraint::Fill(1), Constraint::Length(9), each, each, each, each, each];
    let table = Table::new(rows, widths).header(heading(head.map(str::to_owned), look));
    frame.render_widget(table, area);
}

/// How many of so many rows do not fit below a heading.
fn hidden(rows: usize, area: Rect) -> usize {
    rows.saturating_sub(usize::from(area.height).saturating_sub(1))
}

fn more(hidden: usize) -> String {
    if hidden == 0 { String::new() } else { format!(" ({} more)", words::count(hidden as u64)) }
}

fn heading<const N: usize>(names: [String; N], look: Look) -> Row<'static> {
    Row::new(names.map(|name| Cell::from(Span::styled(name, look.head()))))
}

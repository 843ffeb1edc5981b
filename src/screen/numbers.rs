//! The upper half: how far it is, what flows, how fast it is answered.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::paint::Look;
use super::trail::Trail;
use super::{Flow, Phase, Picture, Tiers};
use crate::metric::Value;
use crate::report::words;
use crate::unit::{Rate, Ratio, show_count, show_duration};

/// Eighths of a block, from nothing to all of it.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The first line: what is tested, and how far it is.
pub(super) fn title(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let phase = match picture.phase {
        Phase::WarmUp(left) => format!("warm-up, {} left  ", seconds(left)),
        Phase::Judged => String::new(),
        Phase::Draining => "waiting for the last answers  ".to_owned(),
    };
    let far = format!("{phase}{} of {}", seconds(picture.elapsed), show_duration(picture.whole));
    let width = u16::try_from(far.chars().count()).unwrap_or(u16::MAX).min(area.width);
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
    let named = Line::from(vec![
        Span::styled("loadgate ", look.head()),
        Span::styled(picture.gate.as_str(), look.strong()),
        Span::raw(" → "),
        Span::raw(picture.target.as_str()),
        Span::styled(format!("  {}", picture.profile), look.quiet()),
    ]);
    frame.render_widget(named, left);
    frame.render_widget(Line::styled(far, look.strong()), right);
}

/// A bar over the whole width: how much of the load is over.
pub(super) fn bar(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let share = picture.elapsed.as_secs_f64() / picture.whole.as_secs_f64().max(f64::MIN_POSITIVE);
    let full = cells(f64::from(area.width) * share.clamp(0.0, 1.0));
    let rest = usize::from(area.width).saturating_sub(full);
    let line = Line::from(vec![
        Span::styled("━".repeat(full), look.line()),
        Span::styled("─".repeat(rest), look.quiet()),
    ]);
    frame.render_widget(line, area);
}

/// Three lines: the flow, the latency now, and of all so far.
pub(super) fn numbers(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let lines = vec![
        flow(&picture.flow, picture.generator, look),
        tiers("now", &picture.now, look),
        tiers("so far", &picture.all, look),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn flow(flow: &Flow, (lag, cpu): (Option<Duration>, Option<Ratio>), look: Look) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{:<8}", "rate"), look.quiet())];
    let mut part = |text: String, style| {
        spans.push(Span::styled(text, style));
        spans.push(Span::raw("  "));
    };
    let planned = flow.planned.map(|planned| format!(" of {} planned", per_second(planned)));
    let real = flow.real.map_or_else(|| "–".to_owned(), per_second);
    part(format!("{real}{}", planned.unwrap_or_default()), look.strong());
    if let Some(requests) = flow.requests {
        part(format!("{} requests", per_second(requests)), look.strong());
    }
    if let Some(users) = flow.users {
        part(words::plural(users, "user"), look.strong());
    }
    part(format!("{} in flight", show_count(flow.in_flight)), look.strong());
    if flow.dropped > 0 {
        part(format!("{} dropped", show_count(flow.dropped)), look.bad());
    }
    if let Some(lag) = lag {
        part(format!("lag p99 {}", Value::Time(lag)), look.quiet());
    }
    if let Some(cpu) = cpu {
        part(format!("generator {:.0} %", cpu.share() * 100.0), look.quiet());
    }
    Line::from(spans)
}

fn tiers(name: &'static str, tiers: &Tiers, look: Look) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{name:<8}"), look.quiet())];
    let named = [("p50", tiers.p50), ("p95", tiers.p95), ("p99", tiers.p99), ("max", tiers.max)];
    for (name, value) in named {
        spans.push(Span::styled(format!("{name} "), look.quiet()));
        spans.push(Span::styled(format!("{:<10}", told(value)), look.strong()));
    }
    let failing = tiers.errors.is_some_and(|errors| errors.share() > 0.0);
    let style = if failing { look.bad() } else { look.strong() };
    spans.push(Span::styled("errors ", look.quiet()));
    spans.push(Span::styled(format!("{:<10}", share(tiers.errors)), style));
    spans.push(Span::styled(format!("{} requests", show_count(tiers.count)), look.quiet()));
    Line::from(spans)
}

/// Failed requests by class.
pub(super) fn errors(frame: &mut Frame<'_>, area: Rect, picture: &Picture, look: Look) {
    let mut spans = vec![Span::styled(format!("{:<8}", "errors"), look.quiet())];
    if picture.errors.is_empty() {
        spans.push(Span::raw("none"));
    }
    for (class, count) in &picture.errors {
        spans.push(Span::styled(format!("{class} {}  ", show_count(*count)), look.bad()));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Two lines that move, side by side: requests in a second, and the 95th percentile.
pub(super) fn trails(frame: &mut Frame<'_>, area: Rect, trail: &Trail, look: Look) {
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2);
    let [left, right] = halves.areas(area);
    let rate = |top: f64| Rate::per_second(top).map(per_second).unwrap_or_default();
    let time = |top: f64| Value::Time(Duration::from_secs_f64(top.clamp(0.0, 1e6))).to_string();
    let rates = trail.rates(usize::from(left.width));
    let times = trail.times(usize::from(right.width));
    plot(frame, left, "requests a second", &rates, rate, look);
    plot(frame, right, "p95 of each second", &times, time, look);
}

/// A plot of bars from zero to the largest value; what has no bound reaches the top.
fn plot(
    frame: &mut Frame<'_>,
    area: Rect,
    name: &str,
    values: &[Option<f64>],
    show: impl Fn(f64) -> String,
    look: Look,
) {
    let finite = values.iter().flatten().copied().filter(|value| value.is_finite());
    let top = finite.fold(0.0, f64::max);
    let head = Line::from(vec![
        Span::styled(name.to_owned(), look.quiet()),
        Span::raw(if top > 0.0 { format!("  up to {}", show(top)) } else { String::new() }),
    ]);
    let rows = area.height.saturating_sub(1);
    let mut lines = vec![head];
    for row in (0..rows).rev() {
        let bar = |value: &Option<f64>| {
            let share = value.map_or(0.0, |value| if top > 0.0 { value / top } else { 0.0 });
            // What is there at all is seen.
            let least = if share > 0.0 { 1.0 } else { 0.0 };
            let height = (share.clamp(0.0, 1.0) * f64::from(rows) * 8.0).max(least);
            EIGHTHS[cells((height - f64::from(row) * 8.0).clamp(0.0, 8.0))]
        };
        let text: String = values.iter().map(bar).collect();
        lines.push(Line::styled(text, look.line()));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// A whole number of cells.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a terminal's width, or of a cell"
)]
fn cells(count: f64) -> usize {
    count.round().max(0.0) as usize
}

/// Whole seconds.
pub(super) fn seconds(time: Duration) -> String {
    show_duration(Duration::from_secs(time.as_secs()))
}

/// A value, or that there is none.
pub(super) fn told(value: Option<Value>) -> String {
    value.map_or_else(|| "–".to_owned(), words::value)
}

/// A share, or that there is none.
pub(super) fn share(share: Option<Ratio>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| words::percent(share.share()))
}

fn per_second(rate: Rate) -> String {
    let rate = rate.as_f64();
    if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") }
}

//! How the load is getting on: on the whole terminal, by a line that moves, or by a plain line now
//! and then.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::attend::Signals;
use super::beside::Beside;
use super::lookout::Lookout;
use super::terminal::Screen;
use super::voice::{Shown, Voice, bare};
use crate::load;
use crate::locust::Standing;
use crate::metric::Value;
use crate::plan::{Drive, Plan};
use crate::report::words;
use crate::run::Series;
use crate::tally::latency_at;
use crate::unit::{Quantile, Rate, Ratio, show_duration};

/// The pause between plain lines.
const PLAIN: Duration = Duration::from_secs(10);
/// How often a moving line is drawn, in a second.
const DRAWN: u8 = 5;

/// What is worth knowing of a load that is under way.
#[derive(Clone, Copy, Debug)]
struct Glance {
    /// Since the load began.
    elapsed: Duration,
    /// Requests sent in a second, of late.
    rate: Option<Rate>,
    /// Users that arrived so far and that were planned to, where they are not the requests.
    users: Option<(u64, u64)>,
    /// The median so far.
    p50: Option<Value>,
    /// The 99th percentile so far.
    p99: Option<Value>,
    /// Failed requests so far, as a share.
    errors: Option<Ratio>,
    /// Requests without an answer yet.
    in_flight: u64,
}

/// Shows a load that is under way.
pub(super) struct Progress<'a> {
    voice: &'a Voice,
    whole: Duration,
    form: Form<'a>,
    /// When it was looked at last, and what had been sent by then.
    last: (Duration, u64),
    /// Who is told of it beside the person, and what is asked meanwhile.
    beside: &'a Beside,
    /// The load is shared between two versions.
    shared: bool,
}

/// How it is shown.
enum Form<'a> {
    /// Not at all.
    None,
    /// By a line, the next at that time.
    Lines(Duration),
    /// By a line that moves.
    Moving(ProgressBar),
    /// On the whole terminal; what was said meanwhile is said again when it is given back.
    Live(Box<Live<'a>>),
}

/// What it takes to show it on the whole terminal.
struct Live<'a> {
    screen: Screen,
    lookout: Lookout<'a>,
    said: RefCell<Vec<String>>,
}

impl<'a> Progress<'a> {
    /// For the load of a plan; where it is shared between two versions, nothing is expected of it.
    /// Nothing is shown yet but an empty screen.
    pub(super) fn new(
        voice: &'a Voice,
        (plan, drive, shared): (&'a Plan, &'a Drive, bool),
        beside: &'a Beside,
        signals: &Signals,
    ) -> Self {
        let whole = drive.load.profile.duration();
        let live = || {
            let screen = Screen::open(signals, voice.paint)?;
            let lookout = Lookout::new(voice, plan, drive, shared);
            Some(Form::Live(Box::new(Live { screen, lookout, said: RefCell::default() })))
        };
        let form = match voice.shown {
            Shown::Not => Form::None,
            Shown::Lines => Form::Lines(PLAIN),
            Shown::Moving => Form::Moving(moving(voice.width)),
            Shown::Live => live().unwrap_or_else(|| Form::Moving(moving(voice.width))),
        };
        beside.begin(shared);
        Self { voice, whole, form, last: (Duration::ZERO, 0), beside, shared }
    }

    /// For a load that somebody else puts on: by a line at most, since only its sums are known
    /// before its end.
    pub(super) fn by_line(voice: &'a Voice, whole: Duration, beside: &'a Beside) -> Self {
        let form = match voice.shown {
            Shown::Not => Form::None,
            Shown::Lines => Form::Lines(PLAIN),
            Shown::Moving | Shown::Live => Form::Moving(moving(voice.width)),
        };
        beside.begin(false);
        Self { voice, whole, form, last: (Duration::ZERO, 0), beside, shared: false }
    }

    /// Whether what ended since the last look is wanted apart.
    pub(super) fn wants_recent(&self) -> bool {
        matches!(self.form, Form::Live(_))
    }

    /// Shows how it stands, where it is time to.
    pub(super) fn show(&mut self, now: &load::Progress<'_>) {
        self.beside.own(now, self.shared);
        self.say();
        let elapsed = now.elapsed();
        let sent = now.pulse().sent;
        let (before, already) = std::mem::replace(&mut self.last, (elapsed, sent));
        let rate = Rate::of(sent.saturating_sub(already), elapsed.saturating_sub(before));
        if let Form::Live(live) = &mut self.form {
            let picture = live.lookout.look(now, live.said.borrow().last());
            return live.screen.show(picture);
        }
        if self.is_due(elapsed) {
            self.put(&line(&glance(now, rate), self.whole), elapsed);
        }
    }

    /// The same of a load that Locust puts on.
    pub(super) fn swarm(&mut self, now: &Standing<'_>) {
        self.beside.swarm(now);
        self.say();
        let (before, already) = std::mem::replace(&mut self.last, (now.elapsed, now.sent));
        if !self.is_due(now.elapsed) {
            return;
        }
        let passed = now.elapsed.saturating_sub(before);
        let at = |share: u32| {
            let rank = Quantile::from_millionths(share)?.rank(now.times.count());
            now.times.at_rank(rank).map(Value::Time)
        };
        let glance = Glance {
            elapsed: now.elapsed,
            rate: Rate::of(now.sent.saturating_sub(already), passed),
            users: None,
            p50: at(500_000),
            p99: at(990_000),
            errors: Ratio::of(now.failed, now.sent),
            in_flight: now.in_flight,
        };
        let whole = now.whole.unwrap_or(self.whole);
        let users = words::plural(now.users, "user");
        self.put(&format!("{}  {users}", line(&glance, whole)), now.elapsed);
    }

    /// What was asked beside it, and answered so far.
    pub(super) fn series(&self) -> Vec<Series> {
        self.beside.series()
    }

    /// Says what became of the questions beside it, where something did.
    fn say(&self) {
        for said in self.beside.said() {
            self.note(&said);
        }
    }

    fn is_due(&self, elapsed: Duration) -> bool {
        match self.form {
            Form::None => false,
            Form::Lines(next) => elapsed >= next,
            Form::Moving(_) | Form::Live(_) => true,
        }
    }

    fn put(&mut self, line: &str, elapsed: Duration) {
        match &mut self.form {
            Form::None | Form::Live(_) => {}
            Form::Lines(next) => {
                *next = elapsed + PLAIN;
                // In words and numbers of ours: there is nothing to hide in it.
                bare(line);
            }
            Form::Moving(bar) => bar.set_message(line.to_owned()),
        }
    }

    /// Says each step beside it.
    pub(super) fn step(&self, text: &str) {
        match &self.form {
            Form::Moving(bar) => bar.suspend(|| self.voice.step(text)),
            Form::None | Form::Lines(_) | Form::Live(_) => self.voice.step(text),
        }
    }

    /// Says something beside it.
    pub(super) fn note(&self, text: &str) {
        match &self.form {
            Form::Moving(bar) => bar.suspend(|| self.voice.note(text)),
            Form::Live(live) => live.said.borrow_mut().push(text.to_owned()),
            Form::None | Form::Lines(_) => self.voice.note(text),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.form, Form::None) {
            Form::Moving(bar) => bar.finish_and_clear(),
            Form::Live(live) => {
                let Live { screen, said, .. } = *live;
                drop(screen);
                said.into_inner().iter().for_each(|text| self.voice.note(text));
            }
            Form::None | Form::Lines(_) => {}
        }
    }
}

fn moving(width: u16) -> ProgressBar {
    let screen = ProgressDrawTarget::term_like_with_hz(Box::new(Width { width }), DRAWN);
    let style = ProgressStyle::with_template("{wide_msg}").expect("a constant template");
    ProgressBar::with_draw_target(None, screen).with_style(style)
}

fn glance(now: &load::Progress<'_>, rate: Option<Rate>) -> Glance {
    let whole = now.whole();
    let p99 = Quantile::from_millionths(990_000).expect("a share below 1");
    let pulse = now.pulse();
    let users = (pulse.released != pulse.sent).then_some((pulse.released, pulse.planned));
    Glance {
        elapsed: now.elapsed(),
        rate,
        users,
        p50: latency_at(&whole, Quantile::MEDIAN),
        p99: latency_at(&whole, p99),
        errors: Ratio::of(whole.bad(), whole.count()),
        in_flight: pulse.in_flight,
    }
}

fn line(glance: &Glance, whole: Duration) -> String {
    let seconds = |time: Duration| show_duration(Duration::from_secs(time.as_secs()));
    let of = if whole.is_zero() { String::new() } else { format!(" of {}", show_duration(whole)) };
    let mut parts = vec![format!("{}{of}", seconds(glance.elapsed))];
    parts.extend(glance.rate.map(|rate| format!("{:.0}/s", rate.as_f64())));
    let users = |(arrived, planned)| format!("{arrived} users of {planned}");
    parts.extend(glance.users.map(users));
    parts.extend(glance.p50.map(|p50| format!("p50 {p50}")));
    parts.extend(glance.p99.map(|p99| format!("p99 {p99}")));
    parts.extend(glance.errors.map(|errors| format!("errors {:.2}%", errors.share() * 100.0)));
    parts.push(format!("{} in flight", glance.in_flight));
    parts.join("  ")
}

/// Stderr as a terminal of a width that was looked at once. A terminal that is gone is no fault.
#[derive(Debug)]
struct Width {
    width: u16,
}

fn put(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn move_by(by: usize, direction: char) {
    if by > 0 {
        put(&format!("\x1b[{by}{direction}"));
    }
}

impl TermLike for Width {
    fn width(&self) -> u16 {
        self.width
    }

    fn move_cursor_up(&self, by: usize) -> io::Result<()> {
        move_by(by, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, by: usize) -> io::Result<()> {
        move_by(by, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, by: usize) -> io::Result<()> {
        move_by(by, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, by: usize) -> io::Result<()> {
        move_by(by, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        put(&format!("{text}\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        put(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        put("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_there_is_and_leaves_out_what_there_is_not() {
        let mut glance = Glance {
            elapsed: Duration::from_millis(12_700),
            rate: Rate::per_second(199.6),
            users: None,
            p50: Some(Value::Time(Duration::from_millis(5))),
            p99: Some(Value::Never),
            errors: Ratio::new(0.012),
            in_flight: 3,
        };
        let whole = Duration::from_mins(1);
        assert_eq!(
            line(&glance, whole),
            "12s of 60s  200/s  p50 5.00 ms  p99 never  errors 1.20%  3 in flight"
        );
        glance.users = Some((40, 41));
        assert!(line(&glance, whole).contains("200/s  40 users of 41  p50"));
        glance.users = None;
        (glance.rate, glance.p50, glance.p99, glance.errors) = (None, None, None, None);
        assert_eq!(line(&glance, whole), "12s of 60s  3 in flight");
    }
}

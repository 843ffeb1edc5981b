//! What is said to a person, on stderr; what is data, on stdout. Nothing said here can fail a run.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};

use crate::cli::{Color, Showing, Tone};
use crate::plan::Plan;
use crate::sanitise::Clean;
use crate::secret::Masks;

/// Looks a variable up in the environment.
pub type Lookup = fn(&str) -> Option<String>;

/// The whole environment.
pub type Everything = fn() -> Vec<(OsString, OsString)>;

/// How to speak to whoever started us.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// Colours are wanted.
    pub paint: bool,
    /// How a load under way is shown.
    pub shown: Shown,
    /// How wide that line may be.
    pub width: u16,
    level: Level,
    masks: Masks,
}

/// How a load under way is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Not at all.
    Not,
    /// By a line now and then.
    Lines,
    /// By a line that moves: somebody watches, and it is not a CI log.
    Moving,
    /// On the whole terminal.
    Live,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// The verdict and nothing else.
    Quiet,
    /// What a reader of a log wants to know.
    Usual,
    /// Each step.
    Verbose,
}

impl Voice {
    /// A voice for this terminal, or for whatever stderr is.
    pub(super) fn new(tone: &Tone, lookup: Lookup) -> Self {
        let terminal = io::stderr().is_terminal();
        let dumb = lookup("TERM").is_some_and(|term| term == "dumb");
        let ci = lookup("CI").is_some_and(|ci| !matches!(ci.as_str(), "" | "false" | "0"));
        Self {
            paint: colored(tone.color, lookup, terminal && !dumb),
            shown: shown(tone, terminal && !dumb, ci, is_ours()),
            width: width(lookup("COLUMNS").as_deref(), window()),
            level: match (tone.quiet, tone.verbose) {
                (true, _) => Level::Quiet,
                (false, false) => Level::Usual,
                (false, true) => Level::Verbose,
            },
            masks: Masks::default(),
        }
    }

    /// The same voice, that hides what came from the environment, once it has said what is doubtful
    /// in the gate file.
    pub(super) fn knowing(self, plan: &Plan) -> Self {
        let voice = Self { masks: plan.masks.clone(), ..self };
        if voice.level > Level::Quiet {
            plan.warnings.iter().for_each(|warning| voice.say(&format!("warning: {warning}")));
        }
        voice
    }

    /// Whether each step is said.
    pub(super) fn is_verbose(&self) -> bool {
        self.level == Level::Verbose
    }

    /// What must not be shown.
    pub(super) fn masks(&self) -> &Masks {
        &self.masks
    }

    /// Says it, whatever was asked: the verdict, a fault.
    pub(super) fn say(&self, text: &str) {
        bare(&self.masks.apply(text));
    }

    /// Says how it ended: all of it, or only the verdict where quiet was asked for. A report has
    /// nothing left to hide.
    pub(super) fn conclude(&self, text: &str) {
        match self.level {
            Level::Quiet => bare(text.split("\n\n").next().unwrap_or(text)),
            Level::Usual | Level::Verbose => bare(&format!("{}\n\n", text.trim_end())),
        }
    }

    /// Says it unless quiet was asked for. What comes from outside is in it and may be hostile.
    pub(super) fn note(&self, text: &str) {
        if self.level > Level::Quiet {
            // Masked first: a value that is cleaned is no longer found.
            self.say(Clean::line(&self.masks.apply(text)).as_str());
        }
    }

    /// The same of a line that may be longer than most: what a forge refused, and what to grant.
    pub(super) fn remark(&self, text: &str) {
        if self.level > Level::Quiet {
            self.say(text);
        }
    }

    /// Tells the CI host something in its own language, whatever was asked of us. On stderr, so
    /// that it stands in the log where it was said.
    pub(super) fn command(&self, lines: &str) {
        self.say(lines);
    }

    /// The same for a host that listens to stdout alone. Whoever closed it does not want to know.
    pub(super) fn order(&self, lines: &str) {
        let _ = data(&self.masks.apply(lines));
    }

    /// Says it where each step is wanted.
    pub(super) fn step(&self, text: &str) {
        if self.level == Level::Verbose {
            self.note(text);
        }
    }
}

/// Says it before there is a voice: the flags that would make one are at fault.
pub(super) fn bare(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    // Whoever closed stderr does not want to hear it; the reports and the exit code speak as well.
    let _ = io::stderr().lock().write_all(format!("{text}{end}").as_bytes());
}

/// Puts data on stdout. A reader who has seen enough and left is no fault.
///
/// # Errors
/// When the data could not be written for another reason.
pub(super) fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// The flag, then quiet, then the terminal: a whole one is taken over where it is ours to take, and
/// somebody watches. Where a live view is asked for and cannot be had, a line is the next best.
fn shown(tone: &Tone, terminal: bool, ci: bool, ours: bool) -> Shown {
    match tone.progress {
        Showing::None => Shown::Not,
        Showing::Auto if tone.quiet => Shown::Not,
        Showing::Live if terminal && ours => Shown::Live,
        Showing::Auto if terminal && ours && !ci => Shown::Live,
        Showing::Auto if ci => Shown::Lines,
        Showing::Auto | Showing::Live | Showing::Line if terminal => Shown::Moving,
        Showing::Auto | Showing::Live | Showing::Line => Shown::Lines,
    }
}

/// Whether the terminal behind stderr listens to us: whoever is in its background is stopped where
/// it changes anything there.
#[cfg(unix)]
fn is_ours() -> bool {
    rustix::termios::tcgetpgrp(io::stderr()).is_ok_and(|front| front == rustix::process::getpgrp())
}

/// Whether the terminal behind stderr listens to us.
#[cfg(not(unix))]
fn is_ours() -> bool {
    true
}

/// Flag, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then `CLICOLOR`, then the
/// terminal.
fn colored(flag: Color, lookup: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
    let set = |name: &str| lookup(name).is_some_and(|value| !value.is_empty());
    let on = |name: &str| lookup(name).is_some_and(|value| !value.is_empty() && value != "0");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if on("CLICOLOR_FORCE") || on("FORCE_COLOR") => true,
        Color::Auto if lookup("CLICOLOR").as_deref() == Some("0") => false,
        Color::Auto => terminal,
    }
}

/// `COLUMNS`, then what the terminal says, then 80; never so narrow that nothing can be read.
fn width(columns: Option<&str>, window: Option<u16>) -> u16 {
    let columns = columns.and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    columns.or(window.filter(|window| *window > 0)).unwrap_or(80).max(20)
}

/// How wide the terminal says it is.
#[cfg(unix)]
fn window() -> Option<u16> {
    rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| size.ws_col)
}

/// How wide the terminal says it is.
#[cfg(not(unix))]
fn window() -> Option<u16> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_terminal() {
        let check = |flag, set: &[(&str, &str)], terminal, expected| {
            let lookup = |name: &str| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(colored(flag, lookup, terminal), expected, "{flag:?} {set:?} {terminal}");
        };
        check(Color::Auto, &[], true, true);
        check(Color::Auto, &[], false, false);
        check(Color::Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true, false);
        check(Color::Auto, &[("NO_COLOR", "")], true, true);
        check(Color::Auto, &[("FORCE_COLOR", "1"), ("CLICOLOR", "0")], false, true);
        check(Color::Auto, &[("CLICOLOR_FORCE", "0")], false, false);
        check(Color::Auto, &[("CLICOLOR", "0")], true, false);
        check(Color::Always, &[("NO_COLOR", "1")], false, true);
        check(Color::Never, &[("FORCE_COLOR", "1")], true, false);
    }

    #[test]
    fn a_load_is_shown_as_the_flag_says_and_as_the_terminal_lets_us() {
        use Shown::{Lines, Live, Moving, Not};
        let check = |progress, quiet, [terminal, ci, ours]: [bool; 3], expected| {
            let tone = Tone { color: Color::Auto, progress, quiet, verbose: false };
            assert_eq!(
                shown(&tone, terminal, ci, ours),
                expected,
                "{tone:?} {terminal} {ci} {ours}"
            );
        };
        check(Showing::Auto, false, [true, false, true], Live);
        check(Showing::Auto, false, [true, false, false], Moving);
        check(Showing::Auto, false, [true, true, true], Lines);
        check(Showing::Auto, false, [false, false, false], Lines);
        check(Showing::Auto, true, [true, false, true], Not);
        check(Showing::Live, true, [true, true, true], Live);
        check(Showing::Live, false, [true, false, false], Moving);
        check(Showing::Live, false, [false, true, false], Lines);
        check(Showing::Line, true, [true, false, true], Moving);
        check(Showing::Line, false, [false, true, false], Lines);
        check(Showing::None, false, [true, false, true], Not);
    }

    #[test]
    fn a_broken_width_is_not_believed() {
        assert_eq!(width(Some("120"), Some(80)), 120);
        assert_eq!(width(Some("zero"), Some(90)), 90);
        assert_eq!(
            (width(Some("0"), Some(0)), width(None, None), width(Some("1"), None)),
            (80, 80, 20)
        );
    }
}

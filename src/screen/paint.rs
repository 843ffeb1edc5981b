//! Colours, and the words that stand for them where there are none.

use ratatui::style::{Color, Modifier, Style};

use super::State;

/// How it is to be drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Colours are wanted. Without them nothing is lost: every state is a word as well.
    pub paint: bool,
    /// Endpoints that were scrolled past.
    pub scrolled: usize,
}

impl Look {
    /// Text that matters less.
    pub(super) fn quiet(self) -> Style {
        self.styled(Style::new().fg(Color::DarkGray))
    }

    /// Headings.
    pub(super) fn head(self) -> Style {
        self.styled(Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD))
    }

    /// Numbers one looks for.
    pub(super) fn strong(self) -> Style {
        self.styled(Style::new().add_modifier(Modifier::BOLD))
    }

    /// Lines that move.
    pub(super) fn line(self) -> Style {
        self.styled(Style::new().fg(Color::Blue))
    }

    /// What is bad.
    pub(super) fn bad(self) -> Style {
        self.styled(Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
    }

    /// What is doubtful.
    pub(super) fn doubtful(self) -> Style {
        self.styled(Style::new().fg(Color::Yellow))
    }

    /// How an expectation stands: a word, and its colour.
    pub(super) fn state(self, state: &State) -> (&'static str, Style) {
        match state {
            State::Held => ("ok", self.styled(Style::new().fg(Color::Green))),
            State::Breached => ("FAIL", self.bad()),
            State::Warned => ("warn", self.doubtful()),
            State::Open(_) => ("open", self.quiet()),
        }
    }

    fn styled(self, style: Style) -> Style {
        if self.paint { style } else { Style::new() }
    }
}

//! How it speaks: colours, progress, how much.

use clap::{ArgAction, Args, ValueEnum};

use super::falsey;

/// How to speak.
#[derive(Debug, Args)]
pub struct Tone {
    /// When to use colours
    #[arg(long, value_enum, global = true, env = "LOADGATE_COLOR", default_value_t = Color::Auto)]
    #[arg(value_name = "WHEN", hide_possible_values = true)]
    #[arg(help = "Colours: auto, always or never")]
    pub color: Color,
    /// How a load under way is shown: auto, live, line or none
    #[arg(long, value_enum, global = true, env = "LOADGATE_PROGRESS", value_name = "HOW")]
    #[arg(default_value_t = Showing::Auto, hide_possible_values = true)]
    #[arg(help = "How a load under way is shown: auto, live (a screen), line or none")]
    pub progress: Showing,
    /// Say the verdict and nothing else
    #[arg(short, long, global = true, env = "LOADGATE_QUIET", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say each step
    #[arg(short, long, global = true, env = "LOADGATE_VERBOSE", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue)]
    pub verbose: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Even in a file
    Always,
    /// Not at all
    Never,
}

/// How a load under way is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Showing {
    /// Live on a terminal, a line now and then elsewhere, nothing where quiet was asked for
    Auto,
    /// On the whole terminal
    Live,
    /// One line: it moves on a terminal
    Line,
    /// Not at all
    None,
}

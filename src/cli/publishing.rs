//! What is published, and where.

use clap::{ArgAction, Args, ValueEnum};

use super::falsey;
use crate::host::letter::Key;
use crate::host::{Choice, Ci};
use crate::publish::{Comment, Mode};

/// What is published, and where.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Publishing (in CI alone)")]
pub struct Publishing {
    /// auto: where there is a pull request and a token; never; require: exit 4 where it fails
    #[arg(long, value_name = "WHEN", value_enum, env = "LOADGATE_PUBLISH")]
    #[arg(default_value_t = Publish::Auto, hide_possible_values = true)]
    pub publish: Publish,
    /// Comment on the pull request: auto, always, on-failure or never
    #[arg(long, value_name = "WHEN", value_enum, env = "LOADGATE_COMMENT")]
    #[arg(default_value_t = When::Auto, hide_possible_values = true)]
    pub comment: When,
    /// Tells the comments and checks of several gates apart; made from the gate file's name
    #[arg(long, value_name = "KEY", env = "LOADGATE_COMMENT_KEY", value_parser = Key::parse)]
    pub comment_key: Option<Key>,
    /// The account that our comments come from; asked for when not given
    #[arg(long, value_name = "LOGIN", env = "LOADGATE_COMMENT_AUTHOR", value_delimiter = ',')]
    pub comment_author: Vec<String>,
    /// Show the gate as a check of the commit; as a commit status where that cannot be
    #[arg(long, env = "LOADGATE_CHECK", value_parser = falsey(), action = ArgAction::SetTrue)]
    pub check: bool,
    /// The pull request; found out when not given
    #[arg(long, value_name = "N", env = "LOADGATE_PR")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub pr: Option<u64>,
    /// The CI host: auto, none, github, gitea, gitlab, azure, bitbucket, circleci, buildkite or
    /// jenkins
    #[arg(long, value_name = "HOST", value_enum, env = "LOADGATE_CI")]
    #[arg(default_value_t = Host::Auto, hide_possible_values = true)]
    pub ci: Host,
}

/// [`Mode`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Publish {
    /// Where there is a pull request and a token
    Auto,
    /// Not at all
    Never,
    /// It must be done
    Require,
}

/// [`Comment`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Where there is a pull request
    Auto,
    /// The same, with a warning where there is none
    Always,
    /// Only where the gate did not pass
    OnFailure,
    /// Not at all
    Never,
}

/// [`Choice`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// The environment tells
    Auto,
    /// There is none
    None,
    /// GitHub Actions
    Github,
    /// Actions of Gitea or Forgejo
    Gitea,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Bitbucket Pipelines
    Bitbucket,
    /// `CircleCI`
    Circleci,
    /// Buildkite
    Buildkite,
    /// Jenkins
    Jenkins,
}

impl From<Publish> for Mode {
    fn from(publish: Publish) -> Self {
        match publish {
            Publish::Auto => Self::Auto,
            Publish::Never => Self::Never,
            Publish::Require => Self::Require,
        }
    }
}

impl From<When> for Comment {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::OnFailure => Self::OnFailure,
            When::Never => Self::Never,
        }
    }
}

impl From<Host> for Choice {
    fn from(host: Host) -> Self {
        match host {
            Host::Auto => Self::Detect,
            Host::None => Self::Nothing,
            Host::Github => Self::This(Ci::GitHub),
            Host::Gitea => Self::This(Ci::Gitea),
            Host::Gitlab => Self::This(Ci::GitLab),
            Host::Azure => Self::This(Ci::Azure),
            Host::Bitbucket => Self::This(Ci::Bitbucket),
            Host::Circleci => Self::This(Ci::CircleCi),
            Host::Buildkite => Self::This(Ci::Buildkite),
            Host::Jenkins => Self::This(Ci::Jenkins),
        }
    }
}

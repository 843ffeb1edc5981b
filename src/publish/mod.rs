//! Publishing: the verdict to where people merge. It never changes the verdict, never takes longer
//! than its budget, and says in one line what it could not do.

pub mod client;
pub mod patience;
mod stick;
mod tree;
mod ends;
mod label;
pub mod github;
mod gitlab;
mod azure;
mod bitbucket;
mod apart;
mod reading;
mod approval;

use std::time::Duration;

use crate::host::annotate::Annotation;
use crate::host::check::Conclusion;
use crate::host::letter::{Key, Letter};
use crate::host::reply::{Deed, Refusal};
use crate::host::{Forge, Place, Pull};
use crate::metric::Value;
use client::Token;
pub use ends::Ends;
use patience::Patience;
pub use tree::Snapshot;

/// How long all of publishing may take.
const BUDGET: Duration = Duration::from_mins(2);
/// How long the load may have to wait for its check to be opened.
const OPENING: Duration = Duration::from_secs(10);
/// How long reading a file may take.
const READING: Duration = Duration::from_secs(30);
/// How long publishing may still take once a signal has come.
const AFTER_SIGNAL: Duration = Duration::from_secs(2);

/// Whether to publish at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Where there is a CI host, a pull request and a token.
    Auto,
    /// Not at all.
    Never,
    /// It must be done: a pass that could not be published is undelivered.
    Require,
}

/// When to comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    /// Under a pull request, where there is one.
    Auto,
    /// The same, and it is worth a warning where there is none.
    Always,
    /// Only where the gate did not pass; a comment that is there is updated in any case.
    OnFailure,
    /// Not at all.
    Never,
}

/// What is wanted of a forge.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Whether to publish at all.
    pub mode: Mode,
    /// When to comment.
    pub comment: Comment,
    /// A check, or a commit status where there can be none.
    pub check: bool,
    /// Who counts as us among the authors of comments; found out where empty.
    pub authors: Vec<String>,
    /// Tells the gates of one pull request apart.
    pub key: Key,
}

/// What is to be told.
#[derive(Clone, Debug)]
pub struct Told {
    /// How it ended.
    pub conclusion: Conclusion,
    /// The verdict and why, in one line.
    pub title: String,
    /// The summary, as Markdown.
    pub page: String,
    /// The same with fewer rows.
    pub short: String,
    /// What failed, at its line of the gate file.
    pub annotations: Vec<Annotation>,
    /// The numbers of the whole run, by their titles.
    pub figures: Vec<(&'static str, Value)>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The page of the comment.
    pub comment: Option<String>,
    /// What there is to say of it, a line each.
    pub said: Vec<String>,
    /// Something that was wanted could not be done.
    pub missed: bool,
}

/// A check or status that was opened, and must be closed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A check, by number.
    Check(u64),
    /// The status of a commit.
    Status,
}

/// A forge, as seen from a run, and what opens its door.
#[derive(Clone, Debug)]
pub struct Door {
    /// Where the run stands.
    pub place: Place,
    /// The token that the environment has for the forge.
    pub token: Option<Token>,
}

/// Publishes for one run at one place.
#[derive(Debug)]
pub struct Publisher {
    door: Door,
    wish: Wish,
}

impl Publisher {
    /// Speaks for a run at a forge.
    #[must_use]
    pub fn new(door: Door, wish: Wish) -> Self {
        Self { door, wish }
    }

    /// What tells the gates of one pull request apart, where anything may be published.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        Some(&self.wish.key).filter(|_| self.wish.mode != Mode::Never)
    }

    /// Where the run stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.door.place
    }

    /// Opens the check, so that a pull request shows that it is being tested. What cannot be opened
    /// is said, and the load begins all the same.
    #[must_use]
    pub fn open(&self) -> (Option<Opened>, Outcome) {
        let mut outcome = Outcome::default();
        if !self.wish.check || self.wish.mode == Mode::Never {
            return (None, outcome);
        }
        let Some(forge) = self.forge(&mut outcome) else { return (None, outcome) };
        let open = async || match forge {
            Forge::GitHub | Forge::Gitea => {
                github::open(&self.desk(), Patience::of(OPENING), &mut outcome).await
            }
            Forge::GitLab => gitlab::open(&self.desk(), Patience::of(OPENING), &mut outcome).await,
            Forge::Azure => azure::open(&self.desk(), Patience::of(OPENING), &mut outcome).await,
            // Its report is there once it is written.
            Forge::Bitbucket => None,
        };
        let opened = apart::apart(open).flatten();
        (opened, outcome)
    }

    /// Tells the forge how it ended. Once `stop` comes, there are two more seconds.
    #[must_use]
    pub fn tell(
        &self,
        opened: Option<Opened>,
        told: &Told,
        stop: impl Future<Output = ()> + Send,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if self.wish.mode == Mode::Never || !self.anything_wanted(told, &mut outcome) {
            return outcome;
        }
        let Some(forge) = self.forge(&mut outcome) else { return outcome };
        let tell = async || {
            let patience = Patience::of(BUDGET);
            let desk = self.desk();
            let work = async {
                let mut outcome = Outcome::default();
                match forge {
                    Forge::GitHub | Forge::Gitea => {
                        github::tell(&desk, opened, told, patience, &mut outcome).await;
                    }
                    Forge::GitLab => {
                        gitlab::tell(&desk, opened, told, patience, &mut outcome).await;
                    }
                    Forge::Azure => {
                        azure::tell(&desk, opened, told, patience, &mut outcome).await;
                    }
                    Forge::Bitbucket => bitbucket::tell(&desk, told, patience, &mut outcome).await,
                }
                outcome
            };
            let over = async {
                stop.await;
                tokio::time::sleep(AFTER_SIGNAL).await;
            };
            tokio::select! {
                outcome = work => outcome,
                () = over => missed(Refusal::OutOfTime.told(forge, Deed::Comment)),
            }
        };
        let done = apart::apart(tell);
        done.unwrap_or_else(|| missed("publishing broke down: a fault of loadgate".to_owned()))
    }

    /// Closes what was opened for a run that ended without a judgement.
    pub fn abandon(&self, opened: Opened) {
        let title = "loadgate broke down before there was a verdict".to_owned();
        let told = Told {
            conclusion: Conclusion::Broken,
            page: format!("{title}; see the log of the job.\n"),
            short: String::new(),
            title,
            annotations: Vec::new(),
            figures: Vec::new(),
        };
        // Whoever breaks down has said so already, and has no time left.
        let _ = self.tell(Some(opened), &told, std::future::ready(()));
    }

    /// Whether there is anything to publish in an event like this.
    fn anything_wanted(&self, told: &Told, outcome: &mut Outcome) -> bool {
        let commenting = match (&self.door.place.pull, self.wish.comment) {
            (_, Comment::Never)
            | (Pull::Queue, _)
            | (Pull::Nothing, Comment::Auto | Comment::OnFailure) => false,
            (Pull::Number(_) | Pull::ByHead(_), _) => told.is_whole(),
            (Pull::Unknown(why), _) => {
                outcome.miss(format!("no comment was posted: {why}; --pr N says which one"));
                false
            }
            (Pull::Nothing, Comment::Always) => {
                outcome.miss("no comment was posted: there is no pull request".to_owned());
                false
            }
        };
        commenting || self.wish.check
    }

    /// The forge, where it can be spoken to.
    fn forge(&self, outcome: &mut Outcome) -> Option<Forge> {
        let Some(forge) = self.door.place.forge else {
            let host = self.door.place.ci.name();
            outcome.miss(format!("{host} does not say which forge to publish to"));
            return None;
        };
        if self.door.token.is_none() && self.door.place.proxy.is_none() {
            let names = forge.tokens().join(" or ");
            let (name, advice) = (forge.name(), forge.advice());
            outcome.miss(format!("nothing was posted to {name}: {names} is not set{advice}"));
            return None;
        }
        Some(forge)
    }

    fn desk(&self) -> Desk<'_> {
        Desk { door: &self.door, wish: &self.wish }
    }
}

/// What every forge needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The forge.
    pub door: &'a Door,
    /// What is wanted.
    pub wish: &'a Wish,
}

impl Desk<'_> {
    /// Whether a comment may be made where there is none.
    #[must_use]
    pub fn may_create(&self, told: &Told) -> bool {
        self.wish.comment != Comment::OnFailure || told.conclusion != Conclusion::Pass
    }

    /// The comment.
    #[must_use]
    pub fn letter(&self, told: &Told) -> Letter {
        Letter::new(self.wish.key.clone(), &self.door.place, &told.page, &told.short)
    }
}

impl Told {
    /// Whether it is a judgement worth a comment: a run that was interrupted says nothing about the
    /// change.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.conclusion, Conclusion::Interrupted | Conclusion::Broken)
    }
}

impl Outcome {
    /// Says what could not be done.
    pub fn miss(&mut self, why: String) {
        self.missed = true;
        self.said.push(why);
    }
}

fn missed(why: String) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.miss(why);
    outcome
}

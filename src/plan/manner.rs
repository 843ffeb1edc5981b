//! What a request has from its scenario or from the target, where it does not say so itself.

use super::auth::AuthAsk;
use super::known::Known;
use super::reader::At;
use super::value::{Int, MOST_HOPS};
use super::{file, story};

/// What steps inherit.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner<'w> {
    /// The target's proof.
    target: Option<&'w At<AuthAsk>>,
    /// The scenario's proof.
    scenario: Option<&'w At<AuthAsk>>,
    /// Redirects that are followed.
    follow: Option<&'w Follow>,
}

/// What a step has where it does not say so itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Inherited<'w> {
    /// What it proves its sender by.
    pub(super) auth: Option<&'w At<AuthAsk>>,
    /// How many redirects it follows.
    pub(super) follow: Option<&'w Follow>,
}

/// A number of redirects.
pub(super) type Follow = Int<0, MOST_HOPS>;

impl<'w> Manner<'w> {
    /// As the target has it.
    pub(super) fn of(file: &'w file::File) -> Self {
        let target = file.target.value();
        let follow = target.and_then(|target| target.follow.value());
        let target = target.and_then(|target| target.auth.get());
        Self { target, scenario: None, follow }
    }

    /// As a scenario has it.
    pub(super) fn within(self, scenario: &'w story::Scenario) -> Self {
        let follow = scenario.follow.value().or(self.follow);
        Self { scenario: scenario.auth.get(), follow, ..self }
    }

    /// What a step has. What a scenario proves itself by holds from where its values are known, so
    /// that the step that takes them needs no exception.
    pub(super) fn step(self, known: &Known<'_>) -> Inherited<'w> {
        let ready = |at: &&At<AuthAsk>| at.value.names().iter().all(|name| !known.is_late(name));
        let auth = match self.scenario {
            Some(_) => self.scenario.filter(ready),
            None => self.target,
        };
        Inherited { auth, follow: self.follow }
    }
}

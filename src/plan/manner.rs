//! What a request has from its scenario or from the target, where it does not say so itself.

use super::auth::AuthAsk;
use super::known::Known;
use super::reader::At;
use super::{file, story};

/// What steps inherit.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner<'w> {
    /// The target's proof.
    target: Option<&'w At<AuthAsk>>,
    /// The scenario's proof.
    scenario: Option<&'w At<AuthAsk>>,
}

impl<'w> Manner<'w> {
    /// As the target has it.
    pub(super) fn of(file: &'w file::File) -> Self {
        let target = file.target.value().and_then(|target| target.auth.get());
        Self { target, scenario: None }
    }

    /// As a scenario has it.
    pub(super) fn within(self, scenario: &'w story::Scenario) -> Self {
        Self { scenario: scenario.auth.get(), ..self }
    }

    /// The proof of a step that has none of its own. What a scenario proves itself by holds from
    /// where its values are known, so that the step that takes them needs no exception.
    pub(super) fn auth(self, known: &Known<'_>) -> Option<&'w At<AuthAsk>> {
        let ready = |at: &&At<AuthAsk>| at.value.names().iter().all(|name| !known.is_late(name));
        match self.scenario {
            Some(_) => self.scenario.filter(ready),
            None => self.target,
        }
    }
}

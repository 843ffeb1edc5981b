//! The CI host around a command: what it is told in its own files and log, then what its forge is
//! told. None of it changes a verdict, and without a CI host nothing happens.

use std::path::{Path, PathBuf};

use super::agent;
use super::deliver::Delivered;
use super::extras;
use super::scene::Scene;
use super::voice::{Lookup, Voice};
use crate::cli::Publishing;
use crate::error::Exit;
use crate::host::annotate::{annotations, commands};
use crate::host::check::Conclusion;
use crate::host::letter::Key;
use crate::host::{Ci, log, output};
use crate::judge::finding::Judgement;
use crate::machine;
use crate::plan::Plan;
use crate::publish::{Mode, Opened, Outcome, Publisher, Told, Wish};
use crate::report::check::Mark;
use crate::report::markdown;
use crate::sanitise::{Clean, strip, unarmed};
use crate::store::{self, Store};

/// The most bytes of a comment for a forge that finds the usual one too long.
const SHORT: usize = 30_000;

/// The CI host around a command; nothing, outside of one.
pub(super) struct Around {
    host: Option<Host>,
    /// Publishing must not fail.
    required: bool,
}

/// A CI host, and who speaks to its forge.
struct Host {
    ci: Ci,
    lookup: Lookup,
    publisher: Publisher,
    /// The check, which must be closed again, also where we break down.
    opened: Option<Opened>,
    /// It was wanted and could not be opened.
    missed: bool,
    /// What ends the folded part of the log.
    folded: Option<String>,
    voice: Voice,
}

/// What a judgement leaves to be told.
#[derive(Clone, Copy)]
pub(super) struct Ending<'a> {
    /// The judgement.
    pub judgement: &'a Judgement,
    /// Its reports.
    pub delivered: &'a Delivered,
    /// Where they lie.
    pub store: &'a Store,
    /// What the process is going to end with.
    pub exit: Exit,
}

impl Around {
    /// No CI host at all.
    pub(super) fn nothing() -> Self {
        Self { host: None, required: false }
    }

    /// Speaks to the host and the forge that were found.
    pub(super) fn of(scene: Option<Scene>, ask: &Publishing, plan: &Plan, voice: &Voice) -> Self {
        let mode = Mode::from(ask.publish);
        let required = mode == Mode::Require;
        let Some(Scene { ci, lookup, door, authors }) = scene else {
            if required || ask.check || ask.pr.is_some() {
                voice.note("warning: no CI host is known, so nothing is published; --ci names one");
            }
            return Self { host: None, required };
        };
        let key = ask.comment_key.clone().unwrap_or_else(|| Key::of_gate(&plan.name));
        let wish = Wish { mode, comment: ask.comment.into(), check: ask.check, authors, key };
        let publisher = Publisher::new(door, wish);
        let voice = voice.clone();
        let host = Host { ci, lookup, publisher, opened: None, missed: false, folded: None, voice };
        Self { host: Some(host), required }
    }

    /// The files that the host reads, beside the reports.
    pub(super) fn files(&self) -> &'static [&'static str] {
        self.host.as_ref().map_or(&[], |host| host.ci.files())
    }

    /// Before anything that takes time: a pull request shows that it is being tested.
    pub(super) fn begin(&mut self, voice: &Voice) {
        let Some(host) = &mut self.host else { return };
        host.voice = voice.clone();
        let (opened, outcome) = host.publisher.open();
        host.opened = opened;
        host.missed = outcome.missed;
        host.speak(&outcome, false);
    }

    /// Before the load: the log folds from here, and the host is deaf to what comes from outside.
    pub(super) fn fold(&mut self) {
        let Some(host) = &mut self.host else { return };
        let (seconds, id) = (machine::seconds(), "loadgate");
        let (deaf, hearing) = log::deaf(host.ci, &machine::draw_word()).unzip();
        let begin = log::begin(host.ci, "load", id, seconds);
        let end = log::end(host.ci, id, seconds);
        let lines = |lines: [Option<String>; 2]| lines.into_iter().flatten().collect::<Vec<_>>();
        let begin = lines([begin, deaf]).join("\n");
        if !begin.is_empty() {
            host.voice.command(&begin);
            host.folded = Some(lines([hearing, end]).join("\n"));
        }
    }

    /// After the load: the log is open again.
    pub(super) fn unfold(&mut self) {
        if let Some(host) = &mut self.host {
            host.unfold();
        }
    }

    /// After the reports: the host's own files and log, then its forge. The exit code that is left.
    pub(super) fn tell(
        &mut self,
        plan: &Plan,
        ending: &Ending<'_>,
        stop: impl Future<Output = ()> + Send,
    ) -> Exit {
        let Some(host) = &mut self.host else {
            return if self.required { ending.exit.undelivered() } else { ending.exit };
        };
        let told = host.told(plan, ending);
        let whole = host.write(ending);
        let written = if whole { ending.exit } else { ending.exit.undelivered() };
        let ending = &Ending { exit: written, ..*ending };
        host.say_here(&told, ending);
        let outcome = host.publisher.tell(host.opened.take(), &told, stop);
        host.speak(&outcome, self.required);
        let exit = if self.required && (outcome.missed || host.missed) {
            ending.exit.undelivered()
        } else {
            ending.exit
        };
        let code = exit.code().to_string();
        let mut late = Vec::new();
        late.extend(outcome.comment.as_deref().map(|page| ("comment-url", page)));
        late.extend((exit != ending.exit).then_some(("exit-code", code.as_str())));
        host.output(&late);
        exit
    }
}

impl Host {
    fn told(&self, plan: &Plan, ending: &Ending<'_>) -> Told {
        let facts = &ending.delivered.facts;
        let file = self.seen_from_root(&plan.asked_in);
        let charts = self.publisher.place().draws_charts();
        Told {
            conclusion: Conclusion::of(ending.judgement),
            title: format!("{}: {}", facts.verdict.name(), facts.why),
            page: if charts {
                markdown::within(facts, markdown::MOST_BYTES, true)
            } else {
                ending.delivered.page.clone()
            },
            short: markdown::within(facts, SHORT, false),
            annotations: annotations(facts, file.as_deref()),
            figures: facts.figures(),
        }
    }

    /// The files that this host alone reads. Whether all of them lie where they should.
    fn write(&self, ending: &Ending<'_>) -> bool {
        let report = ending.store.path("report.html");
        let report = self.seen_from_root(&report.to_string_lossy());
        let place = self.publisher.place();
        let all = extras::all(&ending.delivered.facts, place, report.as_deref());
        extras::write(&all, ending.store, &self.voice)
    }

    /// A file's path from the root of the repository; `None` where it lies elsewhere.
    fn seen_from_root(&self, path: &str) -> Option<String> {
        let root = (self.lookup)(self.ci.workspace()).filter(|root| !root.is_empty());
        let path = match root {
            Some(root) => {
                let whole = std::path::absolute(path).ok()?;
                whole.strip_prefix(&root).ok()?.to_owned()
            }
            None => Some(PathBuf::from(path)).filter(|path| path.is_relative())?,
        };
        Some(Clean::line(&path.to_string_lossy().replace('\\', "/")).to_string())
    }

    /// The files and the log that the host reads. What cannot be written there is said, no more.
    fn say_here(&self, told: &Told, ending: &Ending<'_>) {
        if let Some(path) = self.path("GITHUB_STEP_SUMMARY") {
            let already = store::length(&path);
            if let Some(page) = output::fitting(&[&told.page, &told.short], already) {
                self.append(&path, page);
            }
        }
        self.order(&commands(self.ci, &told.annotations));
        if self.ci == Ci::Azure && store::length(&ending.store.path("summary.md")) > 0 {
            let path = std::path::absolute(ending.store.path("summary.md")).ok();
            let path = path.as_deref().and_then(Path::to_str);
            self.order(&path.and_then(output::shown_beside).unwrap_or_default());
        }
        if let (Ci::Buildkite, Some(key)) = (self.ci, self.publisher.key()) {
            let page = self.voice.masks().apply(&told.page);
            if let Err(why) = agent::annotate(key, told.conclusion, &page) {
                self.voice.note(&format!("warning: {why}"));
            }
        }
        let facts = &ending.delivered.facts;
        let failed = facts.marked(Mark::Fail).count().to_string();
        let code = ending.exit.code().to_string();
        let place = |name: &str| ending.store.path(name).to_string_lossy().into_owned();
        let (dir, junit, summary) = (place(""), place("junit.xml"), place("summary.md"));
        self.output(&[
            ("verdict", facts.verdict.name()),
            ("exit-code", &code),
            ("failed", &failed),
            ("report-path", dir.trim_end_matches('/')),
            ("junit", &junit),
            ("summary", &summary),
        ]);
    }

    /// Commands for the host, where it listens to them.
    fn order(&self, lines: &str) {
        if lines.is_empty() {
            return;
        }
        match self.ci {
            // Its documentation promises no more than that the agent reads stdout.
            Ci::Azure => self.voice.order(lines),
            Ci::GitHub
            | Ci::Gitea
            | Ci::GitLab
            | Ci::Bitbucket
            | Ci::CircleCi
            | Ci::Buildkite
            | Ci::Jenkins => self.voice.command(lines),
        }
    }

    /// Tells the steps after ours.
    fn output(&self, pairs: &[(&str, &str)]) {
        if let (Some(path), false) = (self.path("GITHUB_OUTPUT"), pairs.is_empty()) {
            let text = output::outputs(pairs, &machine::draw_word());
            self.append(&path, &self.voice.masks().apply(&text));
        }
    }

    fn append(&self, path: &Path, text: &str) {
        if let Err(unwritten) = store::append(path, text.as_bytes()) {
            self.voice.note(&format!("warning: {unwritten}"));
        }
    }

    /// A file that the host has made for us.
    fn path(&self, variable: &str) -> Option<PathBuf> {
        let speaks = match self.ci {
            Ci::GitHub | Ci::Gitea => true,
            Ci::GitLab | Ci::Azure | Ci::Bitbucket | Ci::CircleCi | Ci::Buildkite | Ci::Jenkins => {
                false
            }
        };
        let path = (self.lookup)(variable).filter(|path| speaks && !path.is_empty());
        path.map(PathBuf::from)
    }

    /// Says what became of publishing.
    fn speak(&self, outcome: &Outcome, aloud: bool) {
        for line in &outcome.said {
            // Longer than other lines: it says what to grant.
            let line = unarmed(&strip(line)).replace('\n', " ");
            let text = if outcome.missed { format!("warning: {line}") } else { line };
            if aloud && outcome.missed {
                self.voice.say(&text);
            } else {
                self.voice.remark(&text);
            }
        }
    }

    fn unfold(&mut self) {
        if let Some(end) = self.folded.take() {
            self.voice.command(&end);
        }
    }
}

impl Drop for Host {
    /// A check left open blocks a merge for ever, and a host left deaf obeys nobody: both are
    /// closed even where we break down.
    fn drop(&mut self) {
        self.unfold();
        if let Some(opened) = self.opened.take() {
            self.publisher.abandon(opened);
        }
    }
}

//! Watching Locust from its start to the end of its last process: every wait has a deadline.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::child::{Group, Word};
use super::facts::{Facts, apart};
use super::records::Records;
use super::rules::Ended;
use super::{Job, Seen, Standing, outcome};
use crate::run::{Run, Stop};
use crate::unit::show_duration;

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// The pause between two times that it is said how the run stands.
const SAY: Duration = Duration::from_secs(1);
/// How long Locust may take until its test begins; workers may have to come first.
const START: Duration = Duration::from_mins(5);
/// How long it may take after its end, beside what its users may take.
const END: Duration = Duration::from_mins(1);
/// How long it may take once it was told to end: GitHub kills a job after ten seconds in all.
const TOLD: [(Duration, Word); 3] = [
    (Duration::ZERO, Word::End),
    (Duration::from_secs(3), Word::EndAll),
    (Duration::from_secs(5), Word::Kill),
];
/// How long processes may outlive the first one.
const OUTLIVE: Duration = Duration::from_secs(20);
/// A run without an end of its own is ended after this.
const ENDLESS: Duration = Duration::from_hours(1);
/// Shorter than this, a silence does not end a run: it may be over before the run is.
const LEAST_STALL: Duration = Duration::from_secs(30);
/// Lines that are kept of what Locust said last.
const KEPT: usize = 20;

/// A run of Locust under way.
pub(super) struct Watch<'a> {
    job: &'a Job<'a>,
    group: Group,
    began: Instant,
    /// Since when it has been told to end, and how many words it heard.
    told: Option<(Instant, usize)>,
    /// Since when its first process is over.
    over: Option<Instant>,
    said: VecDeque<String>,
    ended: Ended,
    stop: Stop,
}

impl<'a> Watch<'a> {
    pub(super) fn new(job: &'a Job<'a>, group: Group) -> Self {
        Self {
            job,
            group,
            began: Instant::now(),
            told: None,
            over: None,
            said: VecDeque::new(),
            ended: Ended::default(),
            stop: Stop::End,
        }
    }

    /// Until nothing of Locust is left.
    pub(super) async fn until_the_end(
        mut self,
        records: &mut Records,
        mut see: impl FnMut(&Seen<'_>) -> Option<Stop>,
        stop: impl Future<Output = Stop>,
    ) -> (Ended, Stop) {
        let mut stop = pin!(stop);
        let mut said = Instant::now();
        let mut asked = false;
        while self.group.is_alive() {
            if asked {
                tokio::time::sleep(LOOK).await;
            } else {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    why = &mut stop => {
                        asked = true;
                        self.end(why);
                    }
                }
            }
            self.hear(&mut see);
            if let Err(why) = records.follow() {
                self.ended.failed = Some(format!("what Locust tells cannot be read: {why}"));
                self.group.tell(Word::Kill);
            }
            if said.elapsed() >= SAY {
                said = Instant::now();
                self.say(records, &mut see);
            }
            self.deadlines(&records.facts);
        }
        // Its last words may still be on their way.
        tokio::time::sleep(LOOK / 2).await;
        self.hear(&mut see);
        if let Err(why) = records.follow() {
            self.ended.failed = Some(format!("what Locust told cannot be read: {why}"));
        }
        self.ended.code = self.group.status().and_then(|status| status.code());
        self.ended.said = self.said.into_iter().collect();
        (self.ended, self.stop)
    }

    /// Says how it stands. Whoever hears that may end it.
    fn say(&mut self, records: &Records, see: &mut impl FnMut(&Seen<'_>) -> Option<Stop>) {
        let so_far = || {
            let ended = Ended { under_way: true, ..Ended::default() };
            outcome::run(self.job, records, &ended, Stop::Checkpoint).ok()
        };
        let why = see(&Seen::Stands(self.standing(&records.facts, &so_far)));
        if let Some(why) = why.filter(|_| records.facts.stopping.is_none()) {
            self.end(why);
        }
    }

    fn hear(&mut self, see: &mut impl FnMut(&Seen<'_>) -> Option<Stop>) {
        for line in self.group.heard() {
            see(&Seen::Said(&line));
            self.said.push_back(line);
            if self.said.len() > KEPT {
                self.said.pop_front();
            }
        }
    }

    /// Tells it to end, for a reason.
    fn end(&mut self, why: Stop) {
        if self.told.is_none() {
            self.ended.asked = true;
            self.stop = why;
            self.told = Some((Instant::now(), 0));
        }
    }

    fn deadlines(&mut self, facts: &Facts) {
        let waited = facts.begun.is_none() && self.began.elapsed() > START;
        let over = self.group.status().is_some();
        if over && self.over.is_none() {
            self.over = Some(Instant::now());
        }
        if let Some(late) = self.late(facts, waited).filter(|_| self.told.is_none()) {
            self.ended.late = Some(late);
            self.told = Some((Instant::now(), 0));
        }
        if self.told.is_none()
            && let Some(silent) = self.stalled(facts)
        {
            self.end(Stop::Stalled(silent));
        }
        if let Some((since, heard)) = self.told
            && let Some((after, word)) = TOLD.get(heard)
            && since.elapsed() >= *after
        {
            // A command may not hand it on to the Locust that it calls.
            let all = *word == Word::End && self.job.found.wraps;
            self.group.tell(if all { Word::EndAll } else { *word });
            self.told = Some((since, heard + 1));
        }
        let outlived = self.over.is_some_and(|since| since.elapsed() > OUTLIVE);
        if outlived {
            self.group.tell(Word::Kill);
        }
    }

    /// Why it should be over by now, where it should.
    fn late(&self, facts: &Facts, waited: bool) -> Option<String> {
        if waited {
            return Some(format!(
                "Locust had begun no test {} after its start: do its workers reach it?",
                show_duration(START)
            ));
        }
        let users = facts.asked.stop_timeout.unwrap_or(0.0).clamp(0.0, 86_400.0);
        let grace = END + Duration::try_from_secs_f64(users).unwrap_or_default();
        if let Some(stopping) = facts.stopping {
            return (since(stopping) > grace).then(|| {
                format!(
                    "Locust did not end within {} after its users had been told to, and was killed",
                    show_duration(grace)
                )
            });
        }
        let whole = self.whole(facts);
        let most = whole.map_or(ENDLESS, |whole| whole + grace);
        let passed = since(facts.begun?);
        (passed > most && facts.shape.is_none()).then(|| match whole {
            Some(whole) => format!(
                "Locust went on for {} after the {} that were asked, and was ended",
                show_duration(grace),
                show_duration(whole)
            ),
            None => format!(
                "Locust had no end and was ended after {}: write `run_time`",
                show_duration(ENDLESS)
            ),
        })
    }

    /// For how long nothing was answered, where that is long enough to end the run.
    fn stalled(&self, facts: &Facts) -> Option<Duration> {
        if facts.begun.is_none() || facts.stopping.is_some() {
            return None;
        }
        let patience = self.job.locust.stall_timeout.unwrap_or_else(|| facts.patience());
        let patience = patience.max(LEAST_STALL);
        let quiet = since(facts.last.or(facts.begun)?);
        let oldest = Duration::try_from_secs_f64(facts.oldest()).unwrap_or_default();
        (quiet >= patience && oldest >= patience).then_some(quiet)
    }

    fn whole(&self, facts: &Facts) -> Option<Duration> {
        let asked = facts.asked.run_time.and_then(|time| Duration::try_from_secs_f64(time).ok());
        asked.or(self.job.locust.run_time).filter(|_| facts.shape.is_none())
    }

    fn standing<'f>(&self, facts: &'f Facts, so_far: &'f dyn Fn() -> Option<Run>) -> Standing<'f> {
        Standing {
            elapsed: facts.begun.map_or_else(|| self.began.elapsed(), since),
            whole: self.whole(facts),
            sent: facts.counted,
            failed: facts.failed,
            times: &facts.times,
            users: facts.users.last().map_or(0, |(_, users)| *users),
            in_flight: facts.processes.iter().map(|process| process.flying.0).sum(),
            so_far,
        }
    }
}

/// How long a moment is ago.
fn since(moment: f64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    apart(moment, now.as_secs_f64())
}

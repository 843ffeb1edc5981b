//! Each scenario walked once, request by request, for somebody who looks at a gate file.

use std::time::{Duration, Instant};

use super::Order;
use super::jar::Jar;
use super::probe::{Answer, Errand, Hub, Kept, Probe, Rendered, Wire};
use super::reasons::too_late;
use super::step::{look, render};
use super::story::Story;
use crate::plan::scenario::{Live, Scenario, Step, Work};
use crate::sample::{End, Failure};
use crate::script::state::State;

/// A request that was made, and what came of it.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The scenario; the request's own name where it stands alone.
    pub scenario: &'a str,
    /// The tasks it belongs to, from the largest to the smallest.
    pub tasks: &'a [&'a str],
    /// The index of the request in the plan.
    pub request: usize,
    /// Path and query where they were written anew.
    pub path: Option<&'a [u8]>,
    /// How long the body is that was written anew.
    pub body: Option<usize>,
    /// What came back; `None` where nothing could be sent.
    pub answer: Option<&'a Answer>,
    /// The answer's headers and body.
    pub kept: &'a Kept,
    /// The names of what was taken out of it.
    pub taken: Vec<&'a str>,
    /// What is wrong, in words that quote no answer.
    pub wrong: Option<String>,
}

/// Steps that are made one after the other, and the tasks they belong to.
type Sequence<'a> = (Vec<&'a str>, &'a [Step]);

/// Walks each scenario once: start, every task, stop, without its rests. Whether all went well.
pub async fn rehearse<W: Wire>(
    order: &Order,
    wire: W,
    mut tell: impl FnMut(&Exchange<'_>),
) -> bool {
    let hub = wire.hub();
    let Some(story) = &order.story else { return alone(order, &hub, &mut tell).await };
    let mut well = true;
    for (user, scenario) in story.scenarios.iter().enumerate() {
        let mut visit = Visit {
            story,
            scenario,
            state: State::new(order.seed, user as u64),
            probe: hub.probe(),
            rendered: Rendered::default(),
            jar: scenario.cookies.then(Jar::default),
            order,
        };
        for feeder in &story.feeders[user] {
            if let Ok(row) = feeder.pick(user as u64, 0) {
                visit.state.keep_row(feeder.name(), row);
            }
        }
        let mut all = vec![(Vec::new(), &scenario.start[..])];
        sequences(&scenario.work, &[], &mut all);
        all.push((Vec::new(), &scenario.stop));
        for (tasks, steps) in &all {
            well &= visit.walk(tasks, steps, &hub, &mut tell).await;
        }
    }
    well
}

/// Requests that belong to no scenario, one by one.
async fn alone<H: Hub>(order: &Order, hub: &H, tell: &mut impl FnMut(&Exchange<'_>)) -> bool {
    let (mut probe, mut well) = (hub.probe(), true);
    for (request, (name, _)) in order.requests.iter().enumerate() {
        let mut kept = Kept::default();
        let by = Instant::now() + order.timeout;
        let errand = Errand { want: Some(&mut kept), ..Errand::default() };
        let begun = Instant::now();
        let mut answer = probe.fire_live(request, errand, by).await;
        let wrong = why(hub, request, &answer);
        let wrong = wrong.or_else(|| late(order.max_times[request], begun, &mut answer));
        well &= wrong.is_none();
        let (tasks, path, body, taken) = (&[][..], None, None, Vec::new());
        let (scenario, answer, kept) = (name.as_str(), Some(&answer), &kept);
        tell(&Exchange { scenario, tasks, request, path, body, answer, kept, taken, wrong });
    }
    well
}

/// Every sequence of some work, each task once.
fn sequences<'a>(work: &'a Work, tasks: &[&'a str], into: &mut Vec<Sequence<'a>>) {
    match work {
        Work::Steps(steps) => into.push((tasks.to_vec(), steps)),
        Work::Tasks(all) => {
            for task in all {
                let tasks: Vec<&str> = tasks.iter().copied().chain([task.name.as_str()]).collect();
                sequences(&task.work, &tasks, into);
            }
        }
    }
}

/// A user who shows a scenario.
struct Visit<'a, P> {
    story: &'a Story,
    scenario: &'a Scenario,
    state: State,
    probe: P,
    rendered: Rendered,
    jar: Option<Jar>,
    order: &'a Order,
}

impl<P: Probe> Visit<'_, P> {
    /// Makes steps until one goes wrong.
    async fn walk(
        &mut self,
        tasks: &[&str],
        steps: &[Step],
        hub: &impl Hub<Probe = P>,
        tell: &mut impl FnMut(&Exchange<'_>),
    ) -> bool {
        for step in steps {
            let request = step.request;
            let live = self.story.lives[request].as_ref();
            let mut kept = Kept::default();
            let (answer, wrong) = self.step(step, live, &mut kept, hub).await;
            let sent = live.filter(|_| answer.is_some());
            let exchange = Exchange {
                scenario: &self.scenario.name,
                tasks,
                request,
                path: sent.map(|_| &self.rendered.path[..]),
                body: sent.and_then(|live| live.body.as_ref()).map(|_| self.rendered.body.len()),
                answer: answer.as_ref(),
                kept: &kept,
                taken: step.extract.iter().map(|extract| &*extract.into).collect(),
                wrong,
            };
            tell(&exchange);
            if exchange.wrong.is_some() {
                return false;
            }
        }
        true
    }

    async fn step(
        &mut self,
        step: &Step,
        live: Option<&Live>,
        kept: &mut Kept,
        hub: &impl Hub<Probe = P>,
    ) -> (Option<Answer>, Option<String>) {
        if let Some(live) = live
            && let Err(what) = render(live, &mut self.state, &mut self.rendered)
        {
            return (None, Some(what));
        }
        let begun = Instant::now();
        let (by, parts) = (begun + self.order.timeout, live.map(|_| &self.rendered));
        let (jar, user) = (self.jar.as_mut(), Some(&mut self.state));
        let errand = Errand { parts, want: Some(&mut *kept), jar, user };
        let mut answer = self.probe.fire_live(step.request, errand, by).await;
        let wrong = match answer.end {
            End::Good(status) => {
                let unmet = look(step, live, (status, kept), &mut self.state).err();
                let most = self.order.max_times[step.request];
                unmet.map(|unmet| unmet.what).or_else(|| late(most, begun, &mut answer))
            }
            End::Failed { .. } => why(hub, step.request, &answer),
        };
        (Some(answer), wrong)
    }
}

/// Why a good answer came too late, if it did; counted from when it was asked for.
fn late(most: Option<Duration>, begun: Instant, answer: &mut Answer) -> Option<String> {
    // Opening a connection is part of the request that had to.
    let due = if answer.connecting.is_some() { begun } else { answer.sent };
    too_late(most, answer.done.saturating_duration_since(due), answer)
}

/// Why a request failed; nothing where it did not.
fn why(hub: &impl Hub, request: usize, answer: &Answer) -> Option<String> {
    let End::Failed { why, .. } = answer.end else { return None };
    let same = |(of, failure, _): &(usize, Failure, String)| (*of, *failure) == (request, why);
    let told = hub.examples().into_iter().find(same).map(|(_, _, what)| what);
    Some(told.map_or_else(|| why.to_string(), |what| format!("{why}: {what}")))
}

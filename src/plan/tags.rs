//! What is chosen or left out by its tags.

use std::collections::{BTreeSet, HashMap};

use super::fault::Fault;
use super::reader::{At, Reader, Text, visible};
use super::scenario::{Scenario, Step, Task, Work};
use super::value::OneOrMany;
use super::{Request, Source};

/// Which tags are wanted, and which are not.
pub(super) struct Tags<'a> {
    pub(super) only: &'a [String],
    pub(super) except: &'a [String],
    /// The run that they were read from; the flags' where there is none.
    run: Option<&'a str>,
}

const ONLY: &str = "--tags";
const EXCEPT: &str = "--exclude-tags";

impl<'a> Tags<'a> {
    /// Those of a source.
    pub(super) fn of(source: &Source<'a>) -> Self {
        Self { only: source.tags, except: source.exclude_tags, run: source.run }
    }

    /// Tells what is wrong where the tags stand: at the flag, or at the run that was made with it.
    fn fault(&self, flag: &str, message: String, hint: &str) -> Fault {
        let Some(run) = self.run else {
            return Fault::outside(flag, message, Some(hint.to_owned()));
        };
        let tags = if flag == ONLY { self.only } else { self.except };
        let tags = tags.iter().map(|tag| visible(tag)).collect::<Vec<_>>().join(",");
        let message = format!("{message}, but this run was made with `{flag} {tags}`");
        let hint = "judge it by the gate file that it was made with, or make a new run".to_owned();
        Fault::outside(run, message, Some(hint))
    }

    /// A selection that leaves no check would be green on nothing.
    pub(super) fn nothing_asked(&self) -> Fault {
        let flag = if self.only.is_empty() { EXCEPT } else { ONLY };
        let hint =
            "choose endpoints that `[sla]` asks something of, or ask something of the whole run";
        self.fault(flag, "no check of the gate file is left".to_owned(), hint)
    }

    /// Whether everything is wanted.
    pub(super) fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// What is wanted of the scenarios; a fault where that is nothing, or a tag is nobody's.
    pub(super) fn choose(&self, scenarios: &mut Vec<Scenario>) -> Vec<Fault> {
        let mut known = BTreeSet::new();
        for scenario in scenarios.iter() {
            known.extend(scenario.tags.iter().cloned());
            tags_of(&scenario.work, &mut known);
        }
        let listed = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let hint = if listed.is_empty() {
            "write `tags = [\"smoke\"]` in a scenario or a task".to_owned()
        } else {
            format!("the tags of the file are {listed}")
        };
        let flags = [(ONLY, self.only), (EXCEPT, self.except)];
        let mut faults = Vec::new();
        for (flag, tags) in flags {
            let unknown = tags.iter().filter(|tag| !known.contains(*tag));
            faults.extend(unknown.map(|tag| {
                let message = format!("nothing has the tag `{}`", visible(tag));
                self.fault(flag, message, &hint)
            }));
        }
        scenarios.retain_mut(|scenario| self.keeps(&scenario.tags, false, &mut scenario.work));
        if scenarios.is_empty() && faults.is_empty() {
            faults.push(self.fault(EXCEPT, "nothing is left to do".to_owned(), &hint));
        }
        faults
    }

    /// Whether something with these tags is wanted, or a part of it, which is then all of it.
    fn keeps(&self, tags: &[String], chosen: bool, work: &mut Work) -> bool {
        if tags.iter().any(|tag| self.except.contains(tag)) {
            return false;
        }
        let named = tags.iter().any(|tag| self.only.contains(tag));
        let chosen = chosen || self.only.is_empty() || named;
        match work {
            Work::Steps(_) => chosen,
            Work::Tasks(tasks) => {
                let wanted = |task: &mut Task| self.keeps(&task.tags, chosen, &mut task.work);
                tasks.retain_mut(wanted);
                !tasks.is_empty()
            }
        }
    }
}

/// The tags of something; of one that no flag can name, the reader is told.
pub(super) fn tags(written: Option<&OneOrMany<Text>>, reader: &mut Reader<'_>) -> Vec<String> {
    let all = written.iter().flat_map(|list| &list.0);
    for At { value, span } in all.clone() {
        let word = &value.value;
        if word.trim().is_empty() || word.trim() != word || word.contains(',') {
            let hint = "write a word such as \"smoke\"; `--tags` has commas between them";
            let message = format!("no flag can name the tag `{}`", value.shown);
            reader.fault(span.clone(), message, hint.to_owned());
        }
    }
    all.map(|at| at.value.value.clone()).collect()
}

fn tags_of(work: &Work, known: &mut BTreeSet<String>) {
    if let Work::Tasks(tasks) = work {
        for task in tasks {
            known.extend(task.tags.iter().cloned());
            tags_of(&task.work, known);
        }
    }
}

/// Forgets requests that no step makes any more, and endpoints that no request is counted under.
pub(super) fn forget(
    scenarios: &mut [Scenario],
    requests: &mut Vec<Request>,
    endpoints: &mut Vec<String>,
) {
    let mut made = BTreeSet::new();
    for scenario in scenarios.iter_mut() {
        each_step(scenario, &mut |step| {
            made.insert(step.request);
        });
    }
    let places: HashMap<usize, usize> = made.iter().copied().zip(0..).collect();
    for scenario in scenarios {
        each_step(scenario, &mut |step| step.request = places[&step.request]);
    }
    let mut at = 0..;
    requests.retain(|_| at.next().is_some_and(|at| made.contains(&at)));
    let counted: BTreeSet<usize> = requests.iter().map(|request| request.endpoint).collect();
    let places: HashMap<usize, usize> = counted.iter().copied().zip(0..).collect();
    for request in requests.iter_mut() {
        request.endpoint = places[&request.endpoint];
    }
    let mut at = 0..;
    endpoints.retain(|_| at.next().is_some_and(|at| counted.contains(&at)));
}

fn each_step(scenario: &mut Scenario, see: &mut impl FnMut(&mut Step)) {
    scenario.start.iter_mut().for_each(&mut *see);
    steps_of(&mut scenario.work, see);
    scenario.stop.iter_mut().for_each(&mut *see);
}

fn steps_of(work: &mut Work, see: &mut impl FnMut(&mut Step)) {
    match work {
        Work::Steps(steps) => steps.iter_mut().for_each(&mut *see),
        Work::Tasks(tasks) => tasks.iter_mut().for_each(|task| steps_of(&mut task.work, see)),
    }
}

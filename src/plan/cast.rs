//! `[[scenario]]` and `[[request]]` as they are written, made into who does what.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::endpoint::{self, name_is_good, written};
use super::feed::{self, Tables};
use super::known::{Known, all_names};
use super::manner::Manner;
use super::payload::Files;
use super::profile::Profile;
use super::reader::{At, Reader, Slot};
use super::scenario::{Feed, Pace, Scenario, Share, Step, Task, Work};
use super::stream::Stream;
use super::tags::{self, Tags};
use super::value::Many;
use super::{Request, file, group, live, share, story, take};
use crate::run::Model;
use crate::script::feeder::Pick;
use crate::script::template::{Place, Template};

/// The most endpoints of one gate file: each has histograms of its own.
const MOST: usize = 1_000;
/// How often a task comes at most that ends on a condition.
const USUAL_ROUNDS: u32 = 100;

/// Everything that is done, and who does it.
#[derive(Default)]
pub(super) struct Cast {
    pub(super) requests: Vec<Request>,
    pub(super) endpoints: Vec<String>,
    pub(super) scenarios: Vec<Scenario>,
    /// Endpoints that were left out by their tags.
    pub(super) left_out: Vec<String>,
}

/// Makes a cast out of a file, scenario by scenario, in the order of the file.
struct Maker<'m, 'a> {
    cast: Cast,
    /// The place of each endpoint, by its name.
    places: HashMap<String, usize>,
    /// The span of the first step beyond the most names.
    beyond: Option<Range<usize>>,
    /// The lines of scenarios, by name.
    lines: HashMap<String, usize>,
    tables: Tables,
    prefix: &'m str,
    files: Files<'m>,
    loads: &'m Loads<'m>,
    /// What steps have from their scenario or the target.
    manner: Manner<'m>,
    reader: &'m mut Reader<'a>,
}

/// How much there is to do: for all scenarios, and for those that say so themselves, by their
/// places.
pub(super) struct Loads<'m> {
    pub(super) shared: Option<&'m Profile>,
    pub(super) own: &'m BTreeMap<usize, Arc<Profile>>,
}

/// One entry of the file.
enum Entry<'f> {
    Request(&'f At<file::Request>),
    Scenario(&'f At<story::Scenario>),
}

/// Who does what; less than is written where the reader has been told why.
pub(super) fn cast(
    file: &file::File,
    prefix: &str,
    files: Files<'_>,
    loads: &Loads<'_>,
    tags: &Tags<'_>,
    reader: &mut Reader<'_>,
) -> Cast {
    let requests = file.request.value().map_or(&[][..], |many| &many.0);
    let scenarios = file.scenario.value().map_or(&[][..], |many| &many.0);
    endpoint::names_differ(requests, reader);
    share::add_up(scenarios, !requests.is_empty(), loads.shared, reader);
    let mut entries: Vec<_> =
        requests.iter().map(|at| (at.span.start, Entry::Request(at))).collect();
    entries.extend(scenarios.iter().map(|at| (at.span.start, Entry::Scenario(at))));
    entries.sort_by_key(|(start, _)| *start);
    let (cast, places, lines) = (Cast::default(), HashMap::new(), HashMap::new());
    let (beyond, tables) = (None, Tables::new());
    let manner = Manner::of(file);
    let mut maker =
        Maker { cast, places, beyond, lines, tables, prefix, files, loads, manner, reader };
    for (_, entry) in entries {
        match entry {
            Entry::Request(at) => maker.request(at),
            Entry::Scenario(at) => maker.scenario(at),
        }
    }
    maker.done(requests.len(), scenarios.is_empty(), tags)
}

impl<'m> Maker<'m, '_> {
    fn done(mut self, requests: usize, plain: bool, tags: &Tags<'_>) -> Cast {
        if let Some(span) = self.beyond.take() {
            let count = self.places.len();
            let message = if plain {
                format!("there are {requests} requests, {MOST} at most")
            } else {
                format!("there are {count} names of endpoints, {MOST} at most")
            };
            let hint = "a name is an endpoint, not a single address".to_owned();
            self.reader.fault(span, message, hint);
        }
        let Cast { scenarios, requests, endpoints, left_out } = &mut self.cast;
        // What is broken was not made; what is left of it is not to be judged by its tags.
        if !tags.is_all() && self.reader.faults.is_empty() {
            self.reader.faults.extend(tags.choose(scenarios));
            let before = endpoints.clone();
            tags::forget(scenarios, requests, endpoints);
            left_out.extend(before.into_iter().filter(|name| !endpoints.contains(name)));
        }
        if let Some(shared) = self.loads.shared.filter(|_| !self.loads.own.is_empty()) {
            let shared = Arc::new(shared.clone());
            for scenario in self.cast.scenarios.iter_mut().filter(|one| one.load.is_none()) {
                scenario.load = Some(Arc::clone(&shared));
            }
        }
        group::number(&mut self.cast.scenarios, &mut self.cast.endpoints);
        // Where nothing changes from one request to the next, they are drawn as they are.
        if plain && self.cast.requests.iter().all(|request| request.live.is_none()) {
            self.cast.scenarios.clear();
        }
        self.cast
    }

    /// A `[[request]]`: a scenario of one step.
    fn request(&mut self, at: &At<file::Request>) {
        let weight = at.value.weight.value();
        let weight = weight.map_or(1, |weight| u32::try_from(weight.0).unwrap_or(u32::MAX));
        let inherited = self.manner.step(&Known::alone());
        let written = endpoint::Written { inherited, ..written!(at, weight) };
        let mut uses = Vec::new();
        let made = endpoint::request(&written, self.prefix, self.files, &mut uses, self.reader);
        Known::alone().check(&uses, self.reader);
        let Some(request) = made else { return };
        let name = request.name.clone();
        let span = at.value.name.get().map_or(at.span.clone(), |name| name.span.clone());
        let step = Step {
            request: self.add(request, &at.span),
            extract: Vec::new(),
            wait: None,
            groups: Vec::new(),
        };
        self.name_is_new(&name, &span);
        self.cast.scenarios.push(Scenario {
            name,
            share: Share::Weight(weight),
            tags: tags::tags(at.value.tags.value(), self.reader),
            start: Vec::new(),
            work: Work::Steps(vec![step]),
            stop: Vec::new(),
            pace: Pace::None,
            feeds: Vec::new(),
            cookies: false,
            load: None,
        });
    }

    fn scenario(&mut self, at: &'m At<story::Scenario>) {
        let written = &at.value;
        let outside = self.manner;
        self.manner = outside.within(written);
        let load = self.loads.own.get(&at.span.start).cloned();
        let profile = load.as_deref().or(self.loads.shared);
        let share = share::share(written, profile, self.reader);
        let pace = self.pace(written, profile);
        let data = written.data.value();
        let feeds = feed::feeds(data, self.files, &mut self.tables, self.reader);
        // What a broken table would have known must not be told as unknown.
        let lost = data.map_or(0, |list| list.0.len()) > feeds.len();
        self.feeds_fit(written, profile, &feeds);
        let mut known = Known::of(&feeds, all_names(written));
        if lost || matches!(written.data, Slot::Bad) {
            known.believe_all();
        }
        let start = self.steps(&written.start, &mut known);
        let (steps, tasks) = (&written.steps, &written.task);
        let work = self.work("task", at.span.clone(), (steps, tasks), &mut known);
        let stop = self.steps(&written.stop, &mut known);
        self.manner = outside;
        let Some(name) = written.name.get() else { return };
        if !name_is_good(&name.value.template, &name.span, self.reader) {
            return;
        }
        self.name_is_new(&name.value.template, &name.span);
        let (name, tags) =
            (name.value.template.clone(), tags::tags(written.tags.value(), self.reader));
        let Some(work) = work else { return };
        let cookies = written.cookies.value().is_none_or(|flag| flag.0);
        self.cast.scenarios.push(Scenario {
            name,
            share,
            tags,
            start,
            work,
            stop,
            pace,
            feeds,
            cookies,
            load,
        });
    }

    /// Scenarios are told apart by their names, those of single requests too.
    fn name_is_new(&mut self, name: &str, span: &Range<usize>) {
        let line = self.reader.page.line(span.start);
        let Some(first) = self.lines.insert(name.to_owned(), line) else { return };
        // Of two requests of one name it has been told already.
        if self.reader.faults.iter().any(|fault| fault.span == *span) {
            return;
        }
        let message = format!("two scenarios are named `{name}`");
        let hint = format!("the first stands on line {first}; give each a name of its own");
        self.reader.fault(span.clone(), message, hint);
    }

    fn pace(&mut self, written: &story::Scenario, profile: Option<&Profile>) -> Pace {
        let given = [
            written.wait.get().map(|at| ("wait", &at.span, Pace::Wait(at.value.0))),
            written.paced.get().map(|at| ("paced", &at.span, Pace::Paced(at.value.0))),
            written.rate.get().map(|at| ("rate", &at.span, Pace::Paced(share::apart(at.value.0)))),
        ];
        let mut given = given.into_iter().flatten();
        let Some((first, span, pace)) = given.next() else { return Pace::None };
        for (key, span, _) in given {
            let hint = "a user rests for a while, or keeps a fixed pace".to_owned();
            let message = format!("`{first}` and `{key}` exclude each other");
            self.reader.fault(span.clone(), message, hint);
        }
        let open = profile.is_some_and(|profile| profile.model == Model::Open);
        if open && matches!(pace, Pace::Paced(_)) {
            let message =
                format!("`{first}` changes nothing with a rate: each arrival does its work once");
            let hint = "write `users` instead of a `rate` in `[load]`, or leave it out".to_owned();
            self.reader.warn(span.clone(), message, Some(hint));
        }
        pace
    }

    /// Each row once is enough for as many users as there are rows.
    fn feeds_fit(&mut self, written: &story::Scenario, profile: Option<&Profile>, feeds: &[Feed]) {
        let Some(profile) = profile.filter(|profile| profile.model == Model::Closed) else {
            return;
        };
        let alone = (!written.load.is_absent()).then(|| profile.peak() / 1_000_000);
        let share = written.fixed.value().map(|fixed| fixed.0).or(alone);
        let Some(users) = share.filter(|users| *users <= profile.peak()) else { return };
        let Some(data) = written.data.get() else { return };
        for feed in feeds.iter().filter(|feed| feed.pick == Pick::Once) {
            let rows = feed.table.rows() as u64;
            if rows < users {
                let name = &feed.name;
                let message = format!("`{name}` has {rows} rows, each once, for {users} users");
                let hint = "add rows, or write `pick = \"next\"`".to_owned();
                self.reader.fault(data.span.clone(), message, hint);
            }
        }
    }

    fn work(
        &mut self,
        key: &str,
        span: Range<usize>,
        (steps, tasks): (&Slot<Many<story::Step>>, &Slot<Many<story::Task>>),
        known: &mut Known<'_>,
    ) -> Option<Work> {
        let empty = |none: bool, slot_span: Option<&Range<usize>>| (none, slot_span.cloned());
        let (no_steps, steps_at) = match steps {
            Slot::Is(at) => empty(at.value.0.is_empty(), Some(&at.span)),
            Slot::Absent => empty(true, None),
            Slot::Bad => empty(false, None),
        };
        let no_tasks = match tasks {
            Slot::Is(at) => at.value.0.is_empty(),
            Slot::Absent => true,
            Slot::Bad => false,
        };
        if no_steps && no_tasks {
            let broken = steps_at.unwrap_or(span);
            if !self.reader.faults.iter().any(|fault| overlaps(&fault.span, &broken)) {
                let hint = "write `steps = [{ get = \"/\" }]`".to_owned();
                self.reader.fault(broken, "there is nothing to do here", hint);
            }
            return None;
        }
        if !no_steps && !no_tasks {
            let message = format!("`steps` and `{key}` exclude each other");
            let hint = "do all of it in order, or draw one of some tasks".to_owned();
            self.reader.fault(steps_at.unwrap_or(span), message, hint);
        }
        if no_tasks {
            return Some(Work::Steps(self.steps(steps, known)));
        }
        Some(Work::Tasks(self.tasks(&tasks.value()?.0, known)))
    }

    fn tasks(&mut self, written: &[At<story::Task>], known: &Known<'_>) -> Vec<Task> {
        let mut names = BTreeSet::new();
        let mut tasks = Vec::new();
        for at in written {
            let task = &at.value;
            // What one task takes, another one cannot rely on.
            let mut known = known.clone();
            let (steps, smaller) = (&task.steps, &task.tasks);
            let work = self.work("tasks", at.span.clone(), (steps, smaller), &mut known);
            let Some(name) = task.name.get() else { continue };
            let (text, span) = (&name.value.template, &name.span);
            if name_is_good(text, span, self.reader) && !names.insert(text.clone()) {
                let hint = "give each a name of its own".to_owned();
                let message = format!("two tasks side by side are named `{text}`");
                self.reader.fault(span.clone(), message, hint);
            }
            let weight = task.weight.value().map_or(1, |weight| weight.0);
            let until = self.until(task, &known);
            let usual = if until.is_some() { USUAL_ROUNDS } else { 1 };
            tasks.extend(work.map(|work| Task {
                name: text.clone(),
                weight: u32::try_from(weight).unwrap_or(u32::MAX),
                tags: tags::tags(task.tags.value(), self.reader),
                repeat: task.repeat.value().map_or((usual, usual), |one| (one.0, one.1)),
                until,
                work,
            }));
        }
        tasks
    }

    /// The condition that ends a task.
    fn until(&mut self, task: &story::Task, known: &Known<'_>) -> Option<Template> {
        let at = task.until.get()?;
        if !at.value.live {
            let hint = "write what ends it: `until = \"{{ state == 'done' }}\"`".to_owned();
            self.reader.fault(at.span.clone(), "`until` is the same for ever", hint);
            return None;
        }
        let mut uses = Vec::new();
        let template = live::template(at, Place::Body, &mut uses, self.reader);
        known.check(&uses, self.reader);
        template
    }

    fn steps(&mut self, written: &Slot<Many<story::Step>>, known: &mut Known<'_>) -> Vec<Step> {
        let steps = written.value().map_or(&[][..], |many| &many.0);
        steps.iter().filter_map(|at| self.step(at, known)).collect()
    }

    fn step(&mut self, at: &At<story::Step>, known: &mut Known<'_>) -> Option<Step> {
        let inherited = self.manner.step(known);
        let mut written = endpoint::Written { inherited, ..written!(at, 1) };
        let extract = take::extracts(at.value.extract.value(), self.reader);
        if !at.value.ws.is_absent() {
            take::of_head(&extract, at.value.extract.value(), self.reader);
            written.socket.extract.clone_from(&extract);
        }
        let mut uses = Vec::new();
        let made = endpoint::request(&written, self.prefix, self.files, &mut uses, self.reader);
        known.check(&uses, self.reader);
        known.learn(&at.value, self.reader);
        let groups = group::of(at.value.group.get(), self.reader);
        let mut request = made?;
        if let Some(Stream::Events(events)) = &mut request.stream {
            events.extract = extract.iter().filter(|one| one.needs_body()).cloned().collect();
        }
        let wait = at.value.wait.value().map(|wait| wait.0);
        Some(Step { request: self.add(request, &at.span), extract, wait, groups })
    }

    /// The index of a request, counted under the endpoint of its name.
    fn add(&mut self, mut request: Request, span: &Range<usize>) -> usize {
        let next = self.places.len();
        request.endpoint = *self.places.entry(request.name.clone()).or_insert(next);
        if request.endpoint == next {
            self.cast.endpoints.push(request.name.clone());
            if next == MOST {
                self.beyond = Some(span.clone());
            }
        }
        self.cast.requests.push(request);
        self.cast.requests.len() - 1
    }
}

fn overlaps(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

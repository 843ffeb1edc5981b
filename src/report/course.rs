//! Kept runs as text: one line each, and where their values changed.

use std::fmt::Write as _;
use std::time::Duration;

use crate::baseline::course::{self, Course, Turn};
use crate::baseline::group::Group;
use crate::baseline::{Kept, Shelf};
use crate::metric::{Metric, Value};
use crate::run::Run;
use crate::sanitise::Clean;
use crate::stats::history::FEWEST;
use crate::unit::Quantile;

/// The percentiles that are looked at.
pub const QUANTILES: [&str; 3] = ["50", "95", "99"];

/// The percentiles of latency that are looked at, as metrics.
#[must_use]
pub fn metrics() -> [Metric; 3] {
    QUANTILES.map(|digits| {
        Metric::Latency(Quantile::parse_percent(digits).expect("these are percentiles"))
    })
}

/// A change in a course, named.
#[derive(Clone, Debug)]
pub struct Named {
    /// The scope and the metric: `GET /cart p95`.
    pub what: Clean,
    /// Where and how large it is.
    pub turn: Turn,
}

/// Every change of the latencies of runs, in the order of scopes.
#[must_use]
pub fn changes(runs: &[&Kept]) -> Vec<Named> {
    let owned: Vec<Kept> = runs.last().map(|kept| (*kept).clone()).into_iter().collect();
    let mut all = Vec::new();
    for scope in course::scopes(&owned) {
        for metric in metrics() {
            let runs = runs.iter().map(|kept| &kept.run);
            let course = Course::of(runs, scope.as_deref(), metric);
            let name = scope.as_deref().unwrap_or("whole run");
            let what = Clean::line(&format!("{name} {metric}"));
            all.extend(course.turns().into_iter().map(|turn| Named { what: what.clone(), turn }));
        }
    }
    all
}

/// A change as a person reads it: `+12.3 %`.
#[must_use]
pub fn percent(log: f64) -> String {
    let share = log.exp_m1() * 100.0;
    let sign = if share < 0.0 { '−' } else { '+' };
    format!("{sign}{:.1} %", share.abs())
}

/// All kept runs, group by group.
#[must_use]
pub fn list(groups: &[Group<'_>]) -> String {
    let mut out = String::new();
    for (nth, group) in groups.iter().enumerate() {
        if nth > 0 {
            out.push('\n');
        }
        out.push_str(&one(group));
    }
    out
}

fn one(group: &Group<'_>) -> String {
    let last = group.runs.last().map(|kept| kept.run.load.profile.as_str()).unwrap_or_default();
    let load: String = group.load.chars().take(12).collect();
    let mut out = format!(
        "branch {}, {}\nload {load} ({}), {}\n",
        Clean::line(group.branch),
        Clean::line(&group.class.to_string()),
        Clean::line(last),
        runs(group.runs.len()),
    );
    for kept in &group.runs {
        let [p50, p95, p99] = metrics().map(|metric| shown(&kept.run, metric));
        let errors = shown(&kept.run, Metric::ErrorRate);
        let (id, commit) = (Clean::line(kept.id()), Clean::line(kept.short_commit()));
        let words = Clean::line(&group.words(kept.id()));
        let line = format!(
            "  {id:<26} {commit:<12} {:<6} p50 {p50:<9} p95 {p95:<9} p99 {p99:<9} \
             errors {errors:<7} {words}",
            kept.proof.name(),
        );
        writeln!(out, "{}", line.trim_end()).expect("writing into memory does not fail");
    }
    for Named { what, turn } in changes(&group.runs) {
        let at = group.runs[turn.at];
        let (commit, id) = (Clean::line(at.short_commit()), Clean::line(at.id()));
        let step = percent(turn.step);
        writeln!(out, "  changed: {what} {step} since {id} ({commit}), p = {:.3}", turn.p)
            .expect("writing into memory does not fail");
    }
    out
}

/// How many there are, and how many are missing until anything is compared.
fn runs(count: usize) -> String {
    let missing = FEWEST.saturating_sub(count);
    let plural = if count == 1 { "" } else { "s" };
    match missing {
        0 => format!("{count} runs"),
        _ => format!("{count} run{plural}: {missing} more until anything is compared"),
    }
}

/// A metric of the whole run.
fn shown(run: &Run, metric: Metric) -> String {
    value(run, None, metric).map_or_else(|| "–".to_owned(), |value| value.to_string())
}

/// A metric of a scope.
#[must_use]
pub fn value(run: &Run, scope: Option<&str>, metric: Metric) -> Option<Value> {
    course::tally(run, scope)?.read(metric, course::frame(run))
}

/// One kept run, with every scope.
#[must_use]
pub fn show(shelf: &Shelf, kept: &Kept) -> String {
    let origin = &kept.run.origin;
    let load = &kept.run.load;
    let said = shelf.marks.iter().filter(|mark| mark.run == kept.id());
    let class = crate::baseline::Class::of(origin).to_string();
    let facts = [
        ("run", kept.id().to_owned()),
        ("started", origin.started.clone()),
        ("commit", origin.commit.clone()),
        ("branch", kept.branch.clone()),
        ("proof", kept.proof.name().to_owned()),
        ("machine", class),
        ("gate file", origin.gate.clone()),
        ("load", format!("{}, {}", load.profile, origin.load_hash.get(..12).unwrap_or_default())),
        ("loadgate", origin.version.clone()),
    ];
    let marks = said.map(|mark| {
        let when = format!("{} since {} {}", mark.meaning.name(), mark.at, mark.reason);
        ("marked", when.trim_end().to_owned())
    });
    let mut out = String::new();
    for (name, value) in facts.into_iter().chain(marks) {
        writeln!(out, "{name:<10} {}", Clean::line(&value)).expect("memory");
    }
    for scope in course::scopes(std::slice::from_ref(kept)) {
        let scope = scope.as_deref();
        let told = |metric| value(&kept.run, scope, metric).map_or("–".to_owned(), short);
        let [p50, p95, p99] = metrics().map(told);
        let (count, errors) = (told(Metric::Count), told(Metric::ErrorRate));
        let name = Clean::line(scope.unwrap_or("whole run"));
        writeln!(out, "{name}: {count} requests, p50 {p50}, p95 {p95}, p99 {p99}, errors {errors}")
            .expect("memory");
    }
    out
}

fn short(value: Value) -> String {
    value.to_string()
}

/// A logarithm of microseconds in milliseconds.
#[must_use]
pub fn millis(log: f64) -> f64 {
    Duration::from_micros(1).as_secs_f64() * 1e3 * log.exp()
}

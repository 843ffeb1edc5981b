//! Probes of two gate files and what is expected of them, side by side.

use super::difference::{Difference, Part, Way};
use crate::plan::Plan;
use crate::plan::probe::ProbeLimit;
use crate::plan::threshold::Level;
use crate::unit::show_duration;

/// How they differ. A probe that asks something else is another probe: a limit on it is lost.
pub(super) fn compare(base: &Plan, change: &Plan) -> Vec<Difference> {
    let mut all = Vec::new();
    for old in &base.probe_limits {
        all.extend(limit(old, change));
    }
    let known = |new: &&ProbeLimit| !base.probe_limits.iter().any(|old| is_same(old, new));
    for new in change.probe_limits.iter().filter(known) {
        let told = Difference::new(Way::Added, Part::Sla, named(new)).to(words(new));
        all.push(Difference { level: new.level, ..told });
    }
    let judged = |name: &str| base.probe_limits.iter().any(|limit| limit.probe == name);
    for old in base.probes.iter().filter(|old| judged(&old.name)) {
        let new = change.probes.iter().find(|new| new.name == old.name);
        let what = format!("probe {}", old.name);
        match new {
            Some(new) if (&new.asks, new.unit) != (&old.asks, old.unit) => all.push(
                Difference::new(Way::Loosened, Part::Sla, what)
                    .from("what it asked")
                    .to("asks something else"),
            ),
            // A peak is missed more easily by who asks less often.
            Some(new) if new.every > old.every => {
                let [from, to] =
                    [old, new].map(|one| format!("every {}", show_duration(one.every)));
                all.push(Difference::new(Way::Loosened, Part::Sla, what).from(from).to(to));
            }
            Some(_) => {}
            None => all.push(Difference::new(Way::Removed, Part::Sla, what).from("was asked")),
        }
    }
    all
}

fn limit(old: &ProbeLimit, change: &Plan) -> Option<Difference> {
    let Some(new) = change.probe_limits.iter().find(|new| is_same(old, new)) else {
        let told = Difference::new(Way::Removed, Part::Sla, named(old)).from(words(old));
        return Some(Difference { level: old.level, ..told });
    };
    if (old.limit, old.level, old.required) == (new.limit, new.level, new.required) {
        return None;
    }
    let way = if covers(new, old) { Way::Tightened } else { Way::Loosened };
    let told = Difference::new(way, Part::Sla, named(old)).from(words(old)).to(words(new));
    Some(Difference { level: old.level, ..told })
}

/// Whether two limits are of one thing, from one side.
fn is_same(one: &ProbeLimit, other: &ProbeLimit) -> bool {
    one.probe == other.probe
        && one.gauge == other.gauge
        && one.level == other.level
        && one.limit.relation.is_upper() == other.limit.relation.is_upper()
}

/// Whether nothing that the first lets pass could be stopped by the second.
fn covers(one: &ProbeLimit, other: &ProbeLimit) -> bool {
    let same_unit = one.limit.bound.unit() == other.limit.bound.unit();
    let numbers = one.limit.bound.number().zip(other.limit.bound.number());
    let (Some((a, b)), true) = (numbers, same_unit) else { return false };
    let order = a.total_cmp(&b);
    let inner = if one.limit.relation.is_upper() { order.is_le() } else { order.is_ge() };
    let strict = ["<", ">"].contains(&one.limit.relation.sign());
    let open = ["<=", ">="].contains(&other.limit.relation.sign());
    inner && (order.is_ne() || strict || open) && (one.required || !other.required)
}

fn named(limit: &ProbeLimit) -> String {
    format!("probe.{} {}", limit.probe, limit.gauge)
}

fn words(limit: &ProbeLimit) -> String {
    let warn = if limit.level == Level::Warn { " (only warns)" } else { "" };
    let missing = if limit.required { "" } else { " (may be missing)" };
    format!("{}{warn}{missing}", limit.limit)
}

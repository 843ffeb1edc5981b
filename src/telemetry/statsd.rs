//! `StatsD`: counters as what was added since the last time, gauges as they are, times in
//! milliseconds; in the dialect of Datadog's agent with tags.

use super::{Counted, Snapshot};
use crate::metric::Value;
use crate::plan::outlet::Flavour;
use crate::sanitise::strip;

/// A datagram is no longer, so that it fits into a packet of Ethernet.
const MOST: usize = 1432;

/// The datagrams that tell what changed since `before`.
#[must_use]
pub fn render(now: &Snapshot, before: Option<&Snapshot>, flavour: Flavour) -> Vec<String> {
    // A load that began anew counts from zero again.
    let before = before.filter(|before| before.began == now.began);
    let mut lines = Lines { flavour, shared: &now.labels, all: Vec::new() };
    let (new, old) = (now.flow.pulse, before.map(|before| before.flow.pulse).unwrap_or_default());
    lines.counter("arrivals.planned", &[], new.planned, old.planned);
    lines.counter("arrivals", &[], new.released, old.released);
    lines.counter("arrivals.dropped", &[], new.dropped, old.dropped);
    lines.counter("requests.sent", &[], new.sent, old.sent);
    lines.gauge("in_flight", &[], &new.in_flight.to_string());
    lines.gauge("users", &[], &new.users.to_string());
    lines.counted(&now.whole, before.map(|before| &before.whole));
    for part in &now.endpoints {
        let same = |one: &&Counted| one.name == part.name && one.version == part.version;
        let old = before.and_then(|before| before.endpoints.iter().find(same));
        lines.counted(part, old);
    }
    if let Some(ended) = &now.ended {
        lines.gauge("verdict.exit_code", &[], &ended.exit_code.to_string());
    }
    packed(lines.all)
}

struct Lines<'a> {
    flavour: Flavour,
    shared: &'a [(String, String)],
    all: Vec<String>,
}

impl Lines<'_> {
    fn counted(&mut self, part: &Counted, old: Option<&Counted>) {
        let tags = [("endpoint", part.name.as_str()), ("version", part.version.unwrap_or(""))];
        // Of all together there is no tag; the sum of the others is not counted twice by its name.
        let of = if part.name.is_empty() { "run." } else { "" };
        let name = |name: &str| format!("{of}{name}");
        self.counter(&name("requests.good"), &tags, part.good, old.map_or(0, |old| old.good));
        for (why, count) in &part.failed {
            let same = |(other, _): &&(&str, u64)| other == why;
            let known = old.and_then(|old| old.failed.iter().find(same));
            let known = known.map_or(0, |(_, count)| *count);
            self.counter(&name(&format!("requests.failed.{why}")), &tags, *count, known);
        }
        for (percentile, value) in part.percentiles {
            // *Never* is no number, and is seen by the failures.
            if let Some(Value::Time(time)) = value {
                let millis = format!("{:.3}", time.as_secs_f64() * 1e3);
                self.gauge(&name(&format!("latency.{percentile}")), &tags, &millis);
            }
        }
    }

    fn counter(&mut self, name: &str, tags: &[(&str, &str)], new: u64, old: u64) {
        let more = new.saturating_sub(old);
        if more > 0 {
            self.line(name, tags, &format!("{more}|c"));
        }
    }

    fn gauge(&mut self, name: &str, tags: &[(&str, &str)], value: &str) {
        self.line(name, tags, &format!("{value}|g"));
    }

    fn line(&mut self, name: &str, tags: &[(&str, &str)], value: &str) {
        let shared = self.shared.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let some = |(_, value): &(&str, &str)| !value.is_empty();
        let line = match self.flavour {
            Flavour::Plain => {
                let parts = tags.iter().copied().filter(some);
                let parts: Vec<String> = parts.map(|(_, value)| word(value) + ".").collect();
                format!("loadgate.{}{name}:{value}", parts.concat())
            }
            Flavour::Datadog => {
                let tags = tags.iter().copied().chain(shared).filter(some);
                let tags: Vec<_> =
                    tags.map(|(name, value)| format!("{name}:{}", tag(value))).collect();
                let mark = if tags.is_empty() { "" } else { "|#" };
                format!("loadgate.{name}:{value}{mark}{}", tags.join(","))
            }
        };
        self.all.push(line);
    }
}

/// The part of a text that is told: no name of ours makes a line too long for a datagram.
const MOST_TEXT: usize = 120;

/// A part of a name: letters and digits, the rest as `_`.
fn word(text: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || sign == '-' { sign } else { '_' };
    text.chars().take(MOST_TEXT).map(sign).collect()
}

/// The value of a tag.
fn tag(text: &str) -> String {
    let text: String = strip(text).chars().take(MOST_TEXT).collect();
    text.replace([',', '|', '#', '\n', '\r', '\t', ':'], "_")
}

/// As many lines in a datagram as it holds; a line that is longer is left out.
fn packed(lines: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in lines.into_iter().filter(|line| line.len() <= MOST) {
        match all.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= MOST => {
                last.push('\n');
                last.push_str(&line);
            }
            Some(_) | None => all.push(line),
        }
    }
    all
}

//! `[probe.NAME]`, and limits on probes in `[sla]`, as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::export::SinkUrl;
use super::probe::{Gauge, UNITS};
use super::reader::{At, Node, Read, Reader, Slot, Text, nearest, table, visible};
use super::threshold::{Limit, Relation};
use super::value::{Dict, Flag, Lasting, schemas};
use crate::metric::{self, Metric};
use crate::unit::BadUnit;

/// A number as a limit has it.
const NUMBER: &str = r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?";
/// The table of `[sla]` that holds limits on probes.
pub(super) const PROBE: &str = "probe";

table! {
    /// What the service, or the machine it is on, is asked while the load is under way: by
    /// `prometheus` and `query`, by `get`, or by `command`.
    ProbeAsk as "`[probe.cpu]` with `prometheus = \"http://host:9090\"` and `query = \"…\"`" {
        /// A Prometheus server that is queried.
        prometheus: SinkUrl,
        /// The query; it must have one number for an answer.
        query: Text,
        /// A document of JSON with a number in it.
        get: SinkUrl,
        /// Where in the document the number is, as in /process/cpu (RFC 6901).
        json: Text,
        /// A command for the shell that prints the number first.
        command: Text,
        /// Headers of every request.
        headers: Dict<Text>,
        /// The unit of its answers; without one they are plain numbers.
        unit: UnitAsk,
        /// The time from one question to the next, 100ms at least. Default: 1s.
        every: Lasting,
        /// How long one answer may take. Default: 2s.
        timeout: Lasting,
    }
}

table! {
    /// A limit on a probe with more to say about it.
    ProbeRule as "`{ fail = \"< 80%\", warn = \"< 60%\" }`" {
        /// The gate fails when this does not hold.
        fail: Bounded,
        /// It is said when this does not hold, and the gate passes.
        warn: Bounded,
        /// `false`: having no answers is tolerated. Default: true.
        required: Flag,
    }
}

/// The unit of a probe.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitAsk(pub(super) &'static str);

/// A limit of a probe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounded(Limit);

/// What is asked of a probe's readings.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The probe.
    pub(super) probe: At<String>,
    pub(super) gauge: Gauge,
    pub(super) fail: Option<At<Limit>>,
    pub(super) warn: Option<At<Limit>>,
    pub(super) required: bool,
}

impl Read for UnitAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a unit such as \"%\"")?;
        let found = UNITS.into_iter().find(|unit| *unit == text.value.trim());
        if found.is_none() {
            let known: Vec<_> = UNITS.iter().map(|unit| format!("{unit:?}")).collect();
            reader.bad(node, "is no unit of a probe", format!("there is {}", known.join(", ")));
        }
        found.map(Self)
    }
}

impl Read for Bounded {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.united(node, "a limit such as \"< 80%\"", limit).map(Self)
    }
}

/// Reads `< 80%`: a relation, a number, a unit.
fn limit(text: &str) -> Result<Limit, BadUnit> {
    const SIGNS: [Relation; 4] =
        [Relation::AtMost, Relation::AtLeast, Relation::Below, Relation::Above];
    let text = text.trim();
    let Some(relation) = SIGNS.into_iter().find(|one| text.starts_with(one.sign())) else {
        let hint = format!("write `< {}`", text.trim_start_matches(['=', '≤', '≥', '~', ' ']));
        return Err(BadUnit::new("needs a relation: `<`, `<=`, `>` or `>=`", hint));
    };
    let rest = text[relation.sign().len()..].trim();
    let part = |sign: char| sign.is_ascii_digit() || "+-.eE".contains(sign);
    let end = rest.find(|sign| !part(sign)).unwrap_or(rest.len());
    let number = rest[..end].parse::<f64>().ok().filter(|number| number.is_finite());
    let Some(number) = number else {
        return Err(BadUnit::new("has no number", "write `< 80%`"));
    };
    let unit = rest[end..].trim();
    let Some(unit) = UNITS.into_iter().find(|one| *one == unit) else {
        let known: Vec<_> = UNITS.into_iter().filter(|unit| !unit.is_empty()).collect();
        return Err(BadUnit::new("has an unknown unit", format!("there is {}", known.join(", "))));
    };
    Ok(Limit { relation, bound: metric::Value::Number(number, unit) })
}

/// Whether a table of `[sla]` holds limits on probes, and is not an endpoint of that name.
pub(super) fn is_probes(key: &str, table: &DeTable<'_>) -> bool {
    let of_probe = |value: &Spanned<DeValue<'_>>| value.get_ref().is_table();
    key == PROBE
        && !table.keys().any(|key| Metric::parse(key.get_ref()).is_some())
        && table.values().all(of_probe)
}

/// Reads the limits on probes, in the order of the file.
pub(super) fn entries(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Vec<Entry> {
    let mut all = Vec::new();
    for (name, value) in table {
        let probe = At { value: name.get_ref().to_string(), span: name.span() };
        let Some(limits) = value.get_ref().as_table() else { continue };
        if limits.is_empty() {
            let hint = "write a limit such as `max = \"< 80%\"` in it".to_owned();
            reader.fault(name.span(), format!("`{}` asks nothing", probe.value), hint);
        }
        for (key, value) in limits {
            all.extend(entry(&probe, key, value, reader).map(|entry| (key.span().start, entry)));
        }
    }
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn entry(
    probe: &At<String>,
    key: &Spanned<Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    reader: &mut Reader<'_>,
) -> Option<Entry> {
    const GAUGES: [&str; 7] = ["max", "min", "mean", "last", "p50", "p95", "p99"];
    let name = key.get_ref();
    let Some(gauge) = Gauge::parse(name) else {
        let message = format!("`{}` is nothing that readings have", visible(name));
        let hint = match nearest(name, &GAUGES) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "of a probe there are max, min, mean, last, and percentiles: p95".to_owned(),
        };
        reader.fault(key.span(), message, hint);
        return None;
    };
    let node = Node { key: name, value };
    if !value.get_ref().is_table() {
        let Bounded(limit) = Bounded::read(node, reader)?;
        let fail = Some(At { value: limit, span: value.span() });
        return Some(Entry { probe: probe.clone(), gauge, fail, warn: None, required: true });
    }
    let rule = ProbeRule::read(node, reader)?;
    let plain =
        |slot: &Slot<Bounded>| slot.get().map(|at| At { value: at.value.0, span: at.span.clone() });
    if rule.fail.is_absent() && rule.warn.is_absent() {
        let hint = "write `fail = \"…\"`, `warn = \"…\"` or both".to_owned();
        reader.fault(key.span(), format!("`{name}` asks nothing"), hint);
    }
    Some(Entry {
        probe: probe.clone(),
        gauge,
        fail: plain(&rule.fail),
        warn: plain(&rule.warn),
        required: rule.required.value().is_none_or(|flag| flag.0),
    })
}

/// The schema of limits on probes.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Value {
    let limit = generator.subschema_for::<Bounded>();
    let rule = generator.subschema_for::<ProbeRule>();
    json!({
        "type": "object",
        "description": "Limits on probes, by name.",
        "additionalProperties": {
            "type": "object",
            "patternProperties": {
                "^(max|min|mean|last|p[0-9]{1,2}([._][0-9]{1,4})?)$": { "anyOf": [limit, rule] },
            },
            "additionalProperties": false,
            "minProperties": 1,
        },
    })
}

schemas! {
    UnitAsk, |_generator| json_schema!({
        "anyOf": [{ "enum": UNITS }, { "type": "string", "pattern": r"\$\{" }],
    });
    Bounded, |_generator| json_schema!({
        "type": "string",
        "pattern": format!(r"^\s*(<=?|>=?)\s*{NUMBER}\s*(%|ms|s|[kMG]?B|[KMG]iB|/s)?\s*$|\$\{{"),
        "examples": ["< 80%"],
    });
}

//! `[sla]` as it is written: metrics with their limits, of the whole run and of endpoints.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::confidence::{self, CONFIDENCE};
use super::gauge::{self, PROBE};
use super::metrics::metrics;
use super::reader::{At, Node, Read, Reader, Slot, Text, nearest, table, visible};
use super::threshold::{Limit, example_of};
use super::value::{Flag, Lasting, Time, schemas};
use crate::metric::Metric;
use crate::unit::Ratio;

/// All of `[sla]`, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Sla {
    pub(super) entries: Vec<Entry>,
    /// Limits on probes.
    pub(super) probes: Vec<gauge::Entry>,
    /// How sure a judgement must be.
    pub(super) confidence: Option<At<Ratio>>,
    /// How many keys ask for something, those included that could not be read.
    pub(super) written: usize,
}

/// One metric with what is asked of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The endpoints it is asked of; `None` for the whole run.
    pub(super) scope: Option<At<String>>,
    pub(super) metric: Metric,
    /// The metric as it is written, and where.
    pub(super) key: At<String>,
    pub(super) fail: Option<At<Limit>>,
    pub(super) warn: Option<At<Limit>>,
    pub(super) over: Option<At<Lasting>>,
    pub(super) during: Option<At<Text>>,
    pub(super) abort: Option<At<Time>>,
    pub(super) required: bool,
}

table! {
    /// A limit with more to say about it.
    Rule as "`{ fail = \"< 800ms\", warn = \"< 600ms\" }`" {
        /// The gate fails when this does not hold.
        fail: Bound,
        /// It is said when this does not hold, and the gate passes.
        warn: Bound,
        /// Each window of this length on its own, and not only the whole time.
        over: Lasting,
        /// The name of the stage that is looked at alone.
        during: Text,
        /// End the run early once `fail` is clearly breached, not before this time.
        abort: Time,
        /// `false`: having no samples is tolerated. Default: true.
        required: Flag,
    }
}

/// A limit of a rule, read once more when its metric is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound;

impl Read for Bound {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.value.get_ref().is_str() {
            reader.wrong_type(node, "a limit such as \"< 250ms\"", None);
            return None;
        }
        Some(Self)
    }
}

schemas! {
    Bound, |_generator| json_schema!({ "type": "string" });
}

const RULE_KEYS: [&str; 6] = ["fail", "warn", "over", "during", "abort", "required"];

/// Metrics as they are offered to somebody who misspelt one.
const METRICS: [&str; 18] = [
    "p50",
    "p90",
    "p95",
    "p99",
    "p99_9",
    "good_p95",
    "good_p99",
    "mean",
    "max",
    "error_rate",
    "throughput",
    "count",
    "status_5xx",
    "first_event_p95",
    "event_gap_p95",
    "events_per_second",
    "ws_connect_p95",
    "ws_round_trip_p95",
];

/// What other tools call our metrics.
const ELSEWHERE: [(&str, &str); 18] = [
    ("p100", "max"),
    ("avg", "mean"),
    ("average", "mean"),
    ("median", "p50"),
    ("med", "p50"),
    ("rps", "throughput"),
    ("rate", "throughput"),
    ("requests", "count"),
    ("errors", "error_rate"),
    ("fail_ratio", "error_rate"),
    ("failure_rate", "error_rate"),
    ("error_ratio", "error_rate"),
    ("http_req_failed", "error_rate"),
    ("ttft", "first_event_p95"),
    ("time_to_first_token", "first_event_p95"),
    ("itl", "event_gap_p95"),
    ("ws_connecting", "ws_connect_p95"),
    ("ws_ping", "ws_round_trip_p95"),
];

impl Read for Sla {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.table(node, "`[sla]`")?;
        let (entries, probes, confidence) = (Vec::new(), Vec::new(), None);
        let mut sla = Self { entries, probes, confidence, written: table.len() };
        for (key, value) in in_order(table) {
            if key.get_ref() == CONFIDENCE && value.get_ref().as_table().is_none() {
                sla.written -= 1;
                sla.confidence = confidence::read(Node { key: CONFIDENCE, value }, reader);
                continue;
            }
            match value.get_ref().as_table() {
                Some(table) if gauge::is_probes(key.get_ref(), table) => {
                    sla.probes = gauge::entries(table, reader);
                }
                Some(table) if is_scope(key.get_ref(), table, &RULE_KEYS) => {
                    let scope = At { value: key.get_ref().to_string(), span: key.span() };
                    sla.scope(&scope, table, reader);
                }
                Some(_) | None => sla.metric(None, key, value, reader),
            }
        }
        Some(sla)
    }
}

pub(super) type Key<'v> = Spanned<std::borrow::Cow<'v, str>>;

/// The entries of a table as they stand in the file.
pub(super) fn in_order<'v>(table: &'v DeTable<'v>) -> Vec<(&'v Key<'v>, &'v Spanned<DeValue<'v>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Whether a table under limits is a scope with metrics of its own, and not a metric with its rule
/// of these keys.
pub(super) fn is_scope(key: &str, table: &DeTable<'_>, rule_keys: &[&str]) -> bool {
    let rule = |key: &str| rule_keys.contains(&key) || is_decimals(key);
    let holds_metric = table.keys().any(|key| Metric::parse(key.get_ref()).is_some());
    let like_rule = !table.is_empty() && table.keys().all(|key| rule(key.get_ref()));
    if Metric::parse(key).is_some() { holds_metric } else { !like_rule }
}

/// The part behind the point of a bare `p99.9`.
pub(super) fn is_decimals(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}

impl Sla {
    fn scope(&mut self, scope: &At<String>, table: &DeTable<'_>, reader: &mut Reader<'_>) {
        if table.is_empty() {
            let hint = "write a limit such as `p99 = \"< 250ms\"` in it".to_owned();
            reader.fault(scope.span.clone(), format!("`{}` asks nothing", scope.value), hint);
        }
        for (key, value) in in_order(table) {
            self.metric(Some(scope), key, value, reader);
        }
    }

    /// Reads `metric = "< limit"`, `metric = { … }`, and the decimals of a bare `p99.9`.
    fn metric(
        &mut self,
        scope: Option<&At<String>>,
        key: &Key<'_>,
        value: &Spanned<DeValue<'_>>,
        reader: &mut Reader<'_>,
    ) {
        let name = key.get_ref();
        let Some(metric) = Metric::parse(name) else {
            return unknown_metric(name, key, reader);
        };
        let at = At { value: name.to_string(), span: key.span() };
        let Some(table) = value.get_ref().as_table() else {
            let node = Node { key: name, value };
            let fail = limit(node, metric, reader);
            let fail = fail.map(|limit| At { value: limit, span: value.span() });
            self.entries.extend(fail.map(|fail| Entry::plain(scope, metric, at, fail)));
            return;
        };
        let (decimals, rest): (Vec<_>, Vec<_>) =
            in_order(table).into_iter().partition(|(key, _)| is_decimals(key.get_ref()));
        for (part, value) in &decimals {
            let dotted = Spanned::new(
                key.span().start..part.span().end,
                format!("{name}.{}", part.get_ref()).into(),
            );
            self.metric(scope, &dotted, value, reader);
        }
        if decimals.is_empty() || !rest.is_empty() {
            self.rule(scope, metric, at, table, value, reader);
        }
    }

    fn rule(
        &mut self,
        scope: Option<&At<String>>,
        metric: Metric,
        key: At<String>,
        table: &DeTable<'_>,
        value: &Spanned<DeValue<'_>>,
        reader: &mut Reader<'_>,
    ) {
        let own = table.iter().filter(|(key, _)| !is_decimals(key.get_ref()));
        let own: DeTable<'_> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        let own = Spanned::new(value.span(), DeValue::Table(own));
        let node = Node { key: &key.value, value: &own };
        let Some(rule) = Rule::read(node, reader) else { return };
        if rule.fail.is_absent() && rule.warn.is_absent() {
            let hint = "write `fail = \"…\"`, `warn = \"…\"` or both".to_owned();
            reader.fault(key.span.clone(), format!("`{}` asks nothing", key.value), hint);
        }
        let fail = rule_limit(&own, "fail", metric, &rule.fail, reader);
        let warn = rule_limit(&own, "warn", metric, &rule.warn, reader);
        if rule.abort.get().is_some() && rule.fail.is_absent() {
            let message = "`abort` needs a limit that fails".to_owned();
            reader.fault(key.span.clone(), message, "write `fail = \"…\"` too".to_owned());
        }
        self.entries.push(Entry {
            scope: scope.cloned(),
            metric,
            key,
            fail,
            warn,
            over: rule.over.get().cloned(),
            during: rule.during.get().cloned(),
            abort: rule.abort.get().cloned(),
            required: rule.required.value().is_none_or(|flag| flag.0),
        });
    }
}

impl Entry {
    fn plain(scope: Option<&At<String>>, metric: Metric, key: At<String>, fail: At<Limit>) -> Self {
        Self {
            scope: scope.cloned(),
            metric,
            key,
            fail: Some(fail),
            warn: None,
            over: None,
            during: None,
            abort: None,
            required: true,
        }
    }
}

fn rule_limit(
    table: &Spanned<DeValue<'_>>,
    key: &str,
    metric: Metric,
    read: &Slot<Bound>,
    reader: &mut Reader<'_>,
) -> Option<At<Limit>> {
    read.get()?;
    let value = table.get_ref().get(key)?;
    let limit = limit(Node { key, value }, metric, reader)?;
    Some(At { value: limit, span: value.span() })
}

/// Reads a limit such as `"< 250ms"`.
fn limit(node: Node<'_>, metric: Metric, reader: &mut Reader<'_>) -> Option<Limit> {
    let expected = format!("a limit such as \"{}\"", example_of(metric));
    reader.united(node, &expected, |text| Limit::parse(text, metric))
}

fn unknown_metric(name: &str, key: &Key<'_>, reader: &mut Reader<'_>) {
    let lower = name.to_lowercase();
    let known = ELSEWHERE.iter().find(|(theirs, _)| *theirs == lower).map(|(_, ours)| *ours);
    let near = known.or_else(|| nearest(name, &METRICS));
    if name == CONFIDENCE {
        let message = "`confidence` is of all limits together".to_owned();
        return reader.fault(key.span(), message, "write it in `[sla]` itself".to_owned());
    }
    if beyond_percentiles(&lower) {
        let message = format!("there is no percentile `{}`", visible(name));
        let hint = "percentiles lie between p0 and p100, as in `p99` or `p99_9`".to_owned();
        return reader.fault(key.span(), message, hint);
    }
    let message = format!("unknown metric `{}`", visible(name));
    match near {
        Some(near) => {
            reader.fault(key.span(), format!("{message}, did you mean `{near}`?"), None);
        }
        None => reader.fault(
            key.span(),
            message,
            "metrics are p50 … p99_9, good_p50 …, mean, max, error_rate, throughput, count, \
             status_5xx, those of `loadgate explain`; an endpoint is a table, `[sla.\"GET /path\"]`"
                .to_owned(),
        ),
    }
}

/// `p101`, `p0`, `good_p250`: meant as a percentile, and none.
fn beyond_percentiles(name: &str) -> bool {
    let number = name.strip_prefix("good_").unwrap_or(name).strip_prefix('p');
    name != "p100" && Metric::parse(name).is_none() && number.is_some_and(is_decimals)
}

impl JsonSchema for Sla {
    fn schema_name() -> Cow<'static, str> {
        "Sla".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rule = Rule::json_schema(generator);
        let scope = json_schema!({
            "type": "object",
            "description": "What is expected of endpoints whose name matches; `*`: each endpoint.",
            "patternProperties": metrics(&rule, None),
            "additionalProperties": false,
            "minProperties": 1,
        });
        let mut of_whole = metrics(&rule, Some(&scope));
        of_whole.insert(format!("^{CONFIDENCE}$"), confidence::schema().to_value());
        let probes = serde_json::json!({ "anyOf": [gauge::schema(generator), scope] });
        of_whole.insert(format!("^{PROBE}$"), probes);
        json_schema!({
            "type": "object",
            "patternProperties": of_whole,
            "additionalProperties": scope,
        })
    }
}

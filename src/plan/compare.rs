//! `[regression]` as it is written: how versions are compared, and how much worse one may be.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{At, Node, Read, Reader, Slot, Text, nearest, table, visible};
use super::regression::{Inconclusive, Mode, Regression, example, is_comparable};
use super::sla::{Key, in_order, is_decimals, is_scope};
use super::value::{Int, Lasting, One, Word, schemas, shaped};
use crate::metric::{Better, Metric};
use crate::unit::{BadUnit, Margin, Ratio};

/// The most rounds of a comparison.
const MOST_ROUNDS: u64 = 100;
const FEWEST_ROUNDS: u64 = Regression::FEWEST_ROUNDS as u64;

/// All of `[regression]`, its checks in the order of the file.
#[derive(Debug)]
pub(super) struct Compare {
    pub(super) keys: Keys,
    pub(super) entries: Vec<Wish>,
}

/// One metric with what is asked of its change.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The endpoints it is asked of; `None` for the whole run.
    pub(super) scope: Option<At<String>>,
    pub(super) metric: Metric,
    /// The metric as it is written, and where.
    pub(super) key: At<String>,
    pub(super) fail: Option<At<Margin>>,
    pub(super) warn: Option<At<Margin>>,
    pub(super) floor: Option<At<Lasting>>,
}

table! {
    /// What is compared with earlier versions, and how much worse it may be. Metrics stand beside
    /// these keys: `p95 = "+5%"`; endpoints in tables of their own. Without any, each endpoint is
    /// asked for p50 +5%, p95 +10%, p99 +20% and `error_rate` +0.5pp; the run for throughput -5%
    /// where users wait for their answers.
    Keys as "`[regression]` with `p95 = \"+5%\"`" {
        /// The branch whose earlier runs are compared with.
        baseline: Text,
        /// The address of the version to compare with, which runs beside the target.
        against: Text,
        /// How sure a claim is, over all checks of the comparison together. Default: 99%.
        confidence: Percent,
        /// A smaller change is never claimed. Default: 1%; at least 2.5% without `restart`.
        ignore: Percent,
        /// What a comparison that cannot tell counts as: "fail" (exit code 3), "warn" (default), or
        /// "pass" (told in the reports alone).
        inconclusive: One<Inconclusive>,
        /// Side by side: how many rounds at most. Default: 16 with `restart`, 24 without.
        rounds: Int<FEWEST_ROUNDS, MOST_ROUNDS>,
        /// Side by side: the judged time of a round. Default: 30s with `restart`, 15s without.
        round: Lasting,
        /// Side by side: a command of the shell that starts one version anew before each round. The
        /// variables `LOADGATE_VERSION` (`new` or `base`) and `LOADGATE_URL` say which.
        restart: Text,
        /// Side by side: "duet" (default), both under load at once; "alternate", in short turns.
        mode: One<Mode>,
    }
}

table! {
    /// A limit of a change with more to say about it.
    ChangeRule as "`{ fail = \"+10%\", floor = \"2ms\" }`" {
        /// The gate fails when it became so much worse.
        fail: Moved,
        /// It is said when it became so much worse, and the gate passes.
        warn: Moved,
        /// A change must also be larger than this (latency).
        floor: Lasting,
    }
}

/// A limit of a change, read once more when its metric is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved;

impl Read for Moved {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.value.get_ref().is_str() {
            reader.wrong_type(node, "a change such as \"+5%\"", None);
            return None;
        }
        Some(Self)
    }
}

/// A share: `"99%"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Percent(pub(super) Ratio);

impl Read for Percent {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.united(node, "a share such as \"1%\"", Ratio::parse).map(Self)
    }
}

impl Word for Inconclusive {
    const NAME: &'static str = "Inconclusive";
    const ALL: &'static [(&'static str, Self)] =
        &[("fail", Self::Fail), ("warn", Self::Warn), ("pass", Self::Pass)];
}

impl Word for Mode {
    const NAME: &'static str = "Mode";
    const ALL: &'static [(&'static str, Self)] =
        &[("duet", Self::Duet), ("alternate", Self::Alternate)];
}

const KEYS: [&str; 9] = [
    "baseline",
    "against",
    "confidence",
    "ignore",
    "inconclusive",
    "rounds",
    "round",
    "restart",
    "mode",
];
const RULE_KEYS: [&str; 3] = ["fail", "warn", "floor"];

impl Read for Compare {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.table(node, Keys::EXAMPLE)?;
        let (own, rest): (Vec<_>, Vec<_>) =
            in_order(table).into_iter().partition(|(key, _)| KEYS.contains(&&**key.get_ref()));
        let own: DeTable<'_> = own.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let own = Spanned::new(node.value.span(), DeValue::Table(own));
        let keys = Keys::read(Node { key: node.key, value: &own }, reader)?;
        let mut compare = Self { keys, entries: Vec::new() };
        for (key, value) in rest {
            match value.get_ref().as_table() {
                Some(table) if is_scope(key.get_ref(), table, &RULE_KEYS) => {
                    let scope = At { value: key.get_ref().to_string(), span: key.span() };
                    compare.scope(&scope, table, reader);
                }
                Some(_) | None => compare.metric(None, key, value, reader),
            }
        }
        Some(compare)
    }
}

impl Compare {
    fn scope(&mut self, scope: &At<String>, table: &DeTable<'_>, reader: &mut Reader<'_>) {
        if table.is_empty() {
            let hint = "write a change such as `p95 = \"+5%\"` in it".to_owned();
            reader.fault(scope.span.clone(), format!("`{}` asks nothing", scope.value), hint);
        }
        for (key, value) in in_order(table) {
            self.metric(Some(scope), key, value, reader);
        }
    }

    /// Reads `metric = "+5%"`, `metric = { … }`, and the decimals of a bare `p99.9`.
    fn metric(
        &mut self,
        scope: Option<&At<String>>,
        key: &Key<'_>,
        value: &Spanned<DeValue<'_>>,
        reader: &mut Reader<'_>,
    ) {
        let name = key.get_ref();
        let Some(metric) = comparable(name, key, scope.is_some(), reader) else { return };
        let at = At { value: name.to_string(), span: key.span() };
        let Some(table) = value.get_ref().as_table() else {
            let fail = moved(Node { key: name, value }, metric, reader);
            let fail = fail.map(|fail| At { value: fail, span: value.span() });
            let scope = scope.cloned();
            let wish =
                |fail| Wish { scope, metric, key: at, fail: Some(fail), warn: None, floor: None };
            self.entries.extend(fail.map(wish));
            return;
        };
        let (decimals, rest): (Vec<_>, Vec<_>) =
            in_order(table).into_iter().partition(|(key, _)| is_decimals(key.get_ref()));
        for (part, value) in &decimals {
            let span = key.span().start..part.span().end;
            let dotted = Spanned::new(span, format!("{name}.{}", part.get_ref()).into());
            self.metric(scope, &dotted, value, reader);
        }
        if decimals.is_empty() || !rest.is_empty() {
            let rest: DeTable<'_> = rest.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            let rest = Spanned::new(value.span(), DeValue::Table(rest));
            self.rule(scope, metric, at, &rest, reader);
        }
    }

    fn rule(
        &mut self,
        scope: Option<&At<String>>,
        metric: Metric,
        key: At<String>,
        own: &Spanned<DeValue<'_>>,
        reader: &mut Reader<'_>,
    ) {
        let Some(rule) = ChangeRule::read(Node { key: &key.value, value: own }, reader) else {
            return;
        };
        if rule.fail.is_absent() && rule.warn.is_absent() {
            let hint = "write `fail = \"…\"`, `warn = \"…\"` or both".to_owned();
            reader.fault(key.span.clone(), format!("`{}` asks nothing", key.value), hint);
        }
        let fail = rule_limit(own, "fail", metric, &rule.fail, reader);
        let warn = rule_limit(own, "warn", metric, &rule.warn, reader);
        let floor = rule.floor.get().cloned();
        let times = matches!(metric, Metric::Latency(_) | Metric::Mean);
        if let Some(floor) = floor.as_ref().filter(|_| !times) {
            let hint = "leave it out".to_owned();
            reader.fault(floor.span.clone(), "`floor` is a time, and this metric is none", hint);
        }
        self.entries.push(Wish { scope: scope.cloned(), metric, key, fail, warn, floor });
    }
}

/// The metric of that name, if it can be compared.
fn comparable(name: &str, key: &Key<'_>, scoped: bool, reader: &mut Reader<'_>) -> Option<Metric> {
    const COMPARED: [&str; 7] = ["p50", "p95", "p99", "p99_9", "mean", "error_rate", "throughput"];
    const ALL: &str = "p50 … p99_9, mean, error_rate and throughput";
    match Metric::parse(name) {
        Some(metric) if is_comparable(metric) => return Some(metric),
        Some(_) => {
            let message = format!("`{}` is not compared", visible(name));
            reader.fault(key.span(), message, format!("compared are {ALL}"));
        }
        None => {
            let keys = if scoped { &[][..] } else { &KEYS[..] };
            let known: Vec<&str> = COMPARED.iter().chain(keys).copied().collect();
            if let Some(near) = nearest(name, &known) {
                let message = format!("unknown metric `{}`", visible(name));
                reader.fault(key.span(), format!("{message}, did you mean `{near}`?"), None);
                return None;
            }
            let message = format!("`{}` is not among {ALL}", visible(name));
            let hint = format!("allowed here: {}", KEYS.join(", "));
            reader.fault(key.span(), message, (!scoped).then_some(hint));
        }
    }
    None
}

fn rule_limit(
    table: &Spanned<DeValue<'_>>,
    key: &str,
    metric: Metric,
    read: &Slot<Moved>,
    reader: &mut Reader<'_>,
) -> Option<At<Margin>> {
    read.get()?;
    let value = table.get_ref().get(key)?;
    let limit = moved(Node { key, value }, metric, reader)?;
    Some(At { value: limit, span: value.span() })
}

/// Reads a change such as `"+5%"`, towards the worse side of its metric.
fn moved(node: Node<'_>, metric: Metric, reader: &mut Reader<'_>) -> Option<Margin> {
    let expected = format!("a change such as \"{}\"", example(metric));
    reader.united(node, &expected, |text| fitting(text, metric))
}

fn fitting(text: &str, metric: Metric) -> Result<Margin, BadUnit> {
    let example = example(metric);
    let unsigned = text.trim().trim_start_matches(['+', '-']);
    let sign = if metric.better() == Better::Higher { '-' } else { '+' };
    let margin = Margin::parse(text).map_err(|bad| {
        let hint =
            if bad.why == "needs a sign" { format!("write `{sign}{unsigned}`") } else { bad.hint };
        BadUnit { hint, ..bad }
    })?;
    let hint = format!("write a change such as `{example}`");
    if margin.is_points() != (metric == Metric::ErrorRate) {
        let why = if margin.is_points() {
            "is in percentage points, and this metric is no share"
        } else {
            "is a share of a share"
        };
        return Err(BadUnit::new(why, hint));
    }
    if margin.rises() == (sign == '-') {
        let better = if sign == '-' { "more" } else { "less" };
        let why = format!("is the wrong way round: of `{metric}`, {better} is better");
        return Err(BadUnit::new(why, format!("write `{sign}{unsigned}`")));
    }
    if !margin.rises() && margin.size() >= 1.0 {
        return Err(BadUnit::new("always holds", hint));
    }
    Ok(margin)
}

schemas! {
    Moved, |_generator| json_schema!({ "type": "string" });
    Percent, |_generator| shaped(PERCENT, "1%");
}

const PERCENT: &str = r"[0-9]+(\.[0-9]{1,4})?\s*%";

impl JsonSchema for Compare {
    fn schema_name() -> Cow<'static, str> {
        "Regression".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let scope = json_schema!({
            "type": "object",
            "description": "How much worse endpoints may be whose name matches; `*`: each.",
            "patternProperties": metrics(generator, None),
            "additionalProperties": false,
            "minProperties": 1,
        });
        let mut keys = Keys::json_schema(generator);
        let metrics = metrics(generator, Some(&scope));
        keys.insert("patternProperties".to_owned(), metrics.into());
        keys.insert("additionalProperties".to_owned(), scope.to_value());
        keys
    }
}

/// The schema of every metric by the pattern of its name; `[regression]` itself may hold scopes
/// too.
fn metrics(generator: &mut SchemaGenerator, scope: Option<&Schema>) -> Map<String, Value> {
    let number = r"[0-9]+(\.[0-9]{1,4})?\s*";
    let kinds = [
        (r"^p[0-9]{1,2}([._][0-9]{1,4})?$", format!(r"\+\s*{number}%"), "+5%"),
        ("^mean$", format!(r"\+\s*{number}%"), "+5%"),
        ("^throughput$", format!(r"[-−]\s*{number}%"), "-5%"),
        ("^error_rate$", format!(r"\+\s*{number}pp"), "+0.5pp"),
    ];
    let rule = ChangeRule::json_schema(generator);
    let schema = |(name, shape, example): (&str, String, &str)| {
        let plain = shaped(&shape, example).to_value();
        let rule = rule_schema(rule.clone(), &plain);
        let mut any = vec![plain.clone(), rule.clone()];
        if name.starts_with("^p") {
            let one = json!({ "anyOf": [plain, rule] });
            any.push(json!({
                "type": "object",
                "properties": rule["properties"],
                "patternProperties": { "^[0-9]{1,4}$": one },
                "additionalProperties": false,
                "minProperties": 1,
            }));
        }
        any.extend(scope.map(|scope| scope.clone().to_value()));
        (name.to_owned(), json!({ "anyOf": any }))
    };
    kinds.into_iter().map(schema).collect()
}

/// A rule whose limits have the shape of their metric.
fn rule_schema(mut rule: Schema, limit: &Value) -> Value {
    for level in ["/properties/fail", "/properties/warn"] {
        if let Some(Value::Object(text)) = rule.pointer_mut(level) {
            let limit = limit.as_object().into_iter().flatten();
            text.extend(limit.map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    rule.insert("anyOf".to_owned(), json!([{ "required": ["fail"] }, { "required": ["warn"] }]));
    rule.to_value()
}

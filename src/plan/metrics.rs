//! The schema of limits in `[sla]`, metric by metric.

use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use super::value::{DURATION, RATE};
use crate::metric::{Kind, Timing};

/// The schema of every metric by the pattern of its name; `[sla]` itself may hold scopes too.
pub(super) fn metrics(rule: &Schema, scope: Option<&Schema>) -> Map<String, Value> {
    let decimal = r"[0-9]{1,2}([._][0-9]{1,4})?$";
    let names = [
        (format!("^p{decimal}"), Kind::Time),
        (format!("^good_p{decimal}"), Kind::Time),
        ("^(mean|max)$".to_owned(), Kind::Time),
        (r"^error_rate$".to_owned(), Kind::Share),
        (r"^status_([1-5][0-9]{2}|[1-5][xX]{2})$".to_owned(), Kind::Share),
        (timings(decimal), Kind::Time),
        ("^(throughput|events_per_second)$".to_owned(), Kind::Rate),
        ("^count$".to_owned(), Kind::Count),
    ];
    let schema = |kind: Kind| {
        let plain = limit_schema(kind).to_value();
        let rule = rule_schema(rule.clone(), &plain);
        let mut any = vec![plain.clone(), rule.clone()];
        if kind == Kind::Time {
            any.push(decimals_schema(&plain, &rule));
        }
        any.extend(scope.map(|scope| scope.clone().to_value()));
        json_schema!({ "anyOf": any }).to_value()
    };
    names.into_iter().map(|(name, kind)| (name, schema(kind))).collect()
}

/// The pattern of percentiles of times inside requests.
fn timings(decimal: &str) -> String {
    let names: Vec<_> = Timing::ALL.into_iter().map(Timing::name).collect();
    format!("^({})_p{decimal}", names.join("|"))
}

/// A rule whose limits are of one kind.
fn rule_schema(mut rule: Schema, limit: &Value) -> Value {
    for level in ["/properties/fail", "/properties/warn"] {
        if let Some(Value::Object(text)) = rule.pointer_mut(level) {
            text.extend(
                limit.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())),
            );
        }
    }
    rule.insert("anyOf".to_owned(), json!([{ "required": ["fail"] }, { "required": ["warn"] }]));
    rule.to_value()
}

/// What a bare `p99.9` is to TOML: a table `p99` with a key `9`, which may hold a rule of its own.
fn decimals_schema(limit: &Value, rule: &Value) -> Value {
    let mut both = rule.clone();
    if let Value::Object(table) = &mut both {
        let one = json!({ "anyOf": [limit, rule] });
        table.insert("patternProperties".to_owned(), json!({ "^[0-9]{1,4}$": one }));
        table.remove("anyOf");
        table.insert("minProperties".to_owned(), 1.into());
    }
    both
}

fn limit_schema(kind: Kind) -> Schema {
    let (number, example) = match kind {
        Kind::Time => (DURATION, "< 250ms"),
        Kind::Share => (r"[0-9]+(\.[0-9]{1,4})?\s*%", "< 1%"),
        Kind::Rate => (RATE, "> 100/s"),
        Kind::Count => ("[0-9]+", ">= 1000"),
    };
    super::value::shaped(&format!(r"(<=?|>=?)\s*{number}"), example)
}

//! JSON, an object on each line: one for the whole run and one for each endpoint, and at the end
//! one for the verdict and each check.

use serde_json::{Map, Value as Json, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Counted, Snapshot};
use crate::metric::Value;

/// The lines, each with its end.
#[must_use]
pub fn render(now: &Snapshot) -> String {
    let mut out = String::new();
    let mut whole = counted(&now.whole);
    let pulse = now.flow.pulse;
    for (key, value) in [
        ("planned", json!(pulse.planned)),
        ("arrivals", json!(pulse.released)),
        ("dropped", json!(pulse.dropped)),
        ("sent", json!(pulse.sent)),
        ("in_flight", json!(pulse.in_flight)),
        ("users", json!(pulse.users)),
        ("lag_p99_ms", json!(now.flow.lag.map(|lag| lag.as_secs_f64() * 1e3))),
        ("cpu_share", json!(now.flow.cpu.map(crate::unit::Ratio::share))),
    ] {
        whole.insert(key.to_owned(), value);
    }
    line(&mut out, now, "run", whole);
    for part in &now.endpoints {
        line(&mut out, now, "endpoint", counted(part));
    }
    if let Some(ended) = &now.ended {
        for check in &ended.checks {
            let (value, unit) = check.got.unzip();
            let fields = [
                ("scope", json!(check.scope)),
                ("metric", json!(check.metric)),
                ("asked", json!(check.asked)),
                ("outcome", json!(check.outcome)),
                ("value", json!(value)),
                ("unit", json!(unit)),
            ];
            let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value));
            line(&mut out, now, "check", fields.collect());
        }
        let verdict = [("verdict", json!(ended.verdict)), ("exit_code", json!(ended.exit_code))];
        let verdict = verdict.into_iter().map(|(key, value)| (key.to_owned(), value));
        line(&mut out, now, "verdict", verdict.collect());
    }
    out
}

fn counted(part: &Counted) -> Map<String, Json> {
    let mut fields = Map::new();
    let mut add = |key: &str, value: Json| fields.insert(key.to_owned(), value);
    if !part.name.is_empty() {
        add("endpoint", json!(part.name));
    }
    if let Some(version) = part.version {
        add("version", json!(version));
    }
    add("requests", json!(part.count()));
    add("good", json!(part.good));
    add("failed", json!(part.failed.iter().copied().collect::<std::collections::BTreeMap<_, _>>()));
    for (name, value) in part.percentiles {
        // What cannot be a number is not left out: it would look like one that is missing.
        let value = value.map(|value| match value.number() {
            Some(millis) if value != Value::Never => json!(millis),
            Some(_) | None => json!("never"),
        });
        add(&format!("{name}_ms"), json!(value));
    }
    fields
}

fn line(out: &mut String, now: &Snapshot, kind: &str, mut fields: Map<String, Json>) {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.at));
    let moment = moment.ok().and_then(|moment| moment.format(&Rfc3339).ok());
    fields.insert("time".to_owned(), json!(moment));
    fields.insert("elapsed_s".to_owned(), json!(now.elapsed.as_secs_f64()));
    fields.insert("kind".to_owned(), json!(kind));
    let labels: Map<String, Json> =
        now.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    fields.insert("labels".to_owned(), Json::Object(labels));
    out.push_str(&Json::Object(fields).to_string());
    out.push('\n');
}

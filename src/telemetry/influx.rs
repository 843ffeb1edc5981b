//! `InfluxDB`'s line protocol, times in seconds, timestamps in nanoseconds
//! (<https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>).

use std::fmt::Write as _;

use super::{Counted, Snapshot};
use crate::metric::Value;
use crate::sanitise::strip;
use crate::stats::real;

/// The type of the request's body.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// The lines.
#[must_use]
pub fn render(now: &Snapshot) -> String {
    let mut out = String::new();
    let pulse = now.flow.pulse;
    let mut whole = counted(&now.whole);
    for (name, count) in [
        ("planned", pulse.planned),
        ("arrivals", pulse.released),
        ("dropped", pulse.dropped),
        ("sent", pulse.sent),
        ("in_flight", pulse.in_flight),
        ("users", pulse.users),
    ] {
        whole.push((name.to_owned(), format!("{count}i")));
    }
    whole.extend(now.flow.lag.map(|lag| ("lag_p99".to_owned(), lag.as_secs_f64().to_string())));
    whole.extend(now.flow.cpu.map(|cpu| ("cpu".to_owned(), cpu.share().to_string())));
    line(&mut out, "loadgate", &[], &whole, now);
    for part in &now.endpoints {
        let tags = [("endpoint", part.name.as_str()), ("version", part.version.unwrap_or(""))];
        line(&mut out, "loadgate_endpoint", &tags, &counted(part), now);
    }
    if let Some(ended) = &now.ended {
        let code = [("exit_code".to_owned(), format!("{}i", ended.exit_code))];
        line(&mut out, "loadgate_verdict", &[("verdict", ended.verdict)], &code, now);
        for check in &ended.checks {
            let (value, unit) = check.got.unzip();
            let tags = [
                ("scope", check.scope.as_str()),
                ("metric", &check.metric),
                ("outcome", check.outcome),
                ("unit", unit.unwrap_or("")),
            ];
            let mut fields = vec![("asked".to_owned(), quoted(&check.asked))];
            fields.extend(value.map(|value| ("value".to_owned(), value.to_string())));
            line(&mut out, "loadgate_check", &tags, &fields, now);
        }
    }
    out
}

/// The fields of requests. A percentile that is *never* is told by a field of its own.
fn counted(part: &Counted) -> Vec<(String, String)> {
    let mut fields = vec![
        ("requests".to_owned(), format!("{}i", part.count())),
        ("failed".to_owned(), format!("{}i", part.bad())),
    ];
    let by_class = part.failed.iter();
    fields.extend(by_class.map(|(why, count)| (format!("failed_{why}"), format!("{count}i"))));
    if part.count() > 0 {
        let mean = part.sum / real(part.count());
        fields.push(("mean".to_owned(), mean.to_string()));
    }
    for (name, value) in part.percentiles {
        match value {
            Some(Value::Time(time)) => {
                fields.push((name.to_owned(), time.as_secs_f64().to_string()));
            }
            Some(Value::Never) => fields.push((format!("{name}_never"), "true".to_owned())),
            Some(Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..)) | None => {
            }
        }
    }
    fields
}

fn line(
    out: &mut String,
    measurement: &str,
    tags: &[(&str, &str)],
    fields: &[(String, String)],
    now: &Snapshot,
) {
    out.push_str(measurement);
    let shared = now.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in tags.iter().copied().chain(shared) {
        let value = tag(&strip(value));
        // A tag cannot be empty.
        if !value.is_empty() {
            let _ = write!(out, ",{name}={value}");
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(out, " {} {}", fields.join(","), now.at);
}

/// The value of a tag. It cannot end with a backslash, which would hide what follows.
fn tag(value: &str) -> String {
    let line = value.replace(['\n', '\r', '\t'], " ");
    let plain = line.trim().trim_end_matches('\\').trim_end();
    plain.replace(',', "\\,").replace('=', "\\=").replace(' ', "\\ ")
}

/// A text as a field.
fn quoted(text: &str) -> String {
    let line = strip(text).replace(['\n', '\r'], " ");
    format!("\"{}\"", line.replace('\\', "\\\\").replace('"', "\\\""))
}

//! `[[accept]]`: regressions that are known, and let pass until a day.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::glob;
use super::reader::{At, Node, Read, Reader, Slot, Text, nearest, table};
use super::regression::is_comparable;
use super::threshold::Selector;
use super::value::{Many, schemas};
use crate::metric::Metric;

/// A regression that is known, and let pass until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// Of what: the whole run, or endpoints by name.
    pub selector: Selector,
    /// Which metric may be worse.
    pub metric: Metric,
    /// Why; said in every report.
    pub reason: String,
    /// The last day on which it holds, `2026-12-31`, in UTC.
    pub until: String,
    /// Who answers for it.
    pub by: String,
    /// The line of the gate file it stands on, 1-based.
    pub line: usize,
}

impl Accept {
    /// Whether it still holds on a day, or at a time of RFC 3339.
    #[must_use]
    pub fn holds(&self, day: &str) -> bool {
        day.get(..10).is_some_and(|day| day <= self.until.as_str())
    }
}

table! {
    /// A regression that is known, and let pass until a day: shown in every report.
    AcceptAsk as "`[[accept]]` with `metric`, `reason`, `until` and `by`" {
        /// The endpoint's name; `*` and `?` match. Default: the whole run.
        scope: Text,
        /// The metric that is known to be worse: `p95`, `mean`, `throughput`, `error_rate`.
        metric (required): Text,
        /// Why it is let pass.
        reason (required): Text,
        /// The last day on which it is, in UTC: "2026-12-31".
        until (required): Day,
        /// Who answers for it.
        by (required): Text,
    }
}

/// A day, as a string or as a date of TOML: `2026-12-31`.
#[derive(Clone, Debug)]
pub(super) struct Day(String);

impl Read for Day {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match node.value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => reader.text(node, "a day such as \"2026-12-31\"")?.value,
        };
        let day = text.trim();
        if !is_day(day) {
            let hint = "write year, month and day: `2026-12-31`".to_owned();
            reader.bad(node, "is not a day", hint);
            return None;
        }
        Some(Self(day.to_owned()))
    }
}

schemas! {
    Day, |_generator| json_schema!({
        "type": "string",
        "pattern": r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$|\$\{",
        "examples": ["2026-12-31"],
    });
}

/// Whether a text is a day of the calendar.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u16>().ok());
    let month = part(5, 7).and_then(|month| time::Month::try_from(u8::try_from(month).ok()?).ok());
    let day = part(8, 10).and_then(|day| u8::try_from(day).ok());
    let known = |year: u16| {
        let (month, day) = month.zip(day)?;
        time::Date::from_calendar_date(year.into(), month, day).ok()
    };
    shaped && part(0, 4).and_then(known).is_some()
}

/// Reads what is accepted. `names` are the endpoints; `compared`: whether anything is.
pub(super) fn accepts(
    written: &Slot<Many<AcceptAsk>>,
    names: &[&str],
    compared: bool,
    reader: &mut Reader<'_>,
) -> Vec<Accept> {
    let all = written.value().map_or(&[][..], |many| &many.0);
    if let Some(first) = all.first().filter(|_| !compared) {
        let message = "nothing is compared here, so nothing is accepted either".to_owned();
        let hint = "write `[regression]`, or give `--against` or a baseline".to_owned();
        reader.warn(first.span.clone(), message, Some(hint));
    }
    all.iter().filter_map(|at| accept(at, names, reader)).collect()
}

fn accept(at: &At<AcceptAsk>, names: &[&str], reader: &mut Reader<'_>) -> Option<Accept> {
    let AcceptAsk { scope, metric, reason, until, by } = &at.value;
    for text in [reason, by] {
        if let Some(at) = text.get().filter(|at| at.value.value.trim().is_empty()) {
            reader.fault(
                at.span.clone(),
                "this says nothing",
                "name a person, give a reason".to_owned(),
            );
        }
    }
    let asked = metric.get()?;
    let known = Metric::parse(&asked.value.value).filter(|metric| is_comparable(*metric));
    if known.is_none() {
        let message = format!("`{}` is nothing that is compared", asked.value.shown);
        let hint = "write p50 … p99_9, mean, throughput or error_rate".to_owned();
        reader.fault(asked.span.clone(), message, hint);
    }
    let selector = match scope.get() {
        None if scope.is_absent() => Selector::Whole,
        None => return None,
        Some(scope) => {
            known_scope(scope, names, reader);
            Selector::Endpoints(scope.value.value.clone())
        }
    };
    Some(Accept {
        selector,
        metric: known?,
        reason: reason.value()?.shown.trim().to_owned(),
        until: until.value()?.0.clone(),
        by: by.value()?.shown.trim().to_owned(),
        line: reader.page.line(at.span.start),
    })
}

/// A scope that matches no endpoint accepts nothing: said before the load.
fn known_scope(scope: &At<Text>, names: &[&str], reader: &mut Reader<'_>) {
    let pattern = &scope.value.value;
    if names.is_empty() || names.iter().any(|name| glob::selects(pattern, name)) {
        return;
    }
    let hint = nearest(pattern, names).map(|near| format!("did you mean `{near}`?"));
    reader.warn(scope.span.clone(), format!("`{}` matches no endpoint", scope.value.shown), hint);
}

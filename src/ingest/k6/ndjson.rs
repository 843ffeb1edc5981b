//! `--out json`: a line for each point of each metric. Most lines are skipped by their first bytes.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memmem::Finder;
use serde::Deserialize;

use super::{ended, name};
use crate::ingest::class::status;
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::Lines;
use crate::ingest::number::{MILLI, moment, time_of};

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let line = head.first();
    let kind = line.has("\"type\":\"Metric\"") || line.has("\"type\":\"Point\"");
    head.begins("{") && kind && line.has("\"metric\":\"") && line.has("\"data\":{")
}

/// A line that counts.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
}

#[derive(Deserialize)]
struct Tags<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    expected_response: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
}

/// What lines are wanted.
struct Wanted {
    duration: Finder<'static>,
    users: Finder<'static>,
    data: Finder<'static>,
}

/// How a line goes on behind its metric.
const POINT: &[u8] = b"\",\"type\":\"Point\",\"data\":{";

impl Wanted {
    fn new() -> Self {
        let finder = |text: &'static str| Finder::new(text.as_bytes());
        Self {
            duration: finder("\"metric\":\"http_req_duration\""),
            users: finder("\"metric\":\"vus\""),
            data: finder("\"data\":{"),
        }
    }

    /// Whether a line is about a metric that counts. Newer versions of k6 begin a line with the
    /// metric, older ones end with it.
    fn has(&self, line: &[u8]) -> bool {
        if let Some(rest) = line.strip_prefix(b"{\"metric\":\"") {
            return rest.starts_with(b"http_req_duration\"") || rest.starts_with(b"vus\"");
        }
        self.duration.find(line).is_some() || self.users.find(line).is_some()
    }

    /// A line that is not wanted must still be one, and only one: that of another writer may lie
    /// within it. What does not look like a point of newer versions is parsed.
    fn whole(&self, line: &[u8]) -> Result<(), No> {
        let line = line.trim_ascii();
        let data = line.strip_prefix(b"{\"metric\":\"").and_then(|rest| {
            let end = memchr(b'"', rest)?;
            rest[end..].strip_prefix(POINT)?.strip_suffix(b"}}")
        });
        if data.is_some_and(|data| self.data.find(data).is_none()) {
            return Ok(());
        }
        parse(line).map(|_| ())
    }
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let wanted = Wanted::new();
    let mut spelled = String::new();
    let tail = Lines::new(input, intake.partial).each(|line| {
        if !wanted.has(line) {
            return wanted.whole(line);
        }
        point(line, intake, &mut spelled)
    })?;
    intake.tail(tail);
    told(intake);
    Ok(())
}

/// What must be known of k6's times.
pub(super) fn told(intake: &mut Intake) {
    intake
        .note("k6 times a request from sending it: name resolution, connecting and TLS are not in");
}

fn parse(line: &[u8]) -> Result<Line<'_>, No> {
    let text = std::str::from_utf8(line).map_err(|_| No::from("is no UTF-8"))?;
    serde_json::from_str(text).map_err(|why| {
        let place = format!(" at line {} column {}", why.line(), why.column());
        No::from(format!("is no JSON of k6: {}", why.to_string().replace(&place, "")))
    })
}

fn point(line: &[u8], intake: &mut Intake, spelled: &mut String) -> Result<(), No> {
    let point = parse(line)?;
    if point.r#type != "Point" {
        return Ok(());
    }
    let time = point.data.time.as_deref().and_then(|time| moment(time.as_bytes()));
    let time = time.ok_or("has no time")?;
    let value = point.data.value.ok_or("has no value")?;
    if point.metric == "vus" {
        let users = time_of(value, 1).ok_or("has no number of users")?.as_nanos();
        let users = u64::try_from(users).unwrap_or(u64::MAX);
        intake.told.users = intake.told.users.max(users);
        if users > 0 {
            intake.alive(time);
        }
        return Ok(());
    }
    let took = time_of(value, MILLI).ok_or("has a duration that is no time")?;
    let tags = point.data.tags.as_ref();
    let tag =
        |pick: for<'b> fn(&'b Tags<'_>) -> Option<&'b str>| tags.and_then(pick).unwrap_or_default();
    let named = match tag(|tags| tags.name.as_deref()) {
        "" => tag(|tags| tags.url.as_deref()),
        named => named,
    };
    let endpoint = if named.contains("://") {
        *spelled = name(tag(|tags| tags.method.as_deref()), named);
        intake.endpoint(spelled.as_bytes())?
    } else {
        intake.endpoint(named.as_bytes())?
    };
    let expected = match tag(|tags| tags.expected_response.as_deref()) {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let code = status(tag(|tags| tags.status.as_deref()).as_bytes());
    let end = ended(expected, code, tag(|tags| tags.error.as_deref()).as_bytes());
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    let sent = time.saturating_sub(nanos);
    intake.sample(Sample { endpoint, sent, took, end, bytes: 0 })
}

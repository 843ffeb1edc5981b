//! A draft, spelled: sections in their order, with the comments a first reader needs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::Shape;
use super::body::Body;
use super::gate::{Entry, Gate, is_header_value};
use super::quote;
use super::text::{Piece, Text};
use super::value::Value;

/// The whole gate file.
pub(super) fn gate(gate: &Gate, shared: &[(String, Text)], secret: &[&str]) -> String {
    let base = Text::variable_or("BASE_URL", &gate.base);
    let mut out = opening(&gate.origin);
    out.push_str(&variables(gate, shared, secret));
    out.push_str(&target(&base, shared));
    out.push_str(LOAD);
    match gate.shape {
        Shape::Requests => {
            for entry in &gate.entries {
                out.push('\n');
                out.push_str(&request(entry));
            }
        }
        Shape::Scenario => out.push_str(&scenario(&gate.entries)),
    }
    out.push_str(gate.hints);
    out.push_str(&writes(&gate.writes));
    out.push_str(&sla(gate));
    out
}

fn opening(origin: &str) -> String {
    format!(
        "# A first gate file, written by `loadgate init` from {}.\n\
         # `loadgate plan FILE` shows what it would send, `loadgate run FILE` sends it.\n",
        quote::comment(origin, 90),
    )
}

const LOAD: &str = r#"
[load]
rate = "20/s"                       # arrivals keep coming, whatever the service does
# users = 10                        # instead of `rate`: each user waits for its answer
duration = "60s"                    # p99 needs 1,000 judged requests, p95 needs 200
ramp = "5s"                         # linear, from zero
warm_up = "5s"                      # sent, never judged
"#;

fn target(base: &Text, shared: &[(String, Text)]) -> String {
    let mut out = format!("\n[target]\nurl = {}\n", quote::text(base));
    if shared.is_empty() {
        out.push_str("# headers = { authorization = \"Bearer ${API_TOKEN}\" }\n");
    } else {
        let _ = writeln!(out, "headers = {}", headers(shared));
    }
    out.push_str("timeout = \"10s\"                     # of one request, all of it\n");
    out.push_str(
        "# ready = { get = \"/health\", within = \"60s\" }   # wait for it before the load\n",
    );
    out
}

fn headers(headers: &[(String, Text)]) -> String {
    let field = |(name, value): &(String, Text)| (quote::key(name), quote::text(value));
    quote::table(&headers.iter().map(field).collect::<Vec<_>>())
}

/// What the file takes from the environment, so that nobody has to search for it.
fn variables(gate: &Gate, shared: &[(String, Text)], secret: &[&str]) -> String {
    let mut all: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for text in texts(gate, shared) {
        for piece in text.pieces() {
            if let Piece::Variable { name, default } = piece {
                all.entry(name).or_insert(default.as_deref());
            }
        }
    }
    all.insert("BASE_URL", Some(&gate.base));
    let widest = all.keys().map(|name| name.len()).max().unwrap_or(0);
    let mut out = "#\n# It takes from the environment:\n".to_owned();
    for (name, default) in all {
        let what = match default {
            Some(default) => format!("{} where it is not set", quote::comment(default, 80)),
            None if secret.contains(&name) => {
                "to be set; a secret, so nothing stands for it here".to_owned()
            }
            None => "to be set".to_owned(),
        };
        let _ = writeln!(out, "#   {name:widest$}  {what}");
    }
    out
}

fn texts<'a>(gate: &'a Gate, shared: &'a [(String, Text)]) -> Vec<&'a Text> {
    let mut all: Vec<&Text> = shared.iter().map(|(_, value)| value).collect();
    for entry in &gate.entries {
        all.push(&entry.path);
        all.extend(entry.headers.iter().map(|(_, value)| value));
        match &entry.body {
            Body::None => {}
            Body::Json(value) => json_texts(value, &mut all),
            Body::Form(fields) => all.extend(fields.iter().map(|(_, value)| value)),
            Body::Plain { text, .. } => all.push(text),
        }
    }
    all
}

fn json_texts<'a>(value: &'a Value, all: &mut Vec<&'a Text>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Text(text) | Value::Bare(text) => all.push(text),
        Value::List(items) => items.iter().for_each(|item| json_texts(item, all)),
        Value::Table(fields) => fields.iter().for_each(|(_, value)| json_texts(value, all)),
    }
}

/// A request's keys and values, in the order a person would write them.
fn fields(entry: &Entry, one_line: bool) -> Vec<(String, String)> {
    let mut all = vec![("name".to_owned(), quote::string(&entry.name))];
    let path = quote::text(&entry.path);
    match entry.method.as_str() {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => {
            all.push((entry.method.to_ascii_lowercase(), path));
        }
        other => {
            all.push(("method".to_owned(), quote::string(other)));
            all.push(("path".to_owned(), path));
        }
    }
    let (body, kind) = entry.body.fields(one_line);
    let mut own = entry.headers.clone();
    if let Some(kind) = kind.filter(|kind| is_header_value(kind))
        && !own.iter().any(|(name, _)| name == "content-type")
    {
        own.push(("content-type".to_owned(), Text::plain(kind)));
    }
    if !own.is_empty() {
        all.push(("headers".to_owned(), headers(&own)));
    }
    all.extend(body.into_iter().map(|(key, value)| (key.to_owned(), value)));
    if entry.weight != 1 && !one_line {
        all.push(("weight".to_owned(), entry.weight.to_string()));
    }
    if !entry.status.is_empty() {
        all.push(("expect".to_owned(), format!("{{ status = {} }}", statuses(&entry.status))));
    }
    all
}

fn statuses(all: &[String]) -> String {
    let one = |status: &String| {
        status.parse::<u16>().map_or_else(|_| quote::string(status), |code| code.to_string())
    };
    match all {
        [only] => one(only),
        several => format!("[{}]", several.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

fn request(entry: &Entry) -> String {
    let mut out = String::new();
    if let Some(remark) = &entry.remark {
        let _ = writeln!(out, "# {}", quote::comment(remark, 96));
    }
    out.push_str("[[request]]\n");
    for (key, value) in fields(entry, false) {
        let _ = writeln!(out, "{key} = {value}");
    }
    out
}

fn scenario(entries: &[Entry]) -> String {
    let mut out = "\n[[scenario]]                        # one user, step by step\n\
         name = \"recorded\"\n\
         # wait = \"1s..3s\"                   # think time\n\
         steps = [\n"
        .to_owned();
    for entry in entries {
        if let Some(remark) = &entry.remark {
            let _ = writeln!(out, "  # {}", quote::comment(remark, 94));
        }
        let _ = writeln!(out, "  {},", quote::table(&fields(entry, true)));
    }
    out.push_str("]\n");
    out
}

fn writes(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out =
        "\n# These change data on every call, so they are not sent. Take away the `# ` of those\n\
         # that may be repeated thousands of times, or let `--include-writes` bring in all.\n"
            .to_owned();
    for entry in entries {
        out.push_str("#\n");
        for line in request(entry).lines() {
            let _ = writeln!(out, "# {line}");
        }
    }
    out
}

/// Limits a person would begin with: twice what was recorded, rounded up.
const LADDER: [u64; 9] = [200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000];

/// The first step of the ladder that is high enough, or one so many steps above it.
fn limit(recorded: Option<Duration>, above: usize) -> String {
    let wanted = recorded.unwrap_or(Duration::from_millis(250)) * 2;
    let low = LADDER.iter().filter(|step| Duration::from_millis(**step) < wanted).count();
    let step = LADDER.get(low + above).unwrap_or(&30_000);
    crate::unit::show_duration(Duration::from_millis(*step))
}

fn sla(gate: &Gate) -> String {
    let mut out =
        "\n# What you promise. These numbers are a start: put yours in their place.\n[sla]\n"
            .to_owned();
    let p95 = format!("p95 = \"< {}\"", limit(gate.recorded, 0));
    match gate.recorded {
        Some(time) => {
            let _ = writeln!(out, "{p95:<36}# recorded, with one user: {}", shown(time));
        }
        None => {
            let _ = writeln!(out, "{p95:<36}# 95 of 100 requests get a good answer in time");
        }
    }
    let _ = writeln!(out, "p99 = \"< {}\"", limit(gate.recorded, 1));
    out.push_str("error_rate = \"< 1%\"\n");
    out.push_str("\n# An endpoint of its own, by name; `*` and `?` match.\n");
    let mut known: Vec<&Entry> = gate.entries.iter().collect();
    known.sort_by_key(|entry| std::cmp::Reverse(entry.recorded.map_or(0, |(_, count)| count)));
    let mut said: Vec<&str> = Vec::new();
    let most = if gate.recorded.is_some() { 10 } else { 1 };
    for entry in known {
        if said.len() == most || said.contains(&entry.name.as_str()) {
            continue;
        }
        said.push(&entry.name);
        let time = entry.recorded.map(|(time, _)| time);
        let p95 = format!("# p95 = \"< {}\"", limit(time, 0));
        let _ = writeln!(out, "# [sla.{}]", quote::key(&entry.name));
        match entry.recorded {
            Some((time, count)) => {
                let _ = writeln!(out, "{p95:<36}# recorded {count}×: {}", shown(time));
            }
            None => {
                let _ = writeln!(out, "{p95}");
            }
        }
    }
    out
}

fn shown(time: Duration) -> String {
    let whole = u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
    crate::unit::show_duration(Duration::from_millis(whole.max(1)))
}

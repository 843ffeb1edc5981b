//! `run --once`: each scenario walked once, each request and answer shown without its values.

use serde_json::Value;

use super::attend::Signals;
use super::line;
use super::measure::reach;
use super::read::{self, Ask};
use super::voice::{self, Voice};
use crate::error::{Error, Exit};
use crate::load::Order;
use crate::load::rehearse::{Exchange, rehearse};
use crate::machine;
use crate::plan::stream::Stream;
use crate::plan::{Drive, Request};
use crate::run::Origin;
use crate::sample::End;
use crate::sanitise::Clean;
use crate::unit::show_time;

/// How many members of an object, and how many levels, are shown.
const MEMBERS: usize = 12;
const LEVELS: usize = 3;

/// Walks each scenario once and shows it. Nothing is judged, and no file is written.
pub(super) async fn once(ask: &Ask, voice: Voice, signals: Signals) -> Result<Exit, Error> {
    let plan = read::alone(&ask.gate, &ask.changes, ask.lookup)?;
    let voice = voice.knowing(&plan);
    if plan.locust.is_some() {
        let why = "`--once` walks what a gate file sends, and here a locustfile sends it";
        return Err(Error::Unfit(plan.name.clone(), why.to_owned()));
    }
    let drive = plan.drive.as_ref().ok_or_else(|| Error::NothingToSend(plan.name.clone()))?;
    line::fits(drive).map_err(|why| Error::Unfit(plan.name.clone(), why))?;
    let seed = drive.load.seed.unwrap_or_else(machine::draw_seed);
    let order = Order::new(drive, Vec::new(), seed, Origin::default());
    let walk = async {
        let wire = match reach(drive, &voice).await {
            Ok(wire) => wire,
            Err(unreachable) => {
                voice.say(&format!("the target cannot be reached: {}", unreachable.what));
                return Ok(false);
            }
        };
        let mut shown = Ok(());
        let well = rehearse(&order, wire, |exchange| {
            let text = voice.masks().apply(&show(drive, exchange));
            if shown.is_ok() {
                shown = voice::data(&text);
            }
        });
        let well = well.await;
        shown.map(|()| well).map_err(Error::Stdout)
    };
    let local = tokio::task::LocalSet::new();
    let walk = local.run_until(walk);
    tokio::select! {
        walked = walk => {
            let well = walked?;
            let words = "a step went wrong: see above; the others of its sequence were left out";
            if well { Ok(Exit::Pass) } else { voice.say(words); Ok(Exit::Inconclusive) }
        }
        signal = signals.first() => Ok(signal.exit()),
    }
}

/// A request and its answer, without the values of headers, queries and bodies.
fn show(drive: &Drive, exchange: &Exchange<'_>) -> String {
    let request = &drive.requests[exchange.request];
    let tasks = exchange.tasks.iter().flat_map(|task| [" / ", task]).collect::<String>();
    let place = Clean::line(&format!("{}{tasks}", exchange.scenario));
    let mut out = format!("{place}: {}\n", Clean::line(&request.name));
    if exchange.answer.is_some() {
        out.push_str(&sent(request, exchange));
    }
    if let Some(answer) = exchange.answer {
        let took = show_time(answer.done.saturating_duration_since(answer.sent));
        // Pieces are not kept, only counted.
        let kept = exchange.kept.body.len() as u64;
        let size = if request.stream.is_some() { answer.bytes } else { kept };
        out.push_str(&answered(answer.end, &took, size, exchange));
    }
    let talk = match &request.stream {
        Some(Stream::Socket(socket)) => &socket.talk[..],
        Some(Stream::Events(_)) | None => &[],
    };
    let heard = talk.iter().flat_map(|one| &one.extract).map(|extract| &*extract.into);
    let taken = exchange.taken.iter().copied().chain(heard);
    let taken = taken.map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let last = match &exchange.wrong {
        None if taken.is_empty() => String::new(),
        None => format!("  took {}\n", taken.join(", ")),
        Some(wrong) => format!("  failed: {}\n", Clean::line(wrong)),
    };
    out + &last
}

fn sent(request: &Request, exchange: &Exchange<'_>) -> String {
    let path = exchange
        .path
        .map_or_else(|| request.path.clone(), |path| String::from_utf8_lossy(path).into_owned());
    let path = Clean::line(&without_values(&path)).to_string();
    let fixed = request.body.as_ref().map(|body| body.bytes.len());
    let body = exchange.body.or(fixed).map_or(String::new(), |bytes| format!(", {bytes} bytes"));
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    let names =
        if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
    format!("  > {} {path}{names}{body}\n", request.method)
}

fn answered(end: End, took: &str, size: u64, exchange: &Exchange<'_>) -> String {
    let status = match end {
        End::Good(status) | End::Failed { status: Some(status), .. } => status.to_string(),
        End::Failed { status: None, .. } => "no answer".to_owned(),
    };
    let kept = exchange.kept;
    let kind = kept.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map_or(String::new(), |(_, kind)| {
        format!(", {}", Clean::line(&String::from_utf8_lossy(kind)))
    });
    let shape = serde_json::from_slice(&kept.body).ok().map(|body| shape(&body, LEVELS));
    let shape = shape.map_or(String::new(), |shape| format!(": {shape}"));
    format!("  < {status} in {took}{kind}, {size} bytes{shape}\n")
}

/// A path with the names of its query, and `…` for each value.
fn without_values(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// What a JSON value is made of, with the kinds of its values in place of them.
fn shape(value: &Value, levels: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(items) => match items.first() {
            None => "[]".to_owned(),
            Some(first) => format!("[{} × {}]", items.len(), shape(first, levels)),
        },
        Value::Object(members) if levels == 0 => format!("{{{} members}}", members.len()),
        Value::Object(members) => {
            let shown = members.iter().take(MEMBERS);
            let mut shown: Vec<String> = shown
                .map(|(name, value)| format!("{}: {}", Clean::line(name), shape(value, levels - 1)))
                .collect();
            if members.len() > MEMBERS {
                shown.push(format!("{} more", members.len() - MEMBERS));
            }
            format!("{{{}}}", shown.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        assert_eq!(without_values("/a?b=secret&c&d="), "/a?b=…&c&d=…");
        let value = serde_json::json!({ "token": "secret", "items": [{ "id": 7 }, {}], "n": null });
        assert_eq!(shape(&value, 3), "{items: [2 × {id: number}], n: null, token: text}");
        assert_eq!(shape(&value, 0), "{3 members}");
    }
}

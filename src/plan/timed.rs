//! Whether a metric of streams of events, or of a WebSocket, is asked where there is one.

use super::reader::{Reader, visible};
use super::sla::Entry;
use super::{Request, glob};
use crate::metric::Timing;

/// Tells of metrics that no answer can give: a limit on nothing must not pass, nor hold up the
/// gate.
pub(super) fn check(
    entries: &[Entry],
    names: &[&str],
    requests: &[Request],
    reader: &mut Reader<'_>,
) {
    for entry in entries {
        let Some(timing) = entry.metric.timing() else { continue };
        let meant = |name: &str| {
            let scope = entry.scope.as_ref();
            scope.is_none_or(|scope| scope.value == name || glob::selects(&scope.value, name))
        };
        let meant: Vec<usize> = (0..names.len()).filter(|index| meant(names[*index])).collect();
        // What is left out by its tags is not sent, and not looked at either.
        let is_sent = |endpoint: &usize| requests.iter().any(|one| one.endpoint == *endpoint);
        let is_timed = |endpoint: usize| {
            let mut counted = requests.iter().filter(|request| request.endpoint == endpoint);
            counted.any(|request| request.stream.as_ref().is_some_and(|one| one.times(timing)))
        };
        let mut sent = meant.iter().filter(|endpoint| is_sent(endpoint));
        let without = sent.find(|endpoint| !is_timed(**endpoint));
        let key = &entry.key.value;
        let message = match (&entry.scope, without) {
            (_, None) => continue,
            (None, _) if meant.iter().any(|endpoint| is_timed(*endpoint)) => continue,
            (None, _) => format!("no request has a `{key}`"),
            (Some(_), Some(endpoint)) => {
                format!("`{}` has no `{key}`", visible(names[*endpoint]))
            }
        };
        reader.fault(entry.key.span.clone(), message, hint(timing).to_owned());
    }
}

/// What kind of request has such times.
fn hint(timing: Timing) -> &'static str {
    match timing {
        Timing::FirstEvent | Timing::EventGap => {
            "ask it of streams of events alone, requests with `sse = true`"
        }
        Timing::WsConnect => "ask it of WebSockets alone, requests with `ws = \"/path\"`",
        Timing::WsRoundTrip => {
            "ask it of WebSockets alone on which something is sent and awaited (`talk`)"
        }
    }
}

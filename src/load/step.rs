//! One step of a user apart from sending: its parts written anew, and its answer looked into.

use std::time::SystemTime;

use serde_json::Value;

use super::fragment::shown;
use super::probe::{Kept, Rendered};
use crate::plan::scenario::{Live, Step, Wanted};
use crate::sample::Unmet;
use crate::script::extract::{Parts, Source};
use crate::script::json::{LazyJson, alike};
use crate::script::state::State;
use crate::script::template::Template;

/// Whether headers and body of the answer must be kept.
pub(super) fn keeps(step: &Step, live: Option<&Live>) -> bool {
    !step.extract.is_empty() || live.is_some_and(|live| !live.expect.is_empty())
}

/// Writes the changing parts of a request; why that cannot be, naming what has no value.
pub(super) fn render(live: &Live, state: &mut State, into: &mut Rendered) -> Result<(), String> {
    state.set_now(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    into.path.clear();
    into.body.clear();
    into.headers.resize_with(live.headers.len(), Vec::new);
    live.path.render(state, &mut into.path).map_err(|why| format!("path: {why}"))?;
    if into.path.get(live.prefix) != Some(&b'/') {
        let source = live.path.source();
        return Err(format!("path: `{source}` does not begin with `/` once it is filled in"));
    }
    for ((name, template), value) in live.headers.iter().zip(&mut into.headers) {
        value.clear();
        template.render(state, value).map_err(|why| format!("header `{name}`: {why}"))?;
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(format!("header `{name}`: the value has a line break"));
        }
    }
    if let Some(body) = &live.body {
        body.render(state, &mut into.body).map_err(|why| format!("body: {why}"))?;
    }
    let said = live.said.as_ref().map(|said| said.filled(state)).transpose();
    into.said = said.map_err(|why| format!("expect: {why}"))?.flatten().map(Box::new);
    Ok(())
}

/// Whether the condition that ends a task is met: its text is neither empty nor `false` nor 0.
/// What has no value yet is not met.
pub(super) fn holds(condition: &Template, state: &State) -> bool {
    let mut text = Vec::new();
    let written = condition.render(state, &mut text).is_ok();
    written && !matches!(text.trim_ascii(), b"" | b"false" | b"False" | b"0" | b"none" | b"None")
}

/// Looks into a good answer: it is as expected of this user, and what is taken out of it is there.
/// Else why not, in words that quote no answer.
pub(super) fn look(
    step: &Step,
    live: Option<&Live>,
    (status, kept): (u16, &mut Kept),
    state: &mut State,
) -> Result<(), Unmet> {
    let parsed = kept.json.take();
    let kept = &*kept;
    let json = LazyJson::known(&kept.body, parsed);
    let wanted = live.map_or(&[][..], |live| &live.expect);
    let asks = step.extract.iter().filter(|extract| matches!(extract.from, Source::Json(_)));
    let looks = wanted.iter().filter(|wanted| matches!(wanted, Wanted::Json(..)));
    // Read whole and once where more than one looks at it. A fault is told by whoever does.
    if asks.count() + looks.count() > 1 {
        let _ = json.value();
    }
    for wanted in wanted {
        meets(wanted, kept, &json, state)?;
    }
    let headers = kept.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_slice()));
    let parts = Parts { status, headers, body: &kept.body, json: &json };
    let mut missing = None;
    // Of a stream of events, what it was asked for was taken while it came.
    let mut heard = kept.heard.iter().cloned();
    for extract in &step.extract {
        let taken = if extract.needs_body() { heard.next() } else { None };
        match taken.unwrap_or_else(|| extract.take(&parts)) {
            Ok(found) => state.keep(&found.into, found.value),
            Err(why) => {
                state.forget(&extract.into);
                missing.get_or_insert(why);
            }
        }
    }
    let Some(missing) = missing else { return Ok(()) };
    let asked = format!("extract {}", missing.which);
    Err(Unmet { asked, got: missing.why.clone(), what: missing.to_string() })
}

fn meets(wanted: &Wanted, kept: &Kept, json: &LazyJson<'_>, state: &State) -> Result<(), Unmet> {
    let unmet = |got: &str, what: String| Unmet { asked: wanted.asked(), got: got.into(), what };
    match wanted {
        Wanted::Body(template) | Wanted::Lacks(template) => {
            let text = filled(template, state)?;
            let found = String::from_utf8_lossy(&kept.body).contains(&text);
            let lacks = matches!(wanted, Wanted::Lacks(_));
            let verb = if lacks { "contains" } else { "does not contain" };
            let what = || format!("body {verb} \"{}\"", template.source());
            let size = || format!("a body of {}B", kept.body.len());
            (found != lacks).then_some(()).ok_or_else(|| unmet(&size(), what()))
        }
        Wanted::Header { name, value, whole } => {
            let text = filled(value, state)?;
            let mut known = kept.headers.iter().filter(|(known, _)| known == name).peekable();
            if known.peek().is_none() {
                return Err(unmet("no such header", format!("no header \"{name}\"")));
            }
            let met = known.any(|(_, value)| {
                let value = String::from_utf8_lossy(value.trim_ascii());
                if *whole { value == text.trim() } else { value.contains(&text) }
            });
            let verb = if *whole { "is not" } else { "does not contain" };
            let what = || format!("header \"{name}\" {verb} \"{}\"", value.source());
            met.then_some(()).ok_or_else(|| unmet("another value", what()))
        }
        Wanted::Json(query, template) => {
            let text = filled(template, state)?;
            let unlike = |got: &str| unmet(got, format!("{query} is not {}", template.source()));
            let asked: Value =
                serde_json::from_str(&text).map_err(|_| unlike("a template that gives no JSON"))?;
            let node = json
                .first(query)
                .map_err(|why| unmet("a body that is not JSON", why.to_owned()))?
                .ok_or_else(|| unmet("nothing", format!("{query} is missing")))?;
            alike(&node, &asked).then_some(()).ok_or_else(|| unlike(&shown(&node)))
        }
    }
}

fn filled(template: &Template, state: &State) -> Result<String, Unmet> {
    template.written(state).map_err(|why| Unmet::told(format!("expect: {why}")))
}

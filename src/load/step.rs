//! One step of a user apart from sending: its parts written anew, and its answer looked into.

use std::time::SystemTime;

use serde_json::Value;

use super::probe::{Kept, Rendered};
use crate::plan::scenario::{Live, Step, Wanted};
use crate::script::extract::Parts;
use crate::script::json::LazyJson;
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
    match &live.body {
        Some(body) => body.render(state, &mut into.body).map_err(|why| format!("body: {why}")),
        None => Ok(()),
    }
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
    (status, kept): (u16, &Kept),
    state: &mut State,
) -> Result<(), String> {
    let json = LazyJson::new(&kept.body);
    for wanted in live.map_or(&[][..], |live| &live.expect) {
        meets(wanted, kept, &json, state)?;
    }
    let headers = kept.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_slice()));
    let parts = Parts { status, headers, body: &kept.body, json: &json };
    let mut missing = None;
    for extract in &step.extract {
        match extract.take(&parts) {
            Ok(found) => state.keep(&found.into, found.value),
            Err(why) => {
                state.forget(&extract.into);
                missing.get_or_insert(why);
            }
        }
    }
    missing.map_or(Ok(()), |missing| Err(missing.to_string()))
}

fn meets(wanted: &Wanted, kept: &Kept, json: &LazyJson<'_>, state: &State) -> Result<(), String> {
    match wanted {
        Wanted::Body(template) => {
            let text = filled(template, state)?;
            let body = String::from_utf8_lossy(&kept.body);
            let unmet = || format!("body does not contain \"{}\"", template.source());
            body.contains(&text).then_some(()).ok_or_else(unmet)
        }
        Wanted::Header { name, value, whole } => {
            let text = filled(value, state)?;
            let mut known = kept.headers.iter().filter(|(known, _)| known == name).peekable();
            if known.peek().is_none() {
                return Err(format!("no header \"{name}\""));
            }
            let met = known.any(|(_, value)| {
                let value = String::from_utf8_lossy(value.trim_ascii());
                if *whole { value == text.trim() } else { value.contains(&text) }
            });
            let verb = if *whole { "is not" } else { "does not contain" };
            met.then_some(())
                .ok_or_else(|| format!("header \"{name}\" {verb} \"{}\"", value.source()))
        }
        Wanted::Json(query, template) => {
            let asked = filled(template, state)?;
            let unlike = || format!("{query} is not {}", template.source());
            let asked: Value = serde_json::from_str(&asked).map_err(|_| unlike())?;
            let node = json.first(query).map_err(str::to_owned)?;
            let node = node.ok_or_else(|| format!("{query} is missing"))?;
            same(&node, &asked).then_some(()).ok_or_else(unlike)
        }
    }
}

fn filled(template: &Template, state: &State) -> Result<String, String> {
    let mut text = Vec::new();
    template.render(state, &mut text).map_err(|why| format!("expect: {why}"))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Equal; a number equals the same number however it is written, also as the text that a template
/// makes of it.
fn same(found: &Value, asked: &Value) -> bool {
    match (found, asked) {
        (Value::Number(_) | Value::Bool(_), Value::String(asked)) => {
            serde_json::from_str(asked).is_ok_and(|asked: Value| same(found, &asked))
        }
        (Value::Number(found), Value::Number(asked)) if found.is_f64() || asked.is_f64() => {
            found.as_f64() == asked.as_f64()
        }
        _ => found == asked,
    }
}

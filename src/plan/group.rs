//! Groups of steps: scopes of their own beside the endpoints, under names that begin with `group:`.

use std::collections::HashMap;
use std::sync::Arc;

use super::endpoint::name_is_good;
use super::reader::{At, Reader, Text};
use super::scenario::{Group, Scenario, Step, Work};
use crate::run::GROUP;

/// The groups that a step belongs to, the outermost first: of `checkout / pay` both are one.
pub(super) fn of(written: Option<&At<Text>>, reader: &mut Reader<'_>) -> Vec<Group> {
    let Some(at) = written else { return Vec::new() };
    let parts: Vec<&str> = at.value.template.split('/').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        let hint = "write `group = \"checkout\"` or `group = \"checkout / pay\"`".to_owned();
        reader.fault(at.span.clone(), "a part of the group has no name", hint);
        return Vec::new();
    }
    let names = (1..=parts.len()).map(|depth| format!("{GROUP}{}", parts[..depth].join(" / ")));
    let names: Vec<String> = names.collect();
    if !names.last().is_some_and(|name| name_is_good(name, &at.span, reader)) {
        return Vec::new();
    }
    names.into_iter().map(|name| Group { name: Arc::from(name), endpoint: 0 }).collect()
}

/// Gives each group its place behind the endpoints.
pub(super) fn number(scenarios: &mut [Scenario], endpoints: &mut Vec<String>) {
    let mut places = HashMap::new();
    let mut see = |step: &mut Step| {
        for group in &mut step.groups {
            group.endpoint = *places.entry(Arc::clone(&group.name)).or_insert_with(|| {
                endpoints.push(group.name.to_string());
                endpoints.len() - 1
            });
        }
    };
    for scenario in scenarios {
        scenario.start.iter_mut().for_each(&mut see);
        each(&mut scenario.work, &mut see);
        scenario.stop.iter_mut().for_each(&mut see);
    }
}

fn each(work: &mut Work, see: &mut impl FnMut(&mut Step)) {
    match work {
        Work::Steps(steps) => steps.iter_mut().for_each(see),
        Work::Tasks(tasks) => tasks.iter_mut().for_each(|task| each(&mut task.work, see)),
    }
}

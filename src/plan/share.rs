//! Which part of the users each scenario has, and whether the parts add up.

use std::time::Duration;

use super::profile::Profile;
use super::reader::{At, Reader};
use super::scenario::Share;
use super::story::Scenario;
use crate::run::Model;
use crate::unit::Rate;

const MICRO: u64 = 1_000_000;

/// A scenario's part; one that does not fit the load is told.
pub(super) fn share(
    written: &Scenario,
    profile: Option<&Profile>,
    reader: &mut Reader<'_>,
) -> Share {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let keys = [written.weight.get().map(|at| &at.span), written.fixed.get().map(|at| &at.span)];
    if let Some(span) = keys.into_iter().flatten().next().filter(|_| !written.load.is_absent()) {
        let hint = "leave it out: all of its load is its own".to_owned();
        let message = "a scenario with a load of its own has no part of another";
        reader.fault(span.clone(), message, hint);
    }
    let Some(fixed) = written.fixed.get() else {
        return Share::Weight(written.weight.value().map_or(1, |weight| number(weight.0)));
    };
    if !written.weight.is_absent() {
        let hint = "a scenario has a weight or a fixed number of users".to_owned();
        reader.fault(fixed.span.clone(), "`fixed` and `weight` exclude each other", hint);
    }
    if profile.is_some_and(|profile| profile.model == Model::Open) {
        let hint = "write a `weight`, or `users` instead of a `rate` in `[load]`".to_owned();
        reader.fault(fixed.span.clone(), "`fixed` means nothing with a rate", hint);
    }
    Share::Fixed(number(fixed.value.0))
}

/// Tells where fixed users and the users of the load do not add up.
pub(super) fn add_up(
    written: &[At<Scenario>],
    others: bool,
    profile: Option<&Profile>,
    reader: &mut Reader<'_>,
) {
    let Some(profile) = profile.filter(|profile| profile.model == Model::Closed) else { return };
    let users = profile.peak() / MICRO;
    let written: Vec<_> = written.iter().filter(|at| at.value.load.is_absent()).collect();
    let mut fixed = written.iter().filter_map(|at| at.value.fixed.get());
    let sum: u64 = fixed.clone().map(|at| at.value.0).sum();
    let Some(last) = fixed.next_back() else { return };
    let weighted = others || written.iter().any(|at| at.value.fixed.is_absent());
    let message = if sum > users {
        format!("fixed scenarios take {sum} users together, and the load has {users}")
    } else if sum == users && weighted {
        format!("fixed scenarios take all {users} users; none is left to the others")
    } else if sum < users && !weighted {
        format!("fixed scenarios take {sum} of {users} users; the others have nothing to do")
    } else {
        return;
    };
    let hint = "change `fixed`, or `users` in `[load]`".to_owned();
    reader.fault(last.span.clone(), message, hint);
}

/// How far apart turns begin at a rate.
pub(super) fn apart(rate: Rate) -> Duration {
    const NANOS: u64 = 1_000_000_000_000_000;
    Duration::from_nanos(NANOS / rate.micro().max(1))
}

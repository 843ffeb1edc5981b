//! The loads that scenarios have for themselves, side by side.

use super::difference::{Difference, Part, Way};
use super::loads::{More, area, numbers, times};
use crate::plan::Drive;
use crate::plan::profile::Profile;
use crate::run::Model;
use crate::unit::{Rate, show_count};

/// How the loads of the scenarios differ that both have, where one of them is its own.
pub(super) fn compare(old: &Drive, new: &Drive) -> Vec<Difference> {
    let pairs = old
        .scenarios
        .iter()
        .filter_map(|was| Some((was, new.scenarios.iter().find(|is| is.name == was.name)?)));
    let apart = |drive: &Drive| drive.scenarios.iter().any(|scenario| scenario.load.is_some());
    if !apart(old) && !apart(new) {
        return Vec::new();
    }
    pairs
        .flat_map(|(was, is)| {
            let name = &was.name;
            match (&was.load, &is.load) {
                (Some(was), Some(is)) => of_one(name, was, is),
                // Nobody can say that a part of the whole is as much as a load of its own.
                (was, is) => {
                    let words = |load: &Option<_>, drive: &Drive| {
                        let whole = format!("a part of {}", drive.load.profile);
                        load.as_ref().map_or(whole, |own: &std::sync::Arc<Profile>| own.to_string())
                    };
                    let told = Difference::new(Way::Loosened, Part::Load, what(name, "load"));
                    vec![told.from(words(was, old)).to(words(is, new))]
                }
            }
        })
        .collect()
}

fn what(name: &str, what: &str) -> String {
    format!("scenario {name}: {what}")
}

fn of_one(name: &str, was: &Profile, is: &Profile) -> Vec<Difference> {
    if was.model != is.model {
        let told = Difference::new(Way::Loosened, Part::Load, what(name, "load"));
        return vec![told.from(was.to_string()).to(is.to_string())];
    }
    let mut all = Vec::new();
    let (one, other) = (area(was), area(is));
    match was.model {
        Model::Open => {
            let planned = what(name, "planned arrivals");
            all.extend(numbers(&planned, Part::Load, one, other, show_count));
            let highest = what(name, "highest rate");
            all.extend(numbers(&highest, Part::Load, was.peak(), is.peak(), |micro| {
                Rate::from_micro(micro).to_string()
            }));
        }
        Model::Closed => {
            let over = what(name, "users over time");
            let words = |number| format!("{} user-seconds", show_count(number));
            all.extend(numbers(&over, Part::Load, one, other, words));
            let most = what(name, "most users");
            let users = |micro: u64| show_count(micro.div_ceil(1_000_000));
            all.extend(numbers(&most, Part::Load, was.peak(), is.peak(), users));
        }
    }
    let lasts = what(name, "time");
    all.extend(times(&lasts, Part::Load, was.duration(), is.duration(), More::IsMore));
    if all.is_empty() && was != is {
        let told = Difference::new(Way::Changed, Part::Load, what(name, "profile"));
        all.push(told.from(was.to_string()).to(is.to_string()));
    }
    all
}

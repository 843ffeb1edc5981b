//! How many requests a plan would send, before it sends any: exactly where each arrival is one
//! request, as expected where users draw what they do.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::Drive;
use super::axis::{judged_span, windows};
use super::glob;
use super::mix::Mix;
use super::parts::parts;
use super::scenario::total;
use super::threshold::{Selector, Threshold};
use super::timetable::Timetable;
use crate::run::Model;

/// A stretch of the load.
type Span = (Duration, Duration);

/// What a timetable says will be sent. Only an open model has one.
pub(super) struct Planned {
    names: Vec<String>,
    /// The endpoints that each threshold looks at, by their place among the names.
    places: Vec<Vec<usize>>,
    /// The stretch in which each threshold has the fewest samples: its judged time, or the window
    /// with the fewest arrivals.
    narrowest: Vec<Option<Span>>,
    /// Requests of each endpoint within each of those stretches, and within the whole load.
    counts: HashMap<Span, Vec<u64>>,
    whole: Span,
    judged: Option<Span>,
    /// Endpoints that virtual users send to, as often as the answers allow.
    untold: Vec<bool>,
}

/// The fewest samples that a threshold will have.
#[derive(Clone, Copy)]
pub(super) enum Fewest<'a> {
    /// There is no endpoint, or no time, that it looks at.
    Nothing,
    /// So many in the whole run.
    Whole(u64),
    /// So many of the endpoint that has the fewest.
    Of(&'a str, u64),
    /// As many as the answers allow: virtual users send some of them.
    Untold,
}

impl Planned {
    /// Counts what a load would send; `None` for a closed model.
    pub(super) fn of(drive: &Drive, thresholds: &[Threshold]) -> Option<Self> {
        let load = &drive.load;
        if load.profile.model == Model::Closed {
            return None;
        }
        let (whole, judged) = ((Duration::ZERO, load.profile.duration()), judged_span(load, None));
        let stretches: Vec<Vec<Span>> = thresholds
            .iter()
            .map(|threshold| {
                let Some((from, to)) = judged_span(load, threshold.window.during.as_ref()) else {
                    return Vec::new();
                };
                threshold.window.over.map_or(vec![(from, to)], |over| windows(from, to, over))
            })
            .collect();
        let all = stretches.iter().flatten().copied().chain([whole]).chain(judged);
        let before = before(drive, all);
        let all = |time: &Duration| before[time].iter().sum::<u64>();
        let arrivals = |span: &Span| all(&span.1) - all(&span.0);
        let narrowest: Vec<Option<Span>> = stretches
            .iter()
            .map(|spans| spans.iter().min_by_key(|span| arrivals(span)).copied())
            .collect();
        let mix = Mix::new(drive, drive.load.seed.unwrap_or(0));
        let untold = (0..drive.endpoints.len()).map(|place| !mix.tells(place)).collect();
        let mut counts = HashMap::new();
        for span in narrowest.iter().flatten().copied().chain([whole]).chain(judged) {
            counts.entry(span).or_insert_with(|| mix.requests(&before[&span.0], &before[&span.1]));
        }
        let names = drive.endpoints.clone();
        let places = places(&names, thresholds);
        Some(Self { names, places, narrowest, counts, whole, judged, untold })
    }

    /// Whether virtual users send to an endpoint, so that nobody knows how much.
    pub(super) fn is_untold(&self, place: usize) -> bool {
        self.untold[place]
    }

    /// Requests of each endpoint in the whole load, warm-up included.
    pub(super) fn sent(&self) -> &[u64] {
        &self.counts[&self.whole]
    }

    /// Requests of each endpoint in the judged time.
    pub(super) fn judged(&self) -> &[u64] {
        self.judged.map_or(&[], |span| &self.counts[&span])
    }

    /// The endpoints' names, in the order of the counts.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many endpoints the threshold of that index looks at.
    pub(super) fn endpoints(&self, index: usize) -> usize {
        self.places[index].len()
    }

    /// The endpoints that the threshold of that index looks at, each with the fewest samples that
    /// it will have there.
    pub(super) fn of_each(&self, index: usize) -> impl Iterator<Item = (&str, u64)> {
        let counts = self.narrowest[index].map(|span| &self.counts[&span]);
        let places = counts.into_iter().flat_map(move |counts| {
            let told = self.places[index].iter().filter(|place| !self.untold[**place]);
            told.map(move |place| (*place, counts[*place]))
        });
        places.map(|(place, count)| (self.names[place].as_str(), count))
    }

    /// The fewest samples that the threshold of that index will have, over the endpoints and
    /// windows it looks at.
    pub(super) fn fewest(&self, index: usize, selector: &Selector) -> Fewest<'_> {
        let Some(span) = self.narrowest[index] else { return Fewest::Nothing };
        let counts = &self.counts[&span];
        if *selector == Selector::Whole {
            let untold = self.untold.contains(&true);
            return if untold { Fewest::Untold } else { Fewest::Whole(total(&self.names, counts)) };
        }
        let told = self.places[index].iter().filter(|place| !self.untold[**place]);
        let least = told.min_by_key(|place| counts[**place]);
        let none = if self.places[index].is_empty() { Fewest::Nothing } else { Fewest::Untold };
        least.map_or(none, |place| Fewest::Of(&self.names[*place], counts[*place]))
    }
}

/// The places of the endpoints that each threshold looks at; none for the whole run.
fn places(names: &[String], thresholds: &[Threshold]) -> Vec<Vec<usize>> {
    let known: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let of = |threshold: &Threshold| match &threshold.selector {
        Selector::Whole => Vec::new(),
        Selector::Endpoints(pattern) if glob::is_pattern(pattern) => {
            let all = names.iter().enumerate();
            all.filter(|(_, name)| glob::selects(pattern, name)).map(|(place, _)| place).collect()
        }
        Selector::Endpoints(name) => known.get(name.as_str()).copied().into_iter().collect(),
    };
    thresholds.iter().map(of).collect()
}

/// Arrivals of each part of the load before each end of some stretches, walked once.
fn before(drive: &Drive, spans: impl Iterator<Item = Span>) -> BTreeMap<Duration, Vec<u64>> {
    let mut times: Vec<Duration> = spans.flat_map(|(from, to)| [from, to]).collect();
    times.sort_unstable();
    times.dedup();
    let parts = parts(&drive.scenarios, &drive.load.profile);
    let tables = Timetable::of_parts(&parts, &drive.load, drive.load.seed.unwrap_or(0));
    let counts: Vec<Vec<u64>> = tables.iter().map(|table| table.before(&times)).collect();
    let at = |place: usize| counts.iter().map(|counts| counts[place]).collect();
    times.into_iter().enumerate().map(|(place, time)| (time, at(place))).collect()
}

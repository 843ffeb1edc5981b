//! Requests of all processes counted on one time axis.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::time::Duration;

use super::facts::{Facts, Process, apart, millis};
use super::frames::{Frame, Request};
use super::records::Records;
use crate::archive::MOST_ENDPOINTS;
use crate::ingest::class::{Ended, end, status};
use crate::ingest::locust_name;
use crate::plan::axis::Piece;
use crate::run::{Evidence, Pulse, Slice};
use crate::sample::{End, Failure};
use crate::sanitise::Clean;
use crate::tally::{Packed, Packer, Sliver};

/// Where requests are counted whose names are too many.
const OTHERS: &str = "(other names)";
/// The longest name, in bytes.
const MOST_NAME: usize = 1_024;
/// The longest example of a failure, in bytes.
const MOST_SAID: usize = 160;

/// What part of the run's time is judged, and how it is divided.
pub(super) struct Window {
    /// When the run began, in seconds since 1970.
    pub(super) zero: f64,
    /// What is not judged, from then on.
    pub(super) warm_up: Duration,
    /// How long it lasted.
    pub(super) lasted: Duration,
    /// Its pieces; never empty.
    pub(super) axis: Vec<Piece>,
}

/// All requests, counted.
pub(super) struct Counted {
    pub(super) endpoints: Vec<Evidence>,
    pub(super) slices: Vec<Slice>,
    /// Requests that came to their end, and those that were cut off and count as failed.
    pub(super) sent: u64,
    /// Requests cut off that do not count, and the age of the oldest.
    pub(super) left: (u64, Duration),
    /// Requests sent after users had been told to end.
    pub(super) after: u64,
    /// Requests in the time before the judged one.
    pub(super) before: u64,
    /// Names beyond those that are told apart.
    pub(super) crowded: bool,
}

/// One endpoint in the making.
#[derive(Default)]
struct Track {
    name: String,
    whole: Sliver,
    slices: Vec<Sliver>,
    examples: BTreeMap<Failure, String>,
}

struct Counting<'a> {
    window: &'a Window,
    tracks: Vec<Track>,
    places: HashMap<String, usize>,
    /// Sent and ended in each slice.
    beats: Vec<(u64, u64)>,
    counted: Counted,
}

/// Counts everything. What was cut off after more than `overdue` counts as failed.
pub(super) fn count(records: &Records, window: &Window, overdue: Duration) -> io::Result<Counted> {
    let mut counting = Counting::new(window);
    let (mut names, mut errors) = (HashMap::new(), HashMap::new());
    let mut at = 0;
    records.again(|of, process, frame| {
        if of != at {
            at = of;
            names.clear();
            errors.clear();
        }
        match frame {
            Frame::Name(number, method, name) => {
                let place = counting.place(&method, &name);
                names.insert(number, place);
            }
            Frame::Error(number, kind, text) => {
                errors.insert(number, (kind, text));
            }
            Frame::Request(request) => {
                if let Some(place) = names.get(&request.name) {
                    counting.request(*place, process, request, errors.get(&request.error));
                }
            }
            Frame::Note(_) => {}
        }
    })?;
    for cut in &records.facts.cut {
        let age = apart(cut.began, cut.ended);
        if age <= overdue {
            let (left, oldest) = counting.counted.left;
            counting.counted.left = (left + 1, oldest.max(age));
            continue;
        }
        let place = counting.place(&cut.method, &cut.name);
        let end = Ended::Known(End::Failed { why: Failure::Unfinished, status: None });
        counting.sample(place, cut.began, age, end, 0);
        let example = || "still waited for an answer when the run ended".to_owned();
        counting.tracks[place].examples.entry(Failure::Unfinished).or_insert_with(example);
    }
    Ok(counting.done(&records.facts))
}

impl<'a> Counting<'a> {
    fn new(window: &'a Window) -> Self {
        let counted = Counted {
            endpoints: Vec::new(),
            slices: Vec::new(),
            sent: 0,
            left: (0, Duration::ZERO),
            after: 0,
            before: 0,
            crowded: false,
        };
        let beats = vec![(0, 0); window.axis.len()];
        Self { window, tracks: Vec::new(), places: HashMap::new(), beats, counted }
    }

    /// The endpoint of that name.
    fn place(&mut self, method: &str, name: &str) -> usize {
        let mut name = locust_name(method, name).replace('\0', "");
        name.truncate(name.floor_char_boundary(MOST_NAME));
        if name.trim().is_empty() {
            "(no name)".clone_into(&mut name);
        }
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        self.counted.crowded |= self.tracks.len() + 1 >= MOST_ENDPOINTS;
        if self.counted.crowded {
            OTHERS.clone_into(&mut name);
        }
        let (tracks, window) = (&mut self.tracks, self.window);
        *self.places.entry(name.clone()).or_insert_with(|| {
            let slices = vec![Sliver::default(); window.axis.len()];
            tracks.push(Track { name, slices, ..Track::default() });
            tracks.len() - 1
        })
    }

    fn request(
        &mut self,
        place: usize,
        process: &Process,
        request: Request,
        error: Option<&(String, String)>,
    ) {
        // Without a time it is no sample; the facts count it.
        let Some(took) = request.took else { return };
        let said = error.map(|(kind, text)| format!("{kind}: {text}"));
        let code = status(request.status.to_string().as_bytes());
        let end = end(request.error == 0, code, said.as_deref().unwrap_or("").as_bytes());
        if let (Ended::Known(End::Failed { why, .. }), Some(said)) = (end, said) {
            let example = || Clean::line(&said[..said.floor_char_boundary(MOST_SAID)]).to_string();
            self.tracks[place].examples.entry(why).or_insert_with(example);
        }
        let start = request.start - process.ahead();
        self.sample(place, start, millis(took), end, u64::from(request.bytes));
    }

    fn sample(&mut self, place: usize, start: f64, took: Duration, end: Ended, bytes: u64) {
        self.counted.sent += 1;
        let due = apart(self.window.zero, start);
        if due >= self.window.lasted {
            self.counted.after += 1;
            return;
        }
        let (sent, done) = (self.slice(due), self.slice(due.saturating_add(took)));
        self.beats[sent].0 += 1;
        self.beats[done].1 += 1;
        let judged = due >= self.window.warm_up;
        self.counted.before += u64::from(!judged);
        let track = &mut self.tracks[place];
        let into = [Some(&mut track.slices[sent]), judged.then_some(&mut track.whole)];
        for sliver in into.into_iter().flatten() {
            match end {
                Ended::Known(end) => sliver.record(took, end, bytes),
                Ended::Good => sliver.record_good(took, bytes),
            }
        }
        let arrived = due.saturating_add(took);
        if end.is_good() && arrived < self.window.lasted {
            track.slices[done].arrived();
            if arrived >= self.window.warm_up {
                track.whole.arrived();
            }
        }
    }

    /// The slice of a time; the last one for what is later.
    fn slice(&self, time: Duration) -> usize {
        let after = self.window.axis.partition_point(|piece| piece.to <= time);
        after.min(self.window.axis.len().saturating_sub(1))
    }

    fn done(mut self, facts: &Facts) -> Counted {
        let mut packer = Packer::default();
        let evidence = |mut track: Track| {
            let slices = track.slices.iter_mut();
            let slices: Vec<Packed> = slices.map(|one| one.tally().pack_by(&mut packer)).collect();
            Evidence {
                name: track.name,
                planned: None,
                whole: track.whole.tally(),
                slices,
                examples: track.examples,
                missed: Vec::new(),
                quotes: None,
            }
        };
        self.counted.endpoints = self.tracks.into_iter().map(evidence).collect();
        let (mut begun, mut ended) = (0, 0);
        let slice = |(piece, (sent, done)): (&Piece, &(u64, u64))| {
            (begun, ended) = (begun + sent, ended + done);
            let (sent, in_flight) = (*sent, begun - ended);
            let users = users(facts, self.window.zero, piece.to);
            let pulse = Pulse { planned: sent, released: sent, sent, dropped: 0, in_flight, users };
            let Piece { from, to, stage, warm_up } = *piece;
            Slice { from, to, stage, warm_up, pulse }
        };
        self.counted.slices = self.window.axis.iter().zip(&self.beats).map(slice).collect();
        self.counted
    }
}

/// Users alive at a time of the run, as the head said last before.
fn users(facts: &Facts, zero: f64, time: Duration) -> u64 {
    let before = |(t, _): &&(f64, u64)| *t - zero <= time.as_secs_f64();
    facts.users.iter().take_while(before).last().map_or(0, |(_, users)| *users)
}

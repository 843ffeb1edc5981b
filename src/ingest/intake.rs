//! What readers of formats give: samples one by one, or what a summary quotes.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use super::Ask;
use super::class::Ended;
use super::fault::{No, Unreadable};
use super::format::Format;
use super::lines::Tail;
use super::span::Span;
use super::unit::Unit;
use crate::archive::MOST_ENDPOINTS;
use crate::run::{Band, Precision, Quotes, Subject};
use crate::tally::Sliver;
use crate::unit::Quantile;

/// Samples that are looked at before the run's beginning is known.
const BEFORE: usize = 4_096;
/// The longest name.
const MOST_NAME: usize = 1_024;

/// What readers of formats give.
#[derive(Debug)]
pub(super) struct Intake {
    /// A last line that broke off is left out.
    pub(super) partial: bool,
    /// The unit of times that a file has without saying.
    pub(super) unit: Option<Unit>,
    /// What is known of the whole.
    pub(super) told: Told,
    /// What summaries quote, by endpoint.
    pub(super) quoted: Vec<(String, Quotes)>,
    windows: Vec<Duration>,
    names: HashMap<Box<[u8]>, u16>,
    listed: Vec<String>,
    latest: (Vec<u8>, u16),
    early: Vec<Sample>,
    span: Option<Span>,
    tracks: Vec<Vec<Sliver>>,
    /// Requests begun and ended, slice by slice.
    beats: Vec<(u64, u64)>,
    last: u64,
    beat: Option<u64>,
    /// Requests counted by interval.
    summed: u64,
}

/// What is known of the whole.
#[derive(Debug)]
pub(super) struct Told {
    /// The format of the first file.
    pub(super) format: Option<Format>,
    /// How exactly times are known; the worst of all files.
    pub(super) precision: Precision,
    /// What the files leave untold, and why.
    pub(super) untold: BTreeMap<Subject, String>,
    /// Why they cannot be taken for a whole run.
    pub(super) unsound: Vec<String>,
    /// What a reader must know.
    pub(super) notes: Vec<String>,
    /// All endpoints together, as a summary quotes them.
    pub(super) whole: Option<Quotes>,
    /// How long a summary says the run lasted.
    pub(super) lasted: Option<Duration>,
    /// When it began, in nanoseconds since 1970.
    pub(super) began: Option<u64>,
    /// Most users at once.
    pub(super) users: u64,
    /// Times count from the beginning, and not from 1970.
    pub(super) relative: bool,
    /// Whom the load was put on.
    pub(super) target: String,
    /// Percentiles without a count of requests, and what has that.
    pub(super) percentiles: Option<(Vec<(Quantile, Band)>, &'static str)>,
    /// What the only endpoint is called.
    pub(super) named: Option<String>,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// By [`Intake::endpoint`].
    pub(super) endpoint: u16,
    /// When it was sent, in nanoseconds.
    pub(super) sent: u64,
    /// How long it took.
    pub(super) took: Duration,
    /// How it ended.
    pub(super) end: Ended,
    /// Bytes of its answer.
    pub(super) bytes: u64,
}

/// What samples became.
pub(super) struct Counted {
    pub(super) names: Vec<String>,
    pub(super) tracks: Vec<Vec<Sliver>>,
    pub(super) beats: Vec<(u64, u64)>,
    pub(super) width: Duration,
    pub(super) began: u64,
    pub(super) lasted: Duration,
    /// The same up to the last sign of life, where that is later than the last answer.
    pub(super) alive: Duration,
}

impl Intake {
    pub(super) fn new(ask: &Ask<'_>) -> Self {
        Self {
            partial: ask.partial,
            unit: ask.unit,
            told: Told {
                format: None,
                precision: Precision::Exact,
                untold: BTreeMap::new(),
                unsound: Vec::new(),
                notes: Vec::new(),
                whole: None,
                lasted: None,
                began: None,
                users: 0,
                relative: false,
                target: String::new(),
                percentiles: None,
                named: None,
            },
            quoted: Vec::new(),
            windows: ask.windows.to_vec(),
            names: HashMap::new(),
            listed: Vec::new(),
            latest: (Vec::new(), 0),
            early: Vec::new(),
            span: None,
            tracks: Vec::new(),
            beats: Vec::new(),
            last: 0,
            beat: None,
            summed: 0,
        }
    }

    /// Whether any sample was given.
    pub(super) fn has_samples(&self) -> bool {
        !self.listed.is_empty() && (self.span.is_some() || !self.early.is_empty())
    }

    /// The number of an endpoint, by its name.
    pub(super) fn endpoint(&mut self, name: &[u8]) -> Result<u16, No> {
        if !self.listed.is_empty() && self.latest.0 == name {
            return Ok(self.latest.1);
        }
        let known = match self.names.get(name) {
            Some(known) => *known,
            None => self.named(name)?,
        };
        self.latest.0.clear();
        self.latest.0.extend_from_slice(name);
        self.latest.1 = known;
        Ok(known)
    }

    fn named(&mut self, name: &[u8]) -> Result<u16, No> {
        let text =
            std::str::from_utf8(name).map_err(|_| No::from("has a name that is no UTF-8"))?;
        if self.listed.len() >= MOST_ENDPOINTS {
            return Err(Unreadable::Names(MOST_ENDPOINTS).into());
        }
        if text.contains('\0') {
            return Err(No::from("has a name with a NUL in it"));
        }
        if text.len() > MOST_NAME {
            return Err(No::from("has a name of more than 1,024 bytes"));
        }
        let number = u16::try_from(self.listed.len()).unwrap_or(u16::MAX);
        self.listed.push(if text.trim().is_empty() { "(no name)" } else { text }.to_owned());
        self.tracks.push(Vec::new());
        self.names.insert(name.into(), number);
        Ok(number)
    }

    /// Counts a sample.
    pub(super) fn sample(&mut self, sample: Sample) -> Result<(), No> {
        if self.span.is_none() {
            self.early.push(sample);
            return if self.early.len() < BEFORE { Ok(()) } else { self.begin() };
        }
        self.count(sample)
    }

    /// Counts good answers of which no more is known than the interval they came in: times, rising,
    /// and how many there are of each. Slices become as wide as the interval.
    pub(super) fn interval(
        &mut self,
        endpoint: u16,
        (start, length): (u64, Duration),
        counts: &[(Duration, u32)],
    ) -> Result<(), No> {
        let end = start.saturating_add(nanos(length));
        let all = counts.iter().map(|(_, count)| u64::from(*count)).sum();
        if all == 0 {
            self.alive(end);
            return Ok(());
        }
        self.summed = self.summed.saturating_add(all);
        if self.summed > u64::from(u32::MAX) {
            return Err(Unreadable::Unread("it counts more than 2^32 requests".to_owned()).into());
        }
        let windows = &self.windows;
        let span = self.span.get_or_insert_with(|| Span::new(start, windows));
        let (before, factor) = (span.first(), span.widen(length));
        self.regroup(before, factor);
        let at = self.slot(start)?;
        self.last = self.last.max(end);
        self.beats[at].0 += all;
        self.beats[at].1 += all;
        let track = &mut self.tracks[usize::from(endpoint)];
        if track.len() <= at {
            track.resize_with(at + 1, Sliver::default);
        }
        track[at].record_counts(counts);
        Ok(())
    }

    /// Something was alive at that moment, though nothing ended.
    pub(super) fn alive(&mut self, moment: u64) {
        self.beat = Some(self.beat.unwrap_or(0).max(moment));
    }

    /// Says something that a reader must know, once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.told.notes.contains(&note) {
            self.told.notes.push(note);
        }
    }

    /// What was left out at the end of a file.
    pub(super) fn tail(&mut self, tail: Tail) {
        if tail.cut {
            self.note("a file ends in the middle: its last line was left out");
        }
    }

    /// Reads record after record of a binary file, until one says that it was not there; one that
    /// broke off is left out where that is asked for.
    pub(super) fn records(
        &mut self,
        mut record: impl FnMut(&mut Self) -> Result<bool, Unreadable>,
    ) -> Result<(), Unreadable> {
        loop {
            match record(self) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Unreadable::Unclosed) if self.partial => {
                    self.tail(Tail { cut: true });
                    return Ok(());
                }
                Err(why) => return Err(why),
            }
        }
    }

    fn begin(&mut self) -> Result<(), No> {
        let early = std::mem::take(&mut self.early);
        let zero = early.iter().map(|sample| sample.sent).min().unwrap_or(0);
        self.span = Some(Span::new(zero, &self.windows));
        early.into_iter().try_for_each(|sample| self.count(sample))
    }

    fn count(&mut self, sample: Sample) -> Result<(), No> {
        let done = sample.sent.saturating_add(nanos(sample.took));
        let sent = self.slot(sample.sent)?;
        let frame = self.span.as_ref().map(Span::frame);
        let done_in = self.slot(done)?;
        // Reaching the end may have moved or widened the slices.
        let moved = frame != self.span.as_ref().map(Span::frame);
        let sent = if moved { self.slot(sample.sent)? } else { sent };
        self.last = self.last.max(done);
        self.beats[sent].0 += 1;
        self.beats[done_in].1 += 1;
        let track = &mut self.tracks[usize::from(sample.endpoint)];
        let most = sent.max(done_in);
        if track.len() <= most {
            track.resize_with(most + 1, Sliver::default);
        }
        match sample.end {
            Ended::Known(end) => track[sent].record(sample.took, end, sample.bytes),
            Ended::Good => track[sent].record_good(sample.took, sample.bytes),
        }
        if sample.end.is_good() {
            track[done_in].arrived();
        }
        Ok(())
    }

    /// Where a moment's slice lies; makes it.
    fn slot(&mut self, moment: u64) -> Result<usize, Unreadable> {
        let Some(span) = &mut self.span else { return Ok(0) };
        let (endpoints, before) = (self.listed.len(), span.first());
        let factor = span.reach(moment, endpoints)?;
        self.regroup(before, factor);
        let Some(span) = &self.span else { return Ok(0) };
        let begun = before.div_euclid(i64::try_from(factor).unwrap_or(1));
        let earlier = usize::try_from(begun - span.first()).unwrap_or(0);
        if earlier > 0 {
            for track in self.tracks.iter_mut().filter(|track| !track.is_empty()) {
                track.splice(0..0, std::iter::repeat_with(Sliver::default).take(earlier));
            }
            self.beats.splice(0..0, std::iter::repeat_n((0, 0), earlier));
        }
        if self.beats.len() < span.slices() {
            self.beats.resize(span.slices(), (0, 0));
        }
        Ok(usize::try_from(span.slot(moment) - span.first()).unwrap_or(0))
    }

    /// Puts slices together by so many, where the first of them had that number.
    fn regroup(&mut self, first: i64, factor: u64) {
        if factor <= 1 {
            return;
        }
        for track in &mut self.tracks {
            *track = together(track, first, factor, |sum, one| sum.merge(&one));
        }
        let add = |sum: &mut (u64, u64), one: (u64, u64)| {
            sum.0 += one.0;
            sum.1 += one.1;
        };
        self.beats = together(&mut self.beats, first, factor, add);
    }

    /// What all samples became; `None` where there were none.
    pub(super) fn counted(&mut self) -> Result<Option<Counted>, Unreadable> {
        if !self.has_samples() {
            return Ok(None);
        }
        let whole = |no| match no {
            No::File(why) => why,
            No::Line(why) => Unreadable::Unread(why.into_owned()),
        };
        if self.span.is_none() {
            self.begin().map_err(whole)?;
        }
        let last = self.last;
        if let Some(beat) = self.beat.filter(|beat| *beat > last) {
            self.slot(beat)?;
        }
        let Some(span) = self.span.take() else { return Ok(None) };
        let began = u64::try_from(span.began()).unwrap_or(0);
        let since = |moment: u64| Duration::from_nanos(moment.saturating_sub(began));
        Ok(Some(Counted {
            names: std::mem::take(&mut self.listed),
            tracks: std::mem::take(&mut self.tracks),
            beats: std::mem::take(&mut self.beats),
            width: span.width(),
            began,
            lasted: since(last),
            alive: since(self.beat.unwrap_or(0).max(last)),
        }))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Slices put together by so many, where the first of them has a number of its own.
fn together<T: Default>(
    slices: &mut Vec<T>,
    first: i64,
    factor: u64,
    mut add: impl FnMut(&mut T, T),
) -> Vec<T> {
    let by = i64::try_from(factor).unwrap_or(1);
    let base = first.div_euclid(by);
    let mut sums: Vec<T> = Vec::new();
    for (at, slice) in (first..).zip(slices.drain(..)) {
        let into = usize::try_from(at.div_euclid(by) - base).unwrap_or(0);
        if sums.len() <= into {
            sums.resize_with(into + 1, T::default);
        }
        add(&mut sums[into], slice);
    }
    sums
}

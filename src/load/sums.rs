//! What the load threads told, added up: slice by slice and as a whole, in memory that does not
//! grow with the load.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use super::ledger::{Beat, Record, Timed};
use super::{Order, nanos, span};
use crate::plan::axis::Piece;
use crate::run::is_group;
use crate::tally::{Packed, Packer, Tally, Timings};

/// Tallies of slices that are kept unpacked, at least two slices' and about so many in all.
const UNPACKED: usize = 8;
/// Late samples that wait to be added to packed slices, at most.
const MOST_LATE: usize = 32_768;

/// Everything counted so far.
pub(super) struct Sums {
    axis: Vec<Piece>,
    /// When the load ends, or was ended: what arrives later is not counted as arrived.
    end: u64,
    /// Slices that hardly change any more.
    packed: Vec<Vec<Packed>>,
    /// The slices after those, endpoint by endpoint.
    fresh: VecDeque<Vec<Tally>>,
    /// Of packed slices: what came too late to be in them.
    late: Vec<Late>,
    /// Judged slices that are packed, with what came late to them.
    whole: Vec<Tally>,
    /// What ended since the last look, judged or not; nothing where nobody looks on.
    recent: Vec<Tally>,
    /// How many slices are kept unpacked.
    keep: usize,
    packer: Packer,
    beats: Vec<SliceBeat>,
    /// Which endpoints are groups of steps: counted for themselves alone.
    groups: Vec<bool>,
    /// The slice that was looked up last, and the time that it covers.
    near: (usize, Range<u64>),
}

/// What was released, dropped and ended in a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SliceBeat {
    pub(super) released: u64,
    pub(super) sent: u64,
    pub(super) dropped: u64,
    ended: u64,
}

/// Something that belongs to a slice that is packed.
#[derive(Clone)]
struct Late {
    slice: usize,
    endpoint: usize,
    what: What,
}

#[derive(Clone)]
enum What {
    /// A request that was due in it.
    Due(Record),
    /// A good answer that arrived in it.
    Arrived,
    /// What was timed inside a request that was due in it.
    Timed(Box<Timings>),
}

impl Sums {
    pub(super) fn new(order: &Order) -> Self {
        let endpoints = order.endpoints.len();
        Self {
            end: order.axis.last().map_or(0, |last| nanos(last.to)),
            beats: vec![SliceBeat::default(); order.axis.len()],
            axis: order.axis.clone(),
            packed: Vec::new(),
            fresh: VecDeque::new(),
            late: Vec::new(),
            whole: vec![Tally::default(); endpoints],
            recent: vec![Tally::default(); if order.recent { endpoints } else { 0 }],
            keep: (UNPACKED / endpoints.max(1)).clamp(2, UNPACKED),
            packer: Packer::default(),
            groups: order.endpoints.iter().map(|name| is_group(name)).collect(),
            near: (0, 0..0),
        }
    }

    /// The slices, as far as the load got.
    pub(super) fn axis(&self) -> &[Piece] {
        &self.axis
    }

    /// The load ends here: the slice that holds this time is the last one, and ends with it.
    pub(super) fn cut(&mut self, end: Duration) {
        let keep = self.axis.partition_point(|piece| piece.from < end).max(1);
        self.axis.truncate(keep);
        if let Some(last) = self.axis.last_mut() {
            last.to = last.to.min(end);
        }
        self.end = self.end.min(nanos(end));
        self.near = (0, 0..0);
        for beat in self.beats.split_off(keep) {
            let last = self.beats.last_mut().expect("at least one slice is kept");
            last.released += beat.released;
            last.sent += beat.sent;
            last.dropped += beat.dropped;
        }
    }

    pub(super) fn released(&mut self, beat: Beat) {
        let slice = beat.slice.min(self.beats.len() - 1);
        let sums = &mut self.beats[slice];
        sums.released += beat.released;
        sums.sent = (sums.sent + beat.sent).saturating_sub(beat.withdrawn);
        sums.dropped += beat.dropped;
    }

    /// Counts a request that ended.
    pub(super) fn count(&mut self, record: &Record) {
        let endpoint = usize::from(record.endpoint.0);
        let sample = record.sample();
        if let Some(recent) = self.recent.get_mut(endpoint) {
            recent.record(&sample);
            if record.end.is_good() {
                recent.arrived();
            }
        }
        let due = self.slice(record.due);
        match self.tally(due, endpoint) {
            Some(tally) => tally.record(&sample),
            None => self.late(Late { slice: due, endpoint, what: What::Due(*record) }),
        }
        if record.done >= self.end {
            return;
        }
        let done = self.slice(record.done);
        self.beats[done].ended += u64::from(!self.groups[endpoint]);
        if !record.end.is_good() {
            return;
        }
        match self.tally(done, endpoint) {
            Some(tally) => tally.arrived(),
            None => self.late(Late { slice: done, endpoint, what: What::Arrived }),
        }
    }

    /// Counts what was timed inside a request.
    pub(super) fn time(&mut self, timed: Timed) {
        let Timed { due, endpoint, timings } = timed;
        let (slice, endpoint) = (self.slice(due), usize::from(endpoint.0));
        match self.tally(slice, endpoint) {
            Some(tally) => tally.time(&timings),
            None => self.late(Late { slice, endpoint, what: What::Timed(Box::new(timings)) }),
        }
    }

    /// The slice a time lies in; the last one for what is later.
    fn slice(&mut self, time: u64) -> usize {
        if !self.near.1.contains(&time) {
            let after = self.axis.partition_point(|piece| nanos(piece.to) <= time);
            let slice = after.min(self.axis.len() - 1);
            self.near = (slice, span(&self.axis[slice]));
        }
        self.near.0
    }

    /// The tally of a slice; `None` where the slice is packed.
    fn tally(&mut self, slice: usize, endpoint: usize) -> Option<&mut Tally> {
        let place = slice.checked_sub(self.packed.len())?;
        while self.fresh.len() <= place {
            self.fresh.push_back(vec![Tally::default(); self.whole.len()]);
        }
        self.fresh.get_mut(place).and_then(|tallies| tallies.get_mut(endpoint))
    }

    fn late(&mut self, late: Late) {
        if !self.axis[late.slice].warm_up {
            late.apply(&mut self.whole[late.endpoint]);
        }
        self.late.push(late);
    }

    /// Packs slices that have become old, and adds to packed ones what came late, when there is
    /// much of it.
    pub(super) fn settle(&mut self) {
        while self.fresh.len() > self.keep {
            let Some(tallies) = self.fresh.pop_front() else { return };
            if !self.axis[self.packed.len()].warm_up {
                merge(&mut self.whole, &tallies);
            }
            let pack = |tally: &Tally| tally.pack_by(&mut self.packer);
            self.packed.push(tallies.iter().map(pack).collect());
        }
        if self.late.len() > MOST_LATE {
            let mut late = std::mem::take(&mut self.late);
            add_late(&mut self.packed, &mut late, &mut self.packer);
        }
    }

    /// What was released, dropped and still under way, slice by slice.
    pub(super) fn beats(&self) -> impl Iterator<Item = (SliceBeat, u64)> + '_ {
        self.beats.iter().scan(0_u64, |in_flight, beat| {
            *in_flight = (*in_flight + beat.sent).saturating_sub(beat.ended);
            Some((*beat, *in_flight))
        })
    }

    /// What ended since this was asked last, endpoint by endpoint.
    pub(super) fn take_recent(&mut self) -> Vec<Tally> {
        self.recent.iter_mut().map(std::mem::take).collect()
    }

    /// All judged samples of each endpoint.
    pub(super) fn whole(&self) -> Vec<Tally> {
        let mut whole = self.whole.clone();
        let judged = self.axis.iter().skip(self.packed.len()).zip(&self.fresh);
        for (_, tallies) in judged.filter(|(piece, _)| !piece.warm_up) {
            merge(&mut whole, tallies);
        }
        whole
    }

    /// The first `count` slices of each endpoint, packed.
    pub(super) fn slices(&self, count: usize) -> Vec<Vec<Packed>> {
        let (mut slices, mut packer) = (self.packed.clone(), Packer::default());
        for tallies in &self.fresh {
            slices.push(tallies.iter().map(|tally| tally.pack_by(&mut packer)).collect());
        }
        add_late(&mut slices, &mut self.late.clone(), &mut packer);
        let none = vec![Packed::default(); self.whole.len()];
        slices.resize(count, none);
        let mut endpoints = vec![Vec::with_capacity(count); self.whole.len()];
        for slice in slices {
            for (slices, packed) in endpoints.iter_mut().zip(slice) {
                slices.push(packed);
            }
        }
        endpoints
    }
}

impl Late {
    fn apply(&self, tally: &mut Tally) {
        match &self.what {
            What::Due(record) => tally.record(&record.sample()),
            What::Arrived => tally.arrived(),
            What::Timed(timings) => tally.time(timings),
        }
    }
}

fn merge(whole: &mut [Tally], part: &[Tally]) {
    for (whole, part) in whole.iter_mut().zip(part) {
        whole.merge(part);
    }
}

/// Adds to packed slices what came late to them: each is unpacked once.
fn add_late(packed: &mut [Vec<Packed>], late: &mut [Late], by: &mut Packer) {
    late.sort_by_key(|late| (late.slice, late.endpoint));
    for same in late.chunk_by(|a, b| (a.slice, a.endpoint) == (b.slice, b.endpoint)) {
        let packed = &mut packed[same[0].slice][same[0].endpoint];
        let mut tally = packed.unpack().expect("what was packed here can be unpacked");
        for late in same {
            late.apply(&mut tally);
        }
        *packed = tally.pack_by(by);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plan::mix::Mix;
    use crate::plan::profile::{Profile, Stage};
    use crate::plan::{Arrivals, Load};
    use crate::run::{Model, Origin};
    use crate::sample::{End, EndpointId, Failure};
    use crate::shard::Shard;

    const SECOND: u64 = 1_000_000_000;

    fn order(slices: u64) -> Order {
        let duration = Duration::from_secs(slices);
        let stage = Stage { name: None, duration, from: 0, to: 1_000_000 };
        let piece = |from| Piece {
            from: Duration::from_secs(from),
            to: Duration::from_secs(from + 1),
            stage: 0,
            warm_up: from == 0,
        };
        let load = Load {
            profile: Profile { model: Model::Open, stages: vec![stage] },
            warm_up: Duration::from_secs(1),
            arrivals: Arrivals::Even,
            max_in_flight: 1,
            connections: 1,
            threads: None,
            streams: 1,
            seed: None,
            shard: Shard::ALONE,
            abort_after: duration,
        };
        Order {
            load,
            timeout: Duration::from_mins(1),
            requests: (0..12).map(|n| (n.to_string(), 1)).collect(),
            endpoints: (0..12).map(|n| n.to_string()).collect(),
            counted: (0..12).collect(),
            max_times: vec![None; 12],
            mix: Mix::of_requests(&[(1, 0)], 1, 0),
            story: None,
            axis: (0..slices).map(piece).collect(),
            seed: 0,
            origin: Origin::default(),
            arms: None,
            recent: false,
        }
    }

    /// Requests of all endpoints that take up to `slices` seconds, in the order in which they end.
    fn records(slices: u64) -> Vec<Record> {
        let record = |n: u64| {
            let due = n * slices * SECOND / 4_000;
            let done = due + (n * 7_919 % 997) * SECOND * slices / 997;
            let good = !n.is_multiple_of(5);
            let failed = End::Failed { why: Failure::Reset, status: None };
            let end = if good { End::Good(200) } else { failed };
            let endpoint = EndpointId(u16::try_from(n % 12).expect("below twelve"));
            Record { due, sent: due + 1_000, done, bytes: n, end, endpoint }
        };
        let mut records: Vec<_> = (0..4_000).map(record).collect();
        records.sort_unstable_by_key(|record| record.done);
        records
    }

    #[test]
    fn whatever_comes_late_is_counted_where_it_belongs_and_old_slices_are_packed() {
        let order = order(30);
        let mut sums = Sums::new(&order);
        let mut most = 0;
        for record in records(30) {
            sums.count(&record);
            sums.settle();
            most = most.max(sums.fresh.len());
        }
        assert_eq!(most, 2);
        assert_eq!(sums.packed.len(), 28);
        let (whole, slices) = (sums.whole(), sums.slices(30));
        for (endpoint, (whole, slices)) in whole.iter().zip(&slices).enumerate() {
            let mut direct = vec![Tally::default(); 30];
            for record in records(30).iter().filter(|one| usize::from(one.endpoint.0) == endpoint) {
                direct[order.slice(record.due)].record(&record.sample());
                if record.end.is_good() && record.done < 30 * SECOND {
                    direct[order.slice(record.done)].arrived();
                }
            }
            let packed: Vec<Packed> = direct.iter().map(Tally::pack).collect();
            assert_eq!(slices, &packed);
            let judged = direct[1..].iter().fold(Tally::default(), |mut all, slice| {
                all.merge(slice);
                all
            });
            assert_eq!(whole.pack(), judged.pack());
        }
    }

    #[test]
    fn a_load_that_is_cut_short_ends_in_its_last_slice() {
        let mut sums = Sums::new(&order(30));
        sums.cut(Duration::from_millis(2_500));
        assert_eq!(sums.axis().len(), 3);
        assert_eq!(sums.axis()[2].to, Duration::from_millis(2_500));
        for record in records(30) {
            sums.count(&record);
        }
        let count = |slice: &Packed| slice.unpack().expect("our own").count();
        let counted: u64 = sums.slices(3).iter().flatten().map(count).sum();
        assert_eq!(counted, 4_000);
    }
}

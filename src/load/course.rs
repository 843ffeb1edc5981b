//! The course of a run so far: everything the control thread knows, and the [`Run`] it makes.

use std::sync::Arc;
use std::time::Duration;

use super::health::{self, Clocks, MachineTime};
use super::ledger::{Batch, Record, Standing};
use super::planned::Planned;
use super::reasons::{Reasons, Whys};
use super::strain::Strain;
use super::sums::Sums;
use super::{Order, nanos};
use crate::plan::axis::Piece;
use crate::plan::timetable::Timetable;
use crate::run::{Clock, Delivered, Evidence, Generator, Model, Pulse, Run, Slice, Stop};
use crate::sample::{End, Failure};
use crate::tally::{Packed, Tally, Times};
use crate::unit::{Quantile, Ratio};

/// The course of a run so far.
pub(super) struct Course {
    pub(super) order: Arc<Order>,
    pub(super) tables: Arc<Vec<Timetable>>,
    sums: Sums,
    planned: Vec<Planned>,
    lanes: Vec<Standing>,
    pacing: &'static str,
    connecting: Times,
    opened: u64,
    reconnects: u64,
    lags: Times,
    strain: Strain,
    clocks: Clocks,
    clock: Clock,
    standstills: Standstills,
    machine: Option<MachineTime>,
    descriptors: Descriptors,
    /// By endpoint: why its requests failed.
    whys: Vec<Whys>,
    /// Since when, and until when, requests only failed to connect.
    unconnected: Option<(u64, u64)>,
}

/// When the control thread, and when each load thread, did not get to run.
#[derive(Default)]
struct Standstills {
    own: Vec<(u64, u64)>,
    lanes: Vec<Vec<(u64, u64)>>,
}

/// Open descriptors at the fullest moment.
struct Descriptors {
    limit: Option<u64>,
    most: u64,
    at_connections: Option<u64>,
}

impl Course {
    pub(super) fn new(order: Order, lanes: usize) -> Self {
        let limit = health::raise_descriptors();
        let whys = vec![Whys::default(); order.endpoints.len()];
        let planned = order.parts().iter().map(|_| Planned::default()).collect();
        Self {
            tables: Arc::new(Timetable::of_parts(&order.parts(), &order.load, order.seed)),
            sums: Sums::new(&order),
            order: Arc::new(order),
            planned,
            lanes: vec![Standing::default(); lanes],
            pacing: "",
            connecting: Times::default(),
            opened: 0,
            reconnects: 0,
            lags: Times::default(),
            strain: Strain::default(),
            clocks: Clocks::new(),
            clock: Clock::default(),
            standstills: Standstills { own: Vec::new(), lanes: vec![Vec::new(); lanes] },
            machine: MachineTime::now(),
            descriptors: Descriptors { limit, most: 0, at_connections: None },
            whys,
            unconnected: None,
        }
    }

    /// The load begins: what happened to the clocks before does not matter.
    pub(super) fn begin(&mut self, pacing: &'static str) {
        self.pacing = pacing;
        self.clocks = Clocks::new();
        self.machine = MachineTime::now();
    }

    /// Counts what a load thread handed over; the emptied list, to be written again.
    pub(super) fn take(&mut self, mut batch: Batch) -> Vec<Record> {
        for record in &batch.records {
            self.sums.count(record);
            self.connects(record);
        }
        batch.timed.into_iter().for_each(|timed| self.sums.time(timed));
        batch.beats.into_iter().for_each(|beat| self.sums.released(beat));
        self.sums.settle();
        self.connecting.merge(&batch.connecting);
        self.opened += batch.opened;
        self.reconnects += batch.reconnects;
        self.lags.merge(&batch.lags);
        batch.seconds.into_iter().for_each(|(at, second)| self.strain.take(at, second));
        self.standstills.lanes[batch.lane].extend(batch.gap);
        self.lanes[batch.lane] = batch.standing;
        batch.records.clear();
        batch.records
    }

    /// Notes whether requests still find a connection.
    fn connects(&mut self, record: &Record) {
        use Failure::{Connect, Dns, Timeout, Tls};
        let refused = matches!(record.end, End::Failed { why: Dns | Connect | Tls, .. });
        // It waited for a connection in vain: that says neither.
        let in_vain = matches!(record.end, End::Failed { why: Timeout, .. });
        if refused {
            let (since, _) = self.unconnected.unwrap_or((record.done, record.done));
            self.unconnected = Some((since, record.done));
        } else if !in_vain || record.sent < record.done {
            self.unconnected = None;
        }
    }

    /// Keeps why requests failed.
    pub(super) fn remember(&mut self, reasons: Reasons) {
        for (request, why, what) in reasons.examples {
            self.whys[self.order.counted[request]].note(why, what);
        }
        for (endpoint, missed) in reasons.missed {
            self.whys[endpoint].miss(missed);
        }
    }

    /// Whether for as long as the load allows, requests only failed to connect.
    pub(super) fn is_dead(&self) -> bool {
        let allowed = nanos(self.order.load.abort_after);
        self.unconnected.is_some_and(|(since, last)| last.saturating_sub(since) >= allowed)
    }

    /// Looks at clocks and descriptors, and counts what should have been sent by now.
    pub(super) fn look(&mut self, elapsed: Duration) {
        self.clock = self.clocks.compare();
        if self.order.load.profile.model == Model::Open {
            for (planned, table) in self.planned.iter_mut().zip(&*self.tables) {
                planned.count(table, self.sums.axis(), elapsed);
            }
        }
        let connections = self.lanes.iter().map(|lane| lane.connections).sum();
        if self.descriptors.at_connections.is_none_or(|before| connections > before) {
            self.descriptors.at_connections = Some(connections);
            let open = health::open_descriptors().unwrap_or(0);
            self.descriptors.most = self.descriptors.most.max(open);
        }
    }

    /// The control thread did not get to run.
    pub(super) fn stood_still(&mut self, from: u64, to: u64) {
        self.standstills.own.push((from, to));
    }

    /// The load ends here.
    pub(super) fn cut(&mut self, end: Duration) {
        self.sums.cut(end);
    }

    /// What ended since this was asked last.
    pub(super) fn take_recent(&mut self) -> Vec<Tally> {
        self.sums.take_recent()
    }

    /// All judged samples so far.
    pub(super) fn whole(&self) -> Tally {
        let mut all = Tally::default();
        self.sums.whole().iter().for_each(|whole| all.merge(whole));
        all
    }

    /// What was planned, sent and dropped so far, and how things stand.
    pub(super) fn pulse(&self) -> Pulse {
        let (mut released, mut sent, mut dropped) = (0, 0, 0);
        for (beat, _) in self.sums.beats() {
            released += beat.released;
            sent += beat.sent;
            dropped += beat.dropped;
        }
        Pulse {
            planned: self.by_model(sent, self.planned_now()),
            released: self.by_model(sent, released),
            sent,
            dropped,
            in_flight: self.lanes.iter().map(|lane| lane.in_flight).sum(),
            users: self.lanes.iter().map(|lane| lane.users).sum(),
        }
    }

    /// Arrivals planned until now.
    fn planned_now(&self) -> u64 {
        self.planned.iter().map(|part| self.order.load.shard.part(part.now)).sum()
    }

    /// Where no timetable says, what was sent is what was planned, and released.
    fn by_model(&self, sent: u64, arrivals: u64) -> u64 {
        match self.order.load.profile.model {
            Model::Open => arrivals,
            Model::Closed => sent,
        }
    }

    /// The run, had it lasted so long and ended so.
    pub(super) fn run(&self, stop: Stop, lasted: Duration) -> Run {
        let slices = self.slices(lasted);
        let packed = self.sums.slices(slices.len());
        let told = self.told(stop, lasted, &slices, packed);
        Run { slices, ..told }
    }

    /// The same without its slices, which is cheap enough to be had every second.
    pub(super) fn sketch(&self, lasted: Duration) -> Run {
        let none = vec![Vec::new(); self.order.endpoints.len()];
        self.told(Stop::Checkpoint, lasted, &self.slices(lasted), none)
    }

    fn told(
        &self,
        stop: Stop,
        lasted: Duration,
        slices: &[Slice],
        packed: Vec<Vec<Packed>>,
    ) -> Run {
        Run {
            origin: self.order.origin.clone(),
            load: self.delivered(lasted, slices),
            generator: self.generator(lasted),
            endpoints: self.endpoints(slices, packed),
            slices: Vec::new(),
            stop,
            reference: None,
            probes: Vec::new(),
            again: None,
            rounds: None,
            imported: None,
        }
    }

    fn slices(&self, lasted: Duration) -> Vec<Slice> {
        let begun =
            self.sums.axis().iter().filter(|piece| piece.from < lasted || piece.from.is_zero());
        let slice = |(index, (piece, (beat, in_flight))): (usize, (&Piece, _))| {
            let beat: super::sums::SliceBeat = beat;
            let to = piece.to.min(lasted);
            let last = to.saturating_sub(Duration::from_nanos(1));
            let users = self.order.users(|profile| profile.users_at(last));
            let shard = self.order.load.shard;
            let planned = self.planned.iter().map(|part| part.within(index, shard)).sum();
            let planned = self.by_model(beat.sent, planned);
            let released = self.by_model(beat.sent, beat.released);
            let (sent, dropped) = (beat.sent, beat.dropped);
            let pulse = Pulse { planned, released, sent, dropped, in_flight, users };
            Slice { from: piece.from, to, stage: piece.stage, warm_up: piece.warm_up, pulse }
        };
        begun.zip(self.sums.beats()).enumerate().map(slice).collect()
    }

    fn endpoints(&self, slices: &[Slice], packed: Vec<Vec<Packed>>) -> Vec<Evidence> {
        // What goes to which of two versions is drawn one by one.
        let told = self.order.arms.is_none();
        let planned: Vec<Option<u64>> = match self.order.load.profile.model {
            Model::Open if !told => vec![None; self.order.endpoints.len()],
            Model::Closed => vec![None; self.order.endpoints.len()],
            Model::Open => {
                let judged = slices.iter().position(|slice| !slice.warm_up);
                let from = |part: &Planned| {
                    let before = judged.and_then(|judged| part.before.get(judged));
                    before.copied().unwrap_or(part.now)
                };
                let from: Vec<u64> = self.planned.iter().map(from).collect();
                let to: Vec<u64> = self.planned.iter().map(|part| part.now).collect();
                let planned = self.order.mix.requests(&from, &to);
                let shard = self.order.load.shard;
                let told =
                    |(place, count)| self.order.mix.tells(place).then_some(shard.share(count));
                planned.into_iter().enumerate().map(told).collect()
            }
        };
        let names = self.order.endpoints.iter().cloned();
        let counted = self.sums.whole().into_iter().zip(packed);
        let told = counted.zip(&self.whys);
        let evidence = |((name, planned), ((whole, slices), whys))| {
            let whys: &Whys = whys;
            let (examples, missed) = (whys.examples.clone(), whys.missed());
            Evidence { name, planned, whole, slices, examples, missed, quotes: None }
        };
        names.zip(planned).zip(told).map(evidence).collect()
    }

    fn delivered(&self, lasted: Duration, slices: &[Slice]) -> Delivered {
        let load = &self.order.load;
        let users = self.order.users(|profile| profile.most_users(lasted));
        let planned = match load.profile.model {
            Model::Open => Some(self.planned_now()),
            Model::Closed => None,
        };
        let names = load.profile.stages.iter().map(|stage| stage.name.clone().unwrap_or_default());
        Delivered {
            model: load.profile.model,
            profile: load.profile.to_string(),
            stages: names.collect(),
            duration: load.profile.duration(),
            lasted,
            warm_up: load.warm_up,
            timeout: self.order.timeout,
            planned,
            released: planned.map(|_| slices.iter().map(|slice| slice.pulse.released).sum()),
            sent: slices.iter().map(|slice| slice.pulse.sent).sum(),
            dropped: slices.iter().map(|slice| slice.pulse.dropped).sum(),
            users,
            connections: self.opened,
            reconnects: self.reconnects,
            connecting: self.connecting.clone(),
            refused: Vec::new(),
            merged: None,
        }
    }

    fn generator(&self, lasted: Duration) -> Generator {
        let lag = |millionths: u32| {
            let quantile = Quantile::from_millionths(millionths)?;
            self.lags.at_rank(quantile.rank(self.lags.count()))
        };
        let cpu =
            |(cpu, wall): (Duration, Duration)| Ratio::of(nanos(cpu).min(nanos(wall)), nanos(wall));
        let machine = MachineTime::now().zip(self.machine);
        let Descriptors { limit, most, .. } = self.descriptors;
        Generator {
            threads: self.lanes.len() as u64,
            lag_p50: lag(500_000),
            lag_p99: lag(990_000),
            lag_max: self.lags.most(),
            cpu: self.lanes.iter().filter_map(|lane| lane.cpu).filter_map(cpu).collect(),
            saturated: self.strain.saturated(lasted),
            starved: self.strain.starved(lasted),
            descriptors: limit.filter(|_| most > 0).map(|limit| (most, limit)),
            steal: machine.and_then(|(now, before)| now.stolen_since(before)),
            pacing: self.pacing.to_owned(),
            clock: Clock {
                suspended: self.clock.suspended || self.standstills.are_common(),
                ..self.clock
            },
        }
    }
}

impl Standstills {
    /// Whether once, all threads stood still together: then it was the machine or the process that
    /// did.
    fn are_common(&self) -> bool {
        let together = |a: &(u64, u64), b: &(u64, u64)| {
            let overlap = a.1.min(b.1).saturating_sub(a.0.max(b.0));
            overlap > nanos(health::STANDSTILL)
        };
        self.own.iter().any(|own| {
            self.lanes.iter().all(|lane| lane.iter().any(|theirs| together(own, theirs)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_stood_still_where_all_threads_did_at_once() {
        let ms = |from: u64, to: u64| (from * 1_000_000, to * 1_000_000);
        let check = |own: &[(u64, u64)], lanes: &[&[(u64, u64)]], common: bool| {
            let lanes = lanes.iter().map(|lane| lane.to_vec()).collect();
            assert_eq!(Standstills { own: own.to_vec(), lanes }.are_common(), common);
        };
        check(&[], &[&[ms(0, 2_000)]], false);
        check(&[ms(0, 2_000)], &[&[]], false);
        check(&[ms(100, 2_000)], &[&[ms(0, 1_900)], &[ms(50, 80), ms(200, 2_100)]], true);
        check(&[ms(100, 2_000)], &[&[ms(1_600, 3_000)]], false);
    }
}

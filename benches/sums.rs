//! Micro-benchmarks of the pure sums: when a request is due, which one it is, counting, merging.

use std::hint::black_box;
use std::time::Duration;

use loadgate::plan::Arrivals;
use loadgate::plan::draw::Draw;
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::timetable::Timetable;
use loadgate::run::Model;
use loadgate::sample::{End, EndpointId, Sample};
use loadgate::tally::Tally;

const MANY: u64 = 10_000;

fn main() {
    divan::main();
}

fn table(from: u64, to: u64, arrivals: Arrivals) -> Timetable {
    let duration = Duration::from_mins(1);
    let stage = Stage { name: None, duration, from: from * 1_000_000, to: to * 1_000_000 };
    Timetable::of(&Profile { model: Model::Open, stages: vec![stage] }, arrivals, 1)
}

fn sample(n: u64) -> Sample {
    let due = Duration::from_micros(n * 50);
    let sent = due + Duration::from_micros(20);
    let done = sent + Duration::from_micros(200 + n * 7_919 % 3_000);
    Sample { endpoint: EndpointId(0), due, sent, done, end: End::Good(200), bytes: 300 }
}

fn tally() -> Tally {
    let mut tally = Tally::default();
    (0..MANY).for_each(|n| tally.record(&sample(n)));
    tally
}

#[divan::bench(counters = [divan::counter::ItemsCount::new(MANY)])]
fn due_at_a_steady_rate(bencher: divan::Bencher<'_, '_>) {
    let table = table(20_000, 20_000, Arrivals::Even);
    bencher.bench(|| black_box(&table).share(0, 2).take(10_000).map(|one| one.due).max());
}

#[divan::bench(counters = [divan::counter::ItemsCount::new(MANY)])]
fn due_on_a_ramp(bencher: divan::Bencher<'_, '_>) {
    let table = table(0, 20_000, Arrivals::Even);
    bencher.bench(|| black_box(&table).share(0, 2).take(10_000).map(|one| one.due).max());
}

#[divan::bench(counters = [divan::counter::ItemsCount::new(MANY)])]
fn due_by_poisson(bencher: divan::Bencher<'_, '_>) {
    let table = table(20_000, 20_000, Arrivals::Poisson);
    bencher.bench(|| black_box(&table).share(0, 1).take(10_000).map(|one| one.due).max());
}

#[divan::bench(counters = [divan::counter::ItemsCount::new(MANY)])]
fn draw(bencher: divan::Bencher<'_, '_>) {
    let draw = Draw::new(&[5, 3, 2, 1], 1);
    bencher.bench(|| (0..MANY).map(|n| black_box(&draw).nth(0, n)).sum::<usize>());
}

#[divan::bench(counters = [divan::counter::ItemsCount::new(MANY)])]
fn record(bencher: divan::Bencher<'_, '_>) {
    let samples: Vec<_> = (0..MANY).map(sample).collect();
    let mut tally = tally();
    bencher.bench_local(|| samples.iter().for_each(|sample| tally.record(black_box(sample))));
}

#[divan::bench]
fn merge(bencher: divan::Bencher<'_, '_>) {
    let (mut whole, slice) = (tally(), tally());
    bencher.bench_local(|| whole.merge(black_box(&slice)));
}

#[divan::bench]
fn pack(bencher: divan::Bencher<'_, '_>) {
    let slice = tally();
    bencher.bench(|| black_box(&slice).pack());
}

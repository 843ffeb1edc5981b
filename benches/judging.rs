//! Micro-benchmarks of merging, judging, archiving and reporting a run of 100 endpoints and 120
//! slices.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use loadgate::judge::finding::Judgement;
use loadgate::metric::{Metric, Value};
use loadgate::plan::Plan;
use loadgate::plan::threshold::{Level, Limit, Relation, Selector, Threshold, Window};
use loadgate::report::{Case, Facts, Format};
use loadgate::run::{Delivered, Evidence, Generator, Model, Origin, Pulse, Run, Slice, Stop};
use loadgate::sample::{End, EndpointId, Sample};
use loadgate::secret::Masks;
use loadgate::tally::{Tally, Times};
use loadgate::unit::Quantile;
use loadgate::{archive, judge};

const ENDPOINTS: u32 = 100;
const SLICES: u32 = 120;
const SAMPLES: u32 = 200;

static RUN: LazyLock<Run> = LazyLock::new(run);
static TEXT: LazyLock<String> = LazyLock::new(|| archive::write(&RUN));

fn main() {
    divan::main();
}

fn tally(slice: u32, endpoint: u32) -> Tally {
    let mut tally = Tally::default();
    for number in 0..SAMPLES {
        let due = Duration::from_secs(slice.into()) + Duration::from_millis(5) * number;
        let spread = (slice * 7919 + endpoint * 104_729 + number * 15_485_863) % 200_000;
        let sent = due + Duration::from_micros(20);
        let done = sent + Duration::from_micros(500 + u64::from(spread));
        let end = End::Good(200);
        let sample = Sample { endpoint: EndpointId(0), due, sent, done, end, bytes: 512 };
        tally.record(&sample);
        tally.arrived();
    }
    tally
}

fn evidence(endpoint: u32) -> Evidence {
    let slices: Vec<Tally> = (0..SLICES).map(|slice| tally(slice, endpoint)).collect();
    let mut whole = Tally::default();
    for slice in &slices {
        whole.merge(slice);
    }
    let name = format!("GET /endpoints/{endpoint}");
    let slices = slices.iter().map(Tally::pack).collect();
    let (planned, examples) = (Some(whole.count()), std::collections::BTreeMap::new());
    Evidence { name, planned, whole, slices, examples, missed: Vec::new(), quotes: None }
}

fn slice(index: u32) -> Slice {
    let sent = u64::from(SAMPLES * ENDPOINTS);
    let pulse = Pulse { planned: sent, released: sent, sent, dropped: 0, in_flight: 4, users: 0 };
    let at = |index: u32| Duration::from_secs(index.into());
    Slice { from: at(index), to: at(index + 1), stage: 0, warm_up: false, pulse }
}

fn run() -> Run {
    let duration = Duration::from_secs(SLICES.into());
    let sent = u64::from(SAMPLES * ENDPOINTS * SLICES);
    Run {
        origin: Origin::default(),
        load: Delivered {
            model: Model::Open,
            profile: "20000/s for 2m".to_owned(),
            stages: vec![String::new()],
            duration,
            lasted: duration,
            warm_up: Duration::ZERO,
            timeout: Duration::from_secs(10),
            released: None,
            planned: Some(sent),
            sent,
            dropped: 0,
            users: 0,
            connections: 100,
            reconnects: 0,
            connecting: Times::default(),
            refused: Vec::new(),
            merged: None,
        },
        generator: Generator { threads: 1, pacing: "timerfd".to_owned(), ..Generator::unknown() },
        slices: (0..SLICES).map(slice).collect(),
        endpoints: (0..ENDPOINTS).map(evidence).collect(),
        stop: Stop::End,
        reference: None,
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: None,
    }
}

/// Twelve percentiles of each endpoint, over the whole time or over windows.
fn plan(over: Option<Duration>) -> Plan {
    let threshold = |percent: u32| Threshold {
        selector: Selector::Endpoints("*".to_owned()),
        metric: Metric::Latency(Quantile::from_millionths(percent * 10_000).expect("a percentile")),
        limit: Limit { relation: Relation::Below, bound: Value::Time(Duration::from_millis(200)) },
        level: Level::Fail,
        window: Window { over, during: None },
        abort: None,
        required: true,
        default: false,
        line: 1,
    };
    Plan {
        name: "gate.toml".to_owned(),
        hash: String::new(),
        asked_in: "gate.toml".to_owned(),
        drive: None,
        locust: None,
        thresholds: (1..=12).map(|step| threshold(step * 8)).collect(),
        confidence: None,
        regression: None,
        accepts: Vec::new(),
        export: None,
        probes: Vec::new(),
        probe_limits: Vec::new(),
        left_out: Vec::new(),
        tags: Vec::new(),
        exclude_tags: Vec::new(),
        masks: Masks::default(),
        warnings: Vec::new(),
    }
}

#[divan::bench]
fn merge_all_endpoints(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| black_box(&*RUN).whole());
}

#[divan::bench]
fn judge_100_endpoints_by_12_thresholds(bencher: divan::Bencher<'_, '_>) {
    let plan = plan(None);
    bencher.bench(|| judge::judge(black_box(&plan), &RUN));
}

#[divan::bench(sample_count = 10)]
fn judge_100_endpoints_by_12_thresholds_in_windows(bencher: divan::Bencher<'_, '_>) {
    let plan = plan(Some(Duration::from_secs(10)));
    bencher.bench(|| judge::judge(black_box(&plan), &RUN));
}

#[divan::bench(sample_count = 20)]
fn pack_one_slice_of_100_endpoints(bencher: divan::Bencher<'_, '_>) {
    let tallies: Vec<Tally> = (0..ENDPOINTS).map(|endpoint| tally(0, endpoint)).collect();
    bencher.bench(|| tallies.iter().map(Tally::pack).collect::<Vec<_>>());
}

#[divan::bench(sample_count = 20)]
fn write_the_archive(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| archive::write(black_box(&RUN)));
}

#[divan::bench(sample_count = 20)]
fn read_the_archive(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| archive::read(black_box(&TEXT)));
}

#[divan::bench(sample_count = 20)]
fn gather_the_facts(bencher: divan::Bencher<'_, '_>) {
    let (plan, judgement) = judged();
    let case = Case { plan: &plan, run: &RUN, judgement: &judgement, exit_code: 0 };
    bencher.bench(|| Facts::of(black_box(&case)));
}

#[divan::bench(sample_count = 20)]
fn write_all_reports(bencher: divan::Bencher<'_, '_>) {
    let (plan, judgement) = judged();
    let case = Case { plan: &plan, run: &RUN, judgement: &judgement, exit_code: 0 };
    let facts = Facts::of(&case);
    bencher.bench(|| Format::FILES.map(|format| black_box(&facts).render(format)));
}

fn judged() -> (Plan, Judgement) {
    let plan = plan(None);
    let judgement = judge::judge(&plan, &RUN);
    (plan, judgement)
}

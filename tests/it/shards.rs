//! One load on several machines: who sends what, and what their runs add up to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loadgate::archive;
use loadgate::judge::finding::Verdict;
use loadgate::judge::judge;
use loadgate::merge::{Unmerged, merge};
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::timetable::{Arrival, Timetable, Walk};
use loadgate::plan::{Arrivals, Plan};
use loadgate::run::{Model, Pulse, Run, Slice, Stop};
use loadgate::sample::{Failure, Sample};
use loadgate::script::feeder::{Feeder, Pick};
use loadgate::script::read;
use loadgate::shard::Shard;
use proptest::prelude::*;

use super::support::cases::three;
use super::support::gate::{Gate, REPORTS};
use super::support::made::{bad, even, ms, run, s};
use super::support::server::{Script, Server, ok};

fn shard(index: u32, of: u32) -> Shard {
    Shard::new(index, of).expect("it is below")
}

proptest! {
    #[test]
    fn the_shards_of_a_timetable_are_all_of_it_request_for_request(
        of in 1..6_u32,
        threads in 1..4_u64,
        levels in prop::collection::vec((0..400_u64, 0..400_u64), 1..4),
        poisson: bool,
        seed: u64,
    ) {
        let stage = |(from, to): (u64, u64)| {
            let (from, to) = (from * 1_000_000, to * 1_000_000);
            Stage { name: None, duration: Duration::from_millis(700), from, to }
        };
        let profile =
            Profile { model: Model::Open, stages: levels.into_iter().map(stage).collect() };
        let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Even };
        let table = Timetable::of(&profile, arrivals, seed);
        let whole: Vec<Arrival> = table.share(0, 1).collect();
        let mut union: Vec<Arrival> = Vec::new();
        for shard in (0..of).map(|index| shard(index, of)) {
            let mut mine = 0;
            for thread in 0..threads {
                let mut walk = Walk::new(shard.number(thread), shard.of() * threads);
                while let Some(arrival) = walk.next(&table) {
                    union.push(arrival);
                    mine += 1;
                }
            }
            prop_assert_eq!(mine, shard.part(whole.len() as u64));
        }
        union.sort_by_key(|arrival| arrival.number);
        prop_assert_eq!(union, whole);
    }

    #[test]
    fn parts_and_shares_add_up_to_the_whole(of in 1..50_u32, sum: u64) {
        let all: Vec<Shard> = (0..of).map(|index| shard(index, of)).collect();
        prop_assert_eq!(all.iter().map(|one| one.part(sum)).sum::<u64>(), sum);
        prop_assert_eq!(all.iter().map(|one| one.share(sum)).sum::<u64>(), sum);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_merged_run_is_the_run_of_one_machine_whatever_the_order(
        of in 1..5_u32,
        turned in 0..5_usize,
        failing in 0..40_usize,
    ) {
        let of = of + 1;
        let plan = three("< 250ms");
        let names = ["GET /products", "GET /cart", "POST /checkout"];
        let mut samples: Vec<(&'static str, Vec<Sample>)> =
            names.into_iter().map(|name| (name, even(120, s(60), ms(5), ms(180)))).collect();
        for sample in samples[1].1.iter_mut().step_by(failing + 1) {
            *sample = bad(sample.due, ms(3), Failure::Reset);
        }
        let whole = run(&plan, &samples);
        let mut parts = apart(&plan, &samples, of);
        let turned = turned % parts.len();
        parts.rotate_left(turned);
        let merged = merge(parts).expect("they are of one run");
        prop_assert!(merged.origin.shard.is_alone());
        prop_assert_eq!(merged.load.sent, whole.load.sent);
        prop_assert_eq!(merged.load.planned, whole.load.planned);
        prop_assert_eq!(sent(&merged), sent(&whole));
        for (ours, theirs) in merged.endpoints.iter().zip(&whole.endpoints) {
            prop_assert_eq!(&ours.slices, &theirs.slices);
            prop_assert_eq!(ours.whole.pack(), theirs.whole.pack());
        }
        let again = archive::read(&archive::write(&merged)).expect("it is a run");
        prop_assert_eq!(archive::write(&again), archive::write(&merged));
        let outcomes = |run: &Run| {
            let findings = judge(&plan, run).findings.into_iter();
            findings.map(|finding| finding.outcome).collect::<Vec<_>>()
        };
        prop_assert_eq!(outcomes(&merged), outcomes(&whole));
    }
}

/// The slices; a made-up run has requests in flight whatever it sent.
fn sent(run: &Run) -> Vec<Slice> {
    let slices = run.slices.iter().cloned();
    let known = slices.map(|slice| Slice { pulse: Pulse { in_flight: 0, ..slice.pulse }, ..slice });
    known.collect()
}

/// What happened at each endpoint.
type Samples = [(&'static str, Vec<Sample>)];

/// The runs of the shards that together made these samples, each with a name.
fn apart(plan: &Plan, samples: &Samples, of: u32) -> Vec<(String, Run)> {
    let step = usize::try_from(of).expect("few");
    let made = (0..of).zip(0..).map(|(index, first)| {
        let mine = |all: &Vec<Sample>| all.iter().skip(first).step_by(step).copied().collect();
        let part: Vec<_> = samples.iter().map(|(name, all)| (*name, mine(all))).collect();
        let mut run = run(plan, &part);
        run.origin.shard = shard(index, of);
        (format!("{}.json", index + 1), run)
    });
    made.collect()
}

fn three_shards() -> (Plan, Vec<(String, Run)>) {
    let plan = three("< 250ms");
    let samples = [
        ("GET /products", even(1200, s(60), ms(5), ms(180))),
        ("GET /cart", even(1200, s(60), ms(5), ms(180))),
        ("POST /checkout", even(1200, s(60), ms(5), ms(180))),
    ];
    let parts = apart(&plan, &samples, 3);
    (plan, parts)
}

#[test]
fn each_row_is_picked_once_over_all_shards() {
    let rows: String = "7\n".repeat(100);
    let table = Arc::new(read::csv(format!("n\n{rows}").as_bytes()).expect("a table"));
    let mut picked: BTreeMap<usize, u32> = BTreeMap::new();
    for index in 0..3 {
        let feeder = Feeder::new("row", Arc::clone(&table), Pick::Once, shard(index, 3), 1);
        while let Ok(row) = feeder.pick(0, 0) {
            *picked.entry(row.index()).or_default() += 1;
        }
    }
    assert_eq!(picked.len(), 100);
    assert!(picked.values().all(|times| *times == 1));
}

#[test]
fn what_is_no_part_of_the_run_is_refused_and_named() {
    type Parts = Vec<(String, Run)>;
    let refused = |change: &dyn Fn(&mut Parts)| {
        let (_, mut parts) = three_shards();
        change(&mut parts);
        merge(parts).expect_err("it is refused").to_string()
    };
    let foreign = |change: &dyn Fn(&mut Run)| refused(&|parts| change(&mut parts[1].1));
    let told = [
        refused(&|parts| parts.clear()),
        refused(&|parts| drop(parts.remove(1))),
        refused(&|parts| parts.truncate(1)),
        refused(&|parts| parts[1] = ("4.json".to_owned(), parts[0].1.clone())),
        refused(&|parts| parts[2].1.origin.shard = Shard::ALONE),
        foreign(&|run| run.origin.gate_hash = "1".repeat(64)),
        foreign(&|run| run.origin.seed = 43),
        foreign(&|run| run.origin.shard = shard(1, 4)),
        foreign(&|run| run.origin.target = "no".to_owned()),
        foreign(&|run| run.load.profile = "9/s for 60s".to_owned()),
        foreign(&|run| run.load.timeout = s(1)),
        foreign(&|run| run.endpoints[0].name = "GET /x".to_owned()),
        foreign(&|run| run.slices[1].from = s(1) + ms(1)),
        foreign(&|run| run.stop = Stop::Signal("SIGTERM".to_owned())),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    there is no run to merge
    shard 2 of 3 is missing, so the whole cannot be judged
    shard 2 of 3, shard 3 of 3 are missing, so the whole cannot be judged
    `1.json` and `4.json` are both shard 1 of 3; give each once
    `3.json` is a whole run and no shard; judge it with `loadgate check`
    `1.json` and `2.json` are not shards of one run: their gate files differ
    `1.json` and `2.json` are not shards of one run: their seeds are 42 and 43
    `1.json` and `2.json` are not shards of one run: their numbers of shards are 3 and 4
    `1.json` and `2.json` are not shards of one run: their targets are http://127.0.0.1:8080 and no
    `1.json` and `2.json` are not shards of one run: their loads are 100/s for 60s and 9/s for 60s
    `1.json` and `2.json` are not shards of one run: their stages, durations or deadlines differ
    `1.json` and `2.json` are not shards of one run: their endpoints differ
    `1.json` and `2.json` are not shards of one run: their slices of time differ
    `2.json`, shard 2 of 3, did not come to its end; run all shards again
    ");
}

#[test]
fn a_shard_alone_is_never_judged_and_shards_far_apart_neither() {
    let (plan, mut parts) = three_shards();
    let judgement = judge(&plan, &parts[1].1);
    assert_eq!(judgement.verdict(), Verdict::Inconclusive);
    let merged = merge(parts.clone()).expect("they are of one run");
    assert_eq!(judge(&plan, &merged).verdict(), Verdict::Pass);
    parts[0].1.origin.started = "2026-11-23T21:00:04Z".to_owned();
    let merged = merge(parts.clone()).expect("they are of one run");
    assert_eq!(judge(&plan, &merged).verdict(), Verdict::Pass);
    parts[0].1.origin.started = "2026-11-23T21:00:05Z".to_owned();
    let merged = merge(parts).expect("they are of one run");
    assert_eq!(judge(&plan, &merged).verdict(), Verdict::Inconclusive);
}

#[test]
fn a_damaged_part_is_named() {
    let (_, mut parts) = three_shards();
    let slice = &mut parts[2].1.endpoints[0].slices[3];
    slice.latency.as_mut().expect("there are samples").count += 1;
    assert!(matches!(merge(parts), Err(Unmerged::Damaged { file, .. }) if file == "3.json"));
}

const LOAD: &str = r#"
[load]
rate = "90/s"
duration = "1s"
[[request]]
name = "a"
get = "/a"
weight = 2
[[request]]
name = "b"
get = "/b"
[sla]
p50 = "< 5s"
"#;

fn gate(server: &Server) -> Gate {
    Gate::new(&format!("[target]\nurl = \"{}\"\n{LOAD}", server.url("")))
}

#[test]
fn shards_are_saved_unjudged_and_judged_together() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let gate = gate(&server);
    for place in ["1/2", "2/2"] {
        let out = format!("part-{}", &place[..1]);
        let ask = ["run", "gate.toml", "--seed", "7", "--shard", place, "--out", &out];
        let done = gate.run(&ask);
        done.code(0).says("nothing is judged yet");
        for report in &REPORTS[1..] {
            assert!(!gate.path(&out).join(report).exists(), "{report}");
        }
    }
    assert_eq!(server.hits("/a") + server.hits("/b"), 90);
    assert_eq!(server.hits("/b"), 30);
    gate.run(&["check", "gate.toml", "part-1/run.json", "--out", "alone"]).code(3);
    let done = gate.run(&["merge", "part-1"]);
    done.code(3).says("shard 2 of 2 is missing");
    let done = gate.run(&["merge", "part-1", "part-2/run.json", "part-1"]);
    done.code(2).says("are both shard 1 of 2");
    let done = gate.run(&["merge", "part-1", "part-2", "--out", "part-2"]);
    done.code(2).says("choose another --out");
    let done = gate.run(&["merge", "part-2/run.json", "part-1"]);
    let verdict = done.verdict();
    let facts = &verdict["facts"];
    let counts = ["planned", "released", "sent"].map(|key| facts[key].as_u64());
    assert_eq!(counts, [Some(90), Some(90), Some(90)]);
    let endpoints = facts["endpoints"].as_array().expect("endpoints");
    let counts: Vec<_> = endpoints.iter().map(|one| one["count"].as_u64()).collect();
    assert_eq!(counts, [Some(60), Some(30)]);
    assert!(done.stderr.contains("added up from 2 shards"), "{}", done.stderr);
}

#[test]
fn users_are_split_over_the_shards() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let text = format!("[target]\nurl = \"{}\"\n{LOAD}", server.url(""));
    let gate = Gate::new(&text.replace("rate = \"90/s\"", "users = 5\nseed = 1"));
    let users = |place: &str| {
        let done = gate.run(&["run", "gate.toml", "--shard", place]);
        done.code(0);
        let run: serde_json::Value = serde_json::from_str(&done.file("run.json")).expect("JSON");
        run["load"]["users"].as_str().map(str::to_owned)
    };
    assert_eq!(users("1/2").as_deref(), Some("3"));
    assert_eq!(users("2/2").as_deref(), Some("2"));
}

#[test]
fn a_load_that_cannot_be_shared_is_refused_before_anything_is_sent() {
    let server = Server::start(Script::new());
    let gate = gate(&server);
    let refused = |more: &[&str], said: &str| {
        let done = gate.run(&[&["run", "gate.toml"], more].concat());
        done.code(2).says(said);
    };
    refused(&["--shard", "1/2"], "shards draw alike only from one seed");
    refused(&["--seed", "1", "--shard", "1/91"], "there are more shards than arrivals or users");
    refused(&["--seed", "1", "--shard", "0/3"], "shards count from 1: write 1/3 to 3/3");
    refused(&["--seed", "1", "--shard", "4/3"], "shards count from 1: write 1/3 to 3/3");
    refused(&["--seed", "1", "--shard", "x"], "it is not K/N, such as `1/3`");
    refused(&["--seed", "1", "--shard", "1/2", "--once"], "cannot be used with");
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_run_that_was_chosen_by_tags_is_judged_by_the_same_tags_later() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let text = format!("[target]\nurl = \"{}\"\n{LOAD}", server.url(""));
    let text = text.replace("name = \"a\"", "name = \"a\"\ntags = \"smoke\"");
    let text = text.replace("name = \"b\"", "name = \"b\"\ntags = \"slow\"");
    let text = text + "[sla.b]\np50 = \"< 5s\"\n";
    let untagged = text.replace("tags = \"smoke\"", "");
    let gate = Gate::new(&text).file("untagged.toml", untagged);
    let findings = |done: &crate::support::gate::Done| {
        let verdict = done.verdict();
        assert!(done.stderr.contains("left out by its tags"), "{}", done.stderr);
        verdict["findings"].as_array().expect("findings").len()
    };
    let run = |more: &[&str]| gate.run(&[&["run", "gate.toml", "--seed", "7"], more].concat());
    let done = run(&["--tags", "smoke"]);
    assert_eq!((findings(&done), server.hits("/b")), (3, 0));
    let check = ["check", "gate.toml", "loadgate-out/run.json", "--out", "loadgate-out"];
    assert_eq!(findings(&gate.run(&check)), 3);
    let check = ["check", "untagged.toml", "loadgate-out/run.json", "--out", "untagged"];
    let told = "loadgate-out/run.json: nothing has the tag `smoke`, but this run was made with \
                `--tags smoke`";
    gate.run(&check).code(2).says(told).says("make a new run");
    for place in ["1/2", "2/2"] {
        run(&["--exclude-tags", "slow", "--shard", place, "--out", &place[..1]]).code(0);
    }
    let done = gate.run(&["merge", "1", "2"]);
    assert_eq!(findings(&done), 3);
    run(&["--shard", "2/2", "--out", "2"]).code(0);
    gate.run(&["merge", "1", "2"]).code(2).says("their tags are all without slow and all");
}

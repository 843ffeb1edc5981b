//! Scenarios with loads of their own.

use std::time::Duration;

use loadgate::load::health::descriptors_needed;
use loadgate::plan::parts::parts;
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::{Plan, Source, outline};
use loadgate::run::Model;

use super::{drive, good, source, told};

const S: Duration = Duration::from_secs(1);

/// A gate file with this `[load]`, and two scenarios with these loads of their own.
fn gate(load: &str, [one, two]: [&str; 2]) -> String {
    let scenario = |name: &str, load: &str| {
        let own = if load.is_empty() { "" } else { "[scenario.load]\n" };
        format!("[[scenario]]\nname = \"{name}\"\nsteps = [{{ get = \"/{name}\" }}]\n{own}{load}\n")
    };
    let (one, two) = (scenario("a", one), scenario("b", two));
    let top = format!("[target]\nurl = \"http://h\"\n[load]\n{load}\n");
    format!("{top}{one}{two}[sla]\nmax = \"< 1s\"\n")
}

fn stage(duration: Duration, from: u64, to: u64) -> Stage {
    Stage { name: None, duration, from: from * 1_000_000, to: to * 1_000_000 }
}

#[test]
fn loads_add_up_each_from_when_it_begins() {
    let one = "rate = \"10/s\"\nduration = \"10s\"\nramp = \"4s\"";
    let two = "rate = \"6/s\"\nduration = \"8s\"\nafter = \"2s\"";
    let plan = good(&gate("", [one, two]));
    let drive = drive(&plan);
    let stages = vec![stage(2 * S, 0, 5), stage(2 * S, 11, 16), stage(6 * S, 16, 16)];
    assert_eq!(drive.load.profile, Profile { model: Model::Open, stages });
    let parts = parts(&drive.scenarios, &drive.load.profile);
    let members: Vec<_> = parts.iter().map(|part| part.scenarios.clone()).collect();
    assert_eq!(members, [vec![0], vec![1]]);
    assert_eq!(parts[1].profile.stages, [stage(2 * S, 0, 0), stage(8 * S, 6, 6)]);
    // 80 arrivals of the first, 48 of the second.
    let text = outline(&plan);
    assert!(text.contains("128 requests expected"), "{text}");
    assert!(text.contains("load: 0/s for 2s, 6/s for 8s"), "{text}");
}

#[test]
fn users_come_on_top_of_rates_and_what_is_not_said_is_shared() {
    let two = "users = 3\nduration = \"12s\"";
    let plan = good(&gate("rate = \"5/s\"\nduration = \"10s\"", ["", two]));
    let drive = drive(&plan);
    let stages = vec![stage(10 * S, 5, 5), stage(2 * S, 0, 0)];
    assert_eq!(drive.load.profile, Profile { model: Model::Open, stages });
    let parts = parts(&drive.scenarios, &drive.load.profile);
    assert_eq!(parts[0].profile.stages, [stage(10 * S, 5, 5)]);
    assert_eq!((parts[1].profile.model, parts[1].profile.peak()), (Model::Closed, 3_000_000));
}

#[test]
fn loads_that_cannot_be_are_told() {
    let own = "rate = \"1/s\"\nduration = \"9s\"";
    let shared = "rate = \"5/s\"\nduration = \"10s\"";
    let one = |text: &str, fault: &str| assert_eq!(told(text), [fault]);
    one(&gate("", [own, ""]), "nothing says how much of this is sent");
    one(&gate(shared, [own, "duration = \"9s\""]), "the load does not say how much");
    one(&gate(shared, [own, "rate = \"5/s\""]), "`duration` is missing");
    let weighted = gate(shared, [own, ""]).replace("name = \"a\"", "name = \"a\"\nweight = 2");
    one(&weighted, "a scenario with a load of its own has no part of another");
    let named = "[[load.stage]]\nname = \"x\"\nduration = \"9s\"\nto = \"5/s\"";
    one(&gate(named, [own, ""]), "stages have no names where scenarios have loads of their own");
}

#[test]
fn users_beside_arrivals_need_connections_of_their_own() {
    let needed = |users: &str| {
        let own = format!("users = {users}\nduration = \"8s\"");
        let plan = good(&gate("", ["rate = \"10/s\"\nduration = \"10s\"", &own]));
        descriptors_needed(drive(&plan))
    };
    assert_eq!(needed("5000") - needed("7"), 4_993);
}

#[test]
fn users_beside_arrivals_are_told_apart_in_what_would_be_sent() {
    let one = "rate = \"10/s\"\nduration = \"10s\"";
    let two = "users = 3\nduration = \"10s\"";
    let text = gate("", [one, two]).replace("max = \"< 1s\"", "p95 = \"< 1s\"")
        + "[sla.\"*\"]\np99 = \"< 1s\"\n[sla.\"GET /b\"]\np99 = \"< 1s\"\n";
    let text = outline(&good(&text));
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).expect(name)
    };
    assert_eq!(row("GET /a"), "GET /a 100 100");
    // Ten seconds of three users, whose requests take 100 ms each.
    assert_eq!(row("GET /b"), "GET /b some 300 ?");
    assert!(text.contains("beside them 3 users, who send what answers allow:"), "{text}");
    assert!(text.contains("some 300 requests where each answer takes 100ms"), "{text}");
    // Only of arrivals alone it is known that they are too few.
    assert_eq!(text.matches("cannot be judged").count(), 1, "{text}");
    assert!(text.contains("p99 needs 1,000 requests, 100 are planned"), "{text}");
    assert_eq!(text.matches("needs 1,000 requests").count(), 2, "{text}");
}

#[test]
fn what_one_duration_or_stage_cannot_mean_is_told() {
    let own = "rate = \"1/s\"\nduration = \"9s\"";
    let text = gate("rate = \"5/s\"\nduration = \"10s\"", [own, ""]);
    let asked = Source { duration: Some(S), ..source("gate.toml", text.as_bytes()) };
    insta::assert_snapshot!(Plan::read(&asked).expect_err("which of them?"), @r"
    --duration: scenarios with loads of their own have no one duration to replace
    hint: change the durations in the gate file
    ");
    let during = "p50 = { fail = \"< 1s\", during = \"peak\" }";
    let stage = "[[scenario.load.stage]]\nname = \"peak\"\nduration = \"9s\"\nto = \"5/s\"";
    let text = gate("", [&format!("after = \"0s\"\n{stage}"), own]);
    let text = text.replace("max = \"< 1s\"", during);
    let told = Plan::read(&source("gate.toml", text.as_bytes())).expect_err("no such stage");
    insta::assert_snapshot!(told.to_string(), @r#"
    gate.toml:21:33: scenarios with loads of their own have no stages together
    21 | p50 = { fail = "< 1s", during = "peak" }
       |                                 ^^^^^^
    hint: leave it out, or write a gate file of its own
    "#);
}

//! How many users there are, how often they act, and which of them.

use std::time::Duration;

use loadgate::plan::profile::Stage;
use loadgate::plan::scenario::{Pace, Work};
use loadgate::plan::{Plan, Source, outline};

use super::{drive, gate, good, source, told};

const MAX: &str = "max = \"< 1s\"";
const S: Duration = Duration::from_secs(1);

fn load(lines: &str) -> String {
    gate("[[request]]\nget = \"/\"", MAX).replace("rate = \"10/s\"\n", &format!("{lines}\n"))
}

fn stage(duration: Duration, from: u64, to: u64) -> Stage {
    Stage { name: None, duration, from: from * 1_000_000, to: to * 1_000_000 }
}

/// A piece of a gate file with the tables that it leaves out.
fn whole(piece: &str) -> String {
    let tables = [
        ("[target]\n", "url = \"http://h\"\n"),
        ("[load]\n", "users = 50\nduration = \"60s\"\n"),
        ("[sla]", "\nmax = \"< 1s\"\n"),
    ];
    let missing = tables.iter().filter(|(name, _)| !piece.contains(name));
    let added: Vec<String> = missing.map(|(name, lines)| format!("{name}{lines}")).collect();
    let asks = ["[[request]]", "[[scenario]]"].iter().any(|table| piece.contains(table));
    if piece.contains("engine = \"locust\"") {
        return piece.to_owned();
    }
    let asked = if asks { "" } else { "[[request]]\nget = \"/\"\n" };
    format!("{piece}\n{}{asked}", added.concat())
}

#[test]
fn every_gate_file_of_the_readme_is_read_without_a_warning() {
    let text = include_str!("../../../README.md");
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).collect();
    assert!(blocks.len() >= 6, "{} blocks", blocks.len());
    for block in blocks {
        let text = whole(block.split("```").next().expect("a beginning"));
        let env = |name: &str| {
            let secret = name.ends_with("SECRET") || name.ends_with("TOKEN");
            secret.then(|| "filled-in".to_owned())
        };
        let plan = Plan::read(&Source { env: &env, ..source("README.md", text.as_bytes()) });
        let told = plan.map(|plan| plan.warnings).map_err(|faults| faults.to_string());
        assert_eq!(told, Ok(Vec::new()), "{text}");
    }
}

#[test]
fn the_users_of_the_readme_do_what_it_says() {
    let text = include_str!("../../../README.md");
    let mut blocks = text.split("```toml\n").filter(|block| block.starts_with("[[scenario]]"));
    let block = blocks.next().and_then(|block| block.split("```").next()).expect("it is there");
    let plan = good(&gate(block, MAX).replace("rate = \"10/s\"\n", "users = 50\n"));
    assert_eq!(drive(&plan).endpoints.len(), 6);
}

#[test]
fn users_begin_at_a_rate_and_end_in_a_slope() {
    let stages = |lines: &str| drive(&good(&load(lines))).load.profile.stages.clone();
    let rise = [stage(4 * S, 0, 20), stage(6 * S, 20, 20)];
    assert_eq!(stages("users = 20\nspawn_rate = \"5/s\""), rise);
    assert_eq!(stages("users = 20\nramp = \"4s\""), rise);
    let both = [stage(2 * S, 0, 10), stage(5 * S, 10, 10), stage(3 * S, 10, 0)];
    assert_eq!(stages("rate = \"10/s\"\nramp = \"2s\"\nramp_down = \"3s\""), both);
    let fall = [stage(7 * S, 8, 8), stage(3 * S, 8, 0)];
    assert_eq!(stages("users = 8\nramp_down = \"3s\""), fall);
}

#[test]
fn slopes_that_do_not_fit_are_told() {
    let one = |lines: &str, fault: &str| assert_eq!(told(&load(lines)), [fault], "{lines}");
    one("rate = \"1/s\"\nspawn_rate = \"1/s\"", "`spawn_rate` means nothing with a rate");
    let both = "users = 2\nramp = \"1s\"\nspawn_rate = \"1/s\"";
    one(both, "`ramp` and `spawn_rate` exclude each other");
    let long = "the ramp of 20s is longer than the load of 10s";
    one("users = 20\nspawn_rate = \"1/s\"", long);
    let down = "up and down, the ramp of 11s is longer than the load of 10s";
    one("users = 20\nramp = \"5s\"\nramp_down = \"6s\"", down);
}

#[test]
fn a_rate_of_turns_is_a_pace() {
    let scenario = |keys: &str| {
        let steps = "steps = [{ get = \"/\" }]";
        let text = gate(&format!("[[scenario]]\nname = \"s\"\n{keys}\n{steps}"), MAX);
        text.replace("rate = \"10/s\"", "users = 2")
    };
    let pace = |keys: &str| drive(&good(&scenario(keys))).scenarios[0].pace;
    assert_eq!(pace("rate = \"0.2/s\""), Pace::Paced(5 * S));
    assert_eq!(pace("rate = \"6/min\""), Pace::Paced(10 * S));
    let both = scenario("rate = \"1/s\"\nwait = \"1s\"");
    assert_eq!(told(&both), ["`wait` and `rate` exclude each other"]);
}

const TAGGED: &str = r#"
[[scenario]]
name = "shopper"
[[scenario.task]]
name = "browse"
tags = "read"
steps = [{ get = "/a" }]
[[scenario.task]]
name = "buy"
tags = ["write", "slow"]
steps = [{ post = "/b" }]
[[scenario]]
name = "clerk"
tags = "read"
steps = [{ get = "/c" }, { get = "/a" }]
[[request]]
get = "/health"
tags = "smoke"
"#;

/// What is left with these tags alone, and without those.
fn left(only: &[&str], except: &[&str]) -> Result<Plan, String> {
    left_of("max = \"< 1s\"\n[sla.\"POST /b\"]\np50 = \"< 1s\"", only, except)
}

fn left_of(asked: &str, only: &[&str], except: &[&str]) -> Result<Plan, String> {
    let text = gate(TAGGED, asked);
    let [tags, exclude_tags] =
        [only, except].map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
    let source =
        Source { tags: &tags, exclude_tags: &exclude_tags, ..source("gate.toml", text.as_bytes()) };
    Plan::read(&source).map_err(|faults| faults.to_string())
}

#[test]
fn tags_choose_scenarios_and_tasks_with_their_endpoints_and_limits() {
    let check = |only: &[&str], except: &[&str], names: &[&str], limits: usize| {
        let plan = left(only, except).expect("something is left");
        let drive = drive(&plan);
        assert_eq!(drive.endpoints, names, "{only:?} {except:?}");
        for request in &drive.requests {
            assert_eq!(request.name, names[request.endpoint]);
        }
        assert_eq!(plan.thresholds.len(), limits, "{only:?} {except:?}");
        let left_out: Vec<String> = plan.left_out.iter().map(ToString::to_string).collect();
        let all = ["POST /b p50 < 1s"];
        assert_eq!(left_out, all[..3 - limits], "{only:?} {except:?}");
        assert!(plan.warnings.is_empty());
    };
    check(&[], &[], &["GET /a", "POST /b", "GET /c", "GET /health"], 3);
    check(&["read"], &[], &["GET /a", "GET /c"], 2);
    check(&["write"], &[], &["POST /b"], 3);
    check(&["smoke"], &[], &["GET /health"], 2);
    check(&[], &["slow"], &["GET /a", "GET /c", "GET /health"], 2);
    check(&["read", "write"], &["slow"], &["GET /a", "GET /c"], 2);
    let plan = left(&["read"], &[]).expect("something is left");
    let Work::Tasks(tasks) = &drive(&plan).scenarios[0].work else { unreachable!("tasks") };
    assert_eq!(tasks.len(), 1);
}

#[test]
fn a_tag_that_nothing_has_is_told() {
    insta::assert_snapshot!(left(&["raed"], &[]).expect_err("no such tag"), @r"
    --tags: nothing has the tag `raed`
    hint: the tags of the file are read, slow, smoke, write
    ");
    let asked = "[sla.\"POST /b\"]\np50 = \"< 1s\"";
    insta::assert_snapshot!(left_of(asked, &["read"], &[]).expect_err("nothing is asked"), @r"
    --tags: no check of the gate file is left
    hint: choose endpoints that `[sla]` asks something of, or ask something of the whole run
    ");
    // Of a run that was made by them before, no flag was given.
    let later = |text: &str, tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let run = Some("out/run.json");
        let source = Source { tags: &tags, run, ..source("gate.toml", text.as_bytes()) };
        Plan::read(&source).map_err(|faults| faults.to_string()).expect_err("it cannot be judged")
    };
    insta::assert_snapshot!(later(&gate(TAGGED, "max = \"< 1s\""), &["gone", "read"]), @r"
    out/run.json: nothing has the tag `gone`, but this run was made with `--tags gone,read`
    hint: judge it by the gate file that it was made with, or make a new run
    ");
    insta::assert_snapshot!(later(&gate(TAGGED, asked), &["read"]), @r"
    out/run.json: no check of the gate file is left, but this run was made with `--tags read`
    hint: judge it by the gate file that it was made with, or make a new run
    ");
    let all = ["read", "write", "smoke"];
    insta::assert_snapshot!(left(&[], &all).expect_err("nothing is left"), @r"
    --exclude-tags: nothing is left to do
    hint: the tags of the file are read, slow, smoke, write
    ");
}

#[test]
fn users_on_their_way_have_connections_enough() {
    let scenario = "[[scenario]]\nname = \"s\"\nwait = \"100s\"\n\
                    steps = [{ get = \"/\" }, { get = \"/\" }, { get = \"/\" }]";
    let text = gate(scenario, MAX).replace("10/s", "40/s");
    let plan = good(&text);
    // 40 a second, 300 s of thinking and 0.3 s of answers, and twice as many for slow answers.
    assert_eq!(drive(&plan).load.connections, 2 * 40 * 3_003 / 10);
    assert!(outline(&plan).contains("40 users arrive in a second, some 12,012"));
    let written = text.replace("duration", "connections = 7\nduration");
    assert_eq!(drive(&good(&written)).load.connections, 7);
}

#[test]
fn a_closed_plan_says_what_it_would_send_at_an_assumed_answer_time() {
    let scenario = "[[scenario]]\nname = \"s\"\npaced = \"2s\"\nfixed = 4\n\
                    start = [{ post = \"/in\" }]\nsteps = [{ get = \"/\" }]\n\
                    [[scenario]]\nname = \"t\"\nwait = \"900ms\"\nsteps = [{ get = \"/t\" }]";
    let plan = good(&gate(scenario, MAX).replace("rate = \"10/s\"", "users = 10"));
    let text = outline(&plan);
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    // Ten seconds: 4 users log in and begin a turn every 2 s, 6 have turns of 1 s.
    assert_eq!(row("POST /in").as_deref(), Some("POST /in 4 4.7%"));
    assert_eq!(row("GET /").as_deref(), Some("GET / 20 23.8%"));
    assert_eq!(row("GET /t").as_deref(), Some("GET /t 60 71.4%"));
}

//! How sure the verdicts are, counted: gate runs of a simulated service whose truth is known, judged
//! by the statistics that judge real ones. Every table stands beside what was promised.
//!
//! `ci/calibrate` calls it. Arguments: names of tables (all without one), `--runs N`, `--seed N`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to whoever runs it")]

mod clumps;
mod dice;
mod limit;
mod past;
mod real;
mod side;
mod table;
mod world;

use std::ops::Range;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use loadgate::stats::side::{Comparison, Pair, Round};
use past::Project;
use table::{Cell, Want};

/// The name of a table, and what prints it and says whether it is as it should be.
type Table = (&'static str, fn(&Ask) -> bool);

/// What was asked for.
struct Ask {
    tables: Vec<String>,
    runs: u64,
    seed: u64,
}

fn main() -> ExitCode {
    let ask = match ask(std::env::args().skip(1)) {
        Ok(ask) => ask,
        Err(why) => {
            println!(
                "{why}\nusage: calibrate [side|past|limit|clumps|speed|real …] [--runs N] [--seed N]"
            );
            return ExitCode::from(2);
        }
    };
    println!(
        "{} gate runs in each row, seed {}; exact 95 % bounds in brackets",
        ask.runs, ask.seed
    );
    let tables: [Table; 6] = [
        ("side", sides),
        ("past", pasts),
        ("limit", limits),
        ("clumps", errors),
        ("speed", speed),
        ("real", real),
    ];
    // Real runs take their time: on request alone.
    let usual = |name: &str| ask.tables.is_empty() && name != "real";
    let asked = |name: &str| usual(name) || ask.tables.iter().any(|one| one == name);
    let chosen = tables.into_iter().filter(|(name, _)| asked(name));
    let missed = chosen.filter(|(_, table)| !table(&ask)).count();
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ask(mut words: impl Iterator<Item = String>) -> Result<Ask, String> {
    let mut ask = Ask { tables: Vec::new(), runs: 1000, seed: 7 };
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().unwrap_or_default();
            text.parse().ok().filter(|number| *number > 0).ok_or(format!("{word} needs a number"))
        };
        match word.as_str() {
            "--runs" => ask.runs = number()?,
            "--seed" => ask.seed = number()?,
            // What cargo hands to every benchmark.
            "--bench" => {}
            "side" | "past" | "limit" | "clumps" | "speed" | "real" => ask.tables.push(word),
            _ => return Err(format!("there is no table `{word}`")),
        }
    }
    Ok(ask)
}

/// Shares the runs out among all cores.
fn shared<T: Send>(runs: u64, play: impl Fn(Range<u64>) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let edge = |part: u64| runs * part / cores;
    thread::scope(|scope| {
        let play = &play;
        let parts: Vec<_> =
            (0..cores).map(|part| scope.spawn(move || play(edge(part)..edge(part + 1)))).collect();
        parts.into_iter().map(|part| part.join().expect("a simulation ends")).collect()
    })
}

/// Prints a table; whether every cell of it is as it should be.
fn print(title: &str, cells: &[Cell]) -> bool {
    println!("\n{title}\n");
    for cell in cells {
        println!("{cell}");
    }
    !cells.iter().any(Cell::missed)
}

fn sides(ask: &Ask) -> bool {
    let mut good = true;
    for noise in [world::QUIET, world::TYPICAL, world::NOISY] {
        for (ignore, words) in [(0.0, "nothing"), (0.01, "1 %")] {
            let mut cells = Vec::new();
            for case in side::cases() {
                let parts =
                    shared(ask.runs, |runs| side::play(&case, noise, ignore, runs, ask.seed));
                let sum = parts.into_iter().fold(side::Tallied::default(), side::Tallied::plus);
                cells.extend(side::cells(&case, noise, ignore, ask.runs, sum));
            }
            let title = format!(
                "Side by side, {}, 11 checks and 4 error rates, {words} ignored, limits 5/10/20 %",
                noise.name
            );
            good &= print(&title, &cells);
        }
    }
    good
}

/// Projects with what the design's table has for them: false alarms of one run, confirmed ones, and
/// +10 % and +20 % found.
fn projects() -> Vec<(Project, [Option<f64>; 2])> {
    let project =
        |name, machine, own, runs, elsewhere| Project { name, machine, own, runs, elsewhere };
    let at = |ten, twenty| [Some(ten), Some(twenty)];
    vec![
        (project("quiet, machines 1 %, K = 10", 0.01, 0.0065, 10, false), at(1.0, 1.0)),
        (project("typical, machines 1 %, K = 20", 0.01, 0.0196, 20, false), at(0.84, 1.0)),
        (project("typical, machines 3 %, K = 20", 0.03, 0.013, 20, false), at(0.44, 0.99)),
        (project("typical, machines 10 %, K = 20", 0.10, 0.0196, 20, false), at(0.04, 0.22)),
        (project("the same, second run elsewhere", 0.10, 0.0196, 20, true), [None, None]),
        (project("the same, by the reference", 0.01, 0.033, 20, false), at(0.33, 0.97)),
    ]
}

fn pasts(ask: &Ask) -> bool {
    let mut cells = Vec::new();
    for (project, table) in projects() {
        let count = |slower: f64| {
            let parts = shared(ask.runs, |runs| past::play(project, slower, runs, ask.seed));
            parts.into_iter().fold(past::Tallied::default(), past::Tallied::plus)
        };
        let (same, ten, twenty) = (count(0.0), count(0.10), count(0.20));
        let cell = |what: &str, hits, want| {
            Cell::new(format!("{}: {what}", project.name), hits, ask.runs, want)
        };
        let near = table[0].map_or(Want::Shown, |share| Want::Near(share, 1000));
        let least = table[1].map_or(Want::Shown, Want::AtLeast);
        cells.push(cell("A/A, one run alone", same.single, Want::Shown));
        cells.push(cell("A/A, second run", same.second, Want::Shown));
        cells.push(cell("A/A, found", same.found, Want::AtMost(0.01)));
        cells.push(cell("+10 %, one run alone", ten.single, Want::Shown));
        cells.push(cell("+10 %, found", ten.found, near));
        cells.push(cell("+10 %, fails", ten.fail, Want::Shown));
        cells.push(cell("+20 %, found", twenty.found, least));
        cells.push(cell("+20 %, fails", twenty.fail, Want::Shown));
    }
    print("From history, 10 checks, one of them slower, 1 % ignored, limit 10 %", &cells)
}

fn limits(ask: &Ask) -> bool {
    let mut good = true;
    for weather in [limit::QUIET, limit::TYPICAL, limit::NOISY] {
        let at = limit::boundary(weather, ask.seed, 200_000);
        let mut cells = Vec::new();
        let rows = [
            (60, 0.60, Want::Shown),
            (120, 0.75, Want::Shown),
            (300, 0.90, Want::AtMost(0.09)),
            (600, 0.98, Want::AtMost(0.04)),
        ];
        for (seconds, power, passes) in rows {
            let count = |limit: f64| {
                let parts =
                    shared(ask.runs, |runs| limit::play(weather, limit, seconds, runs, ask.seed));
                parts.into_iter().fold(limit::Tallied::default(), limit::Tallied::plus)
            };
            let (same, worse) = (count(at), count(at - 1.25_f64.ln()));
            let cell = |what: &str, hits, want| {
                Cell::new(format!("{seconds} s: {what}"), hits, ask.runs, want)
            };
            let most = Want::AtMost(0.02);
            let power = if weather.name == "typical" { Want::AtLeast(power) } else { Want::Shown };
            cells.push(cell("true p95 at the limit, fails", same.fail, most));
            cells.push(cell("true p95 at the limit, passes", same.pass, passes));
            cells.push(cell("the same by comparing values alone, fails", same.plain, Want::Shown));
            cells.push(cell("true p95 25 % above, fails", worse.fail, power));
        }
        let ended = |limit: f64| {
            let play = |runs| limit::ended(weather, limit, 300, runs, ask.seed);
            shared(ask.runs, play).into_iter().sum::<u64>()
        };
        let cell = |what: &str, hits, want| {
            Cell::new(format!("300 s, abort after 10 s: {what}"), hits, ask.runs, want)
        };
        cells.push(cell("at the limit, ended", ended(at), Want::AtMost(0.01)));
        cells.push(cell("twice as slow, ended", ended(at - 2.0_f64.ln()), Want::AtLeast(0.98)));
        let title = format!("An absolute limit with 99 % confidence, {}", weather.name);
        good &= print(&title, &cells);
    }
    good
}

fn errors(ask: &Ask) -> bool {
    let mut cells = Vec::new();
    for (clump, power) in [(1, Want::AtLeast(0.84)), (5, Want::AtLeast(0.09)), (20, Want::Shown)] {
        let count = |times: f64| {
            let parts = shared(ask.runs, |runs| clumps::play(clump, times, runs, ask.seed));
            parts.into_iter().fold(clumps::Tallied::default(), clumps::Tallied::plus)
        };
        let (same, double) = (count(1.0), count(2.0));
        let cell = |what: &str, hits, want| {
            Cell::new(format!("clumps of {clump}: {what}"), hits, ask.runs, want)
        };
        cells.push(cell("A/A, fails", same.fail, Want::AtMost(0.01)));
        cells.push(cell("A/A, fails by Fisher's test on requests", same.fisher, Want::Shown));
        cells.push(cell("twice as many, fails", double.fail, power));
    }
    print("Error rates of 1 %, four endpoints, 6 to 16 rounds", &cells)
}

/// Real gate runs: two copies of the demo service.
fn real(ask: &Ask) -> bool {
    let sum = match real::play(ask.runs, ask.seed) {
        Ok(sum) => sum,
        Err(why) => {
            println!("\nReal gate runs: {why}");
            return false;
        }
    };
    if sum.judged == 0 {
        println!("\nReal gate runs: the machine was too busy for every one of them");
        return false;
    }
    let cell = |what: &str, hits, want| Cell::new(what, hits, sum.judged, want);
    let most = Want::AtMost(0.01);
    let cells =
        [cell("A/A, claims a regression", sum.found, most), cell("A/A, fails", sum.fail, most)];
    let title = format!(
        "Real gate runs, two copies of the demo service on loopback: {} judged, {} not (unfit)",
        sum.judged, sum.unfit
    );
    print(&title, &cells)
}

/// How long it takes to judge 100 endpoints of three quantiles after 16 rounds.
fn speed(ask: &Ask) -> bool {
    let mut world = world::World::new(world::TYPICAL, ask.seed, 0);
    let wide = |pairs: Vec<Option<Pair>>| pairs.iter().cycle().take(300).copied().collect();
    let rounds: Vec<Round> =
        (0..16).map(|_| Round { pairs: wide(world.round(&world::SAME)), errors: vec![] }).collect();
    let few = side::comparison(0.01);
    let checks = few.checks.iter().cycle().take(300).copied().collect();
    let plan = Comparison { checks, errors: vec![], ..few };
    let began = Instant::now();
    let judged = plan.judge(&rounds);
    let took = began.elapsed();
    let good = took < Duration::from_secs(1);
    let verdict = if good { "ok" } else { "MISS" };
    println!(
        "\nJudging 100 endpoints, 3 quantiles each, {} rounds: {took:.1?}  {verdict}",
        judged.rounds
    );
    good
}

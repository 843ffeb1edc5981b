//! Two copies of one real service side by side, on loopback: short gate runs of the built binary.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_loadgate");

/// What of a comparison is asked in each gate run: seven checks of times and three of errors.
const GATE: &str = "\
[target]
url = \"http://127.0.0.1:9\"

[load]
rate = \"400/s\"
duration = \"1s\"
warm_up = \"100ms\"

[[request]]
get = \"/fast\"
weight = 3

[[request]]
get = \"/slow\"

[regression]
rounds = 8
round = \"500ms\"
p50 = \"+5%\"
p95 = \"+10%\"
mean = \"+10%\"
error_rate = \"+0.5pp\"
[regression.\"*\"]
p50 = \"+5%\"
mean = \"+10%\"
error_rate = \"+0.5pp\"
";

/// What is ignored where both services run on, in percent.
const IGNORED: f64 = 2.5;

/// What came of many gate runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallied {
    /// Those that were judged.
    pub(super) judged: u64,
    /// Of those: that claimed a regression, whatever its limit.
    pub(super) found: u64,
    /// Of those: that failed.
    pub(super) fail: u64,
    /// Those in which the machine kept the generator from its timetable: nothing is judged.
    pub(super) unfit: u64,
}

/// A demo service; it ends with this value.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start() -> io::Result<Self> {
        let mut child =
            Command::new(BINARY).args(["demo", "--serve", "-q"]).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut address)?;
        }
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gate runs, each with two services started anew, until so many were judged: on a busy machine at most twice as many.
///
/// How far it is goes to standard error.
///
/// # Errors
/// When a program cannot be started, or leaves no verdict.
pub(super) fn play(runs: u64, seed: u64) -> io::Result<Tallied> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("gate.toml"), GATE)?;
    let mut sum = Tallied::default();
    for run in 0..runs * 2 {
        if sum.judged == runs {
            break;
        }
        let verdict = gate(folder.path(), seed.wrapping_add(run) % 1_000_000)?;
        let (judged, found, fail) = read(&verdict);
        sum.judged += u64::from(judged);
        sum.unfit += u64::from(!judged);
        sum.found += u64::from(judged && found);
        sum.fail += u64::from(judged && fail);
        eprintln!("after {} gate runs: {sum:?}", run + 1);
    }
    Ok(sum)
}

fn gate(folder: &Path, seed: u64) -> io::Result<Value> {
    let (new, base) = (Service::start()?, Service::start()?);
    let seed = seed.to_string();
    let against = ["--target", &new.address, "--against", &base.address];
    let mut command = Command::new(BINARY);
    command.args(["run", "gate.toml", "-q", "--ci", "none", "--seed", &seed]).args(against);
    command.current_dir(folder).stderr(Stdio::null()).status()?;
    let text = fs::read_to_string(folder.join("loadgate-out/verdict.json"))?;
    serde_json::from_str(&text).map_err(io::Error::from)
}

/// Whether a comparison was judged, whether it claims anything, and whether it failed.
fn read(verdict: &Value) -> (bool, bool, bool) {
    let all = verdict["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let compared: Vec<&Value> = all.iter().filter(|one| one["rule"] == "regression").collect();
    let unfit = |one: &&Value| {
        let doubt = one["doubt"].as_str().unwrap_or_default();
        matches!(doubt, "unequal" | "fell-behind" | "too-few-rounds" | "cut-short")
    };
    let claims = |one: &&Value| {
        let lower = one["change"]["lower"].as_f64();
        let most = if one["change"]["unit"] == "pp" { 0.1 } else { IGNORED };
        lower.is_some_and(|lower| lower > most)
    };
    let fails = |one: &&Value| one["outcome"] == "breached" && one["level"] == "fail";
    let judged = !compared.is_empty() && !compared.iter().any(unfit);
    (judged, compared.iter().any(claims), compared.iter().any(fails))
}

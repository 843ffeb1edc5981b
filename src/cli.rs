//! Flags and help; nothing else.

mod baseline;
mod publishing;
mod checking;
mod exporting;
mod speaking;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::demo::Break;
use crate::shard::Shard;
use crate::unit;

pub use baseline::{
    Add, Baseline, Keeping, List as Listed, Past, Promote, Prune, Report as ReportAsk, Show,
};
pub use checking::Check;
pub use exporting::Export;
pub use publishing::Publishing;
pub use speaking::{Color, Showing, Tone};

const EXIT_CODES: &str = "\
Exit codes:
  0    pass
  1    fail: something asked for was breached; the only code that means \"do not merge\"
  2    the flags or the gate file are wrong; nothing was sent
  3    inconclusive: no judgement can be given
  4    pass, but a report could not be written, or `--publish require` could not publish
  130  interrupted by SIGINT
  143  terminated by SIGTERM or SIGHUP";

/// Puts a defined load on a service, judges the answers, and ends with pass or fail.
#[derive(Debug, Parser)]
#[command(name = "loadgate", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to speak while doing it.
    #[command(flatten)]
    pub tone: Tone,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put the load on, judge, write the reports
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// Judge a saved run, or the results of Locust, k6, JMeter and other tools
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// Add up the runs of all shards of one load, judge the whole, write its reports
    #[command(after_help = EXIT_CODES)]
    Merge(Merge),
    /// Write a run in a format of another tool
    Export(Export),
    /// Judge the run of somebody else again, by a gate file of this checkout, and publish that
    #[command(after_help = EXIT_CODES)]
    Publish(Publish),
    /// Keep, list and choose the runs to compare with
    Baseline(Baseline),
    /// The whole of `run` against a service that loadgate starts itself
    #[command(after_help = EXIT_CODES)]
    Demo(Demo),
    /// Show what would be sent and asked; send nothing
    Plan(Plan),
    /// Write a first gate file: from nothing, an OpenAPI file, a recording or a Postman collection
    Init(Init),
    /// Say what a rule, a metric or a doubt means, and what to do about it
    Explain {
        /// The name; without one, all names are listed
        name: Option<String>,
    },
    /// Print the JSON Schema of the gate file, for editors, or of verdict.json
    Schema {
        /// Of which file
        #[arg(value_enum, default_value_t = Schema::Gate)]
        of: Schema,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the plugin for workers of a Locust older than 2.23, first in their `-f`
    LocustPlugin,
}

/// `loadgate run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The gate file
    pub gate: PathBuf,
    /// Walk each scenario once and show each request and answer; nothing is judged
    #[arg(long, env = "LOADGATE_ONCE", value_parser = falsey(), action = ArgAction::SetTrue)]
    #[arg(conflicts_with = "shard")]
    pub once: bool,
    /// What to change in it.
    #[command(flatten)]
    pub changes: Changes,
    /// Which commit it is compared with.
    #[command(flatten)]
    pub bar: Bar,
    /// Where the runs lie that it is compared with.
    #[command(flatten)]
    pub past: Past,
    /// Where the reports go.
    #[command(flatten)]
    pub out: Out,
    /// What is published, and where.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `loadgate merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The runs of all shards: a run.json each, or the directory it lies in
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// The gate file to judge the whole by; the one that the runs name when not given
    #[arg(long, value_name = "FILE", env = "LOADGATE_GATE")]
    pub gate: Option<PathBuf>,
    /// Which commit the gate file is compared with.
    #[command(flatten)]
    pub bar: Bar,
    /// Where the runs lie that it is compared with.
    #[command(flatten)]
    pub past: Past,
    /// Where the reports go.
    #[command(flatten)]
    pub out: Out,
    /// What is published, and where.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `loadgate publish`.
#[derive(Debug, Args)]
pub struct Publish {
    /// The directory of the run; its run.json is read as a stranger's, and nothing else in it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The gate file to judge it by; the one that the run names when not given
    #[arg(long, value_name = "FILE", env = "LOADGATE_GATE")]
    pub gate: Option<PathBuf>,
    /// Let the run have another load than the gate file; set it by a protected variable
    #[arg(long, env = "LOADGATE_ACCEPT_POLICY_CHANGE", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue)]
    pub accept_policy_change: bool,
    /// Where the runs lie that it is compared with.
    #[command(flatten)]
    pub past: Past,
    /// Where the reports go.
    #[command(flatten)]
    pub out: Out,
    /// What is published, and where.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `loadgate demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Let the service misbehave
    #[arg(long = "break", value_name = "HOW", value_enum, env = "LOADGATE_DEMO_BREAK")]
    pub broken: Option<HowBroken>,
    /// Only serve, until interrupted
    #[arg(long, env = "LOADGATE_DEMO_SERVE", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue)]
    pub serve: bool,
    /// The port to serve on; a free one when not given
    #[arg(long, value_name = "N", env = "LOADGATE_DEMO_PORT", default_value_t = 0)]
    #[arg(hide_default_value = true)]
    pub port: u16,
    /// Where the reports go.
    #[command(flatten)]
    pub out: Out,
}

/// `loadgate plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The gate file
    pub gate: PathBuf,
    /// What to change in it.
    #[command(flatten)]
    pub changes: Changes,
    /// Where the runs lie that tell what a comparison would find.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Where to write it, unless something is there; `-` prints it
    #[arg(default_value = "gate.toml")]
    pub gate: PathBuf,
    /// The address of the service
    #[arg(long, value_name = "URL", env = "LOADGATE_TARGET", hide_env_values = true)]
    #[arg(default_value = "http://127.0.0.1:8080")]
    pub target: String,
    /// Endpoints of an OpenAPI 3 or Swagger 2 file, JSON or YAML
    #[arg(long, value_name = "FILE", env = "LOADGATE_FROM_OPENAPI", group = "from")]
    pub from_openapi: Option<PathBuf>,
    /// Requests of a recording that a browser or proxy saved (HAR)
    #[arg(long, value_name = "FILE", env = "LOADGATE_FROM_HAR", group = "from")]
    pub from_har: Option<PathBuf>,
    /// Requests of a Postman collection
    #[arg(long, value_name = "FILE", env = "LOADGATE_FROM_POSTMAN", group = "from")]
    pub from_postman: Option<PathBuf>,
    /// Send operations that change data, too
    #[arg(long, env = "LOADGATE_INCLUDE_WRITES", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue, requires = "from_openapi")]
    pub include_writes: bool,
    /// Send requests for images, styles and scripts, too
    #[arg(long, env = "LOADGATE_INCLUDE_ASSETS", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue, requires = "from_har")]
    pub include_assets: bool,
}

/// What the flags change in a gate file.
#[derive(Clone, Debug, Default, Args)]
pub struct Changes {
    /// Replaces `target.url`
    #[arg(long, value_name = "URL", env = "LOADGATE_TARGET", hide_env_values = true)]
    pub target: Option<String>,
    /// The version to compare with, side by side; replaces `regression.against`
    #[arg(long, value_name = "URL", env = "LOADGATE_AGAINST", hide_env_values = true)]
    pub against: Option<String>,
    /// Takes `[sla]`, `[regression]` and `[[accept]]` from another file, the base branch's
    #[arg(long, value_name = "FILE", env = "LOADGATE_THRESHOLDS")]
    pub thresholds: Option<PathBuf>,
    /// Replaces `load.duration`, as in `30s`
    #[arg(long, value_name = "D", env = "LOADGATE_DURATION", value_parser = duration)]
    pub duration: Option<Duration>,
    /// The seed of every draw; drawn and printed when not given
    #[arg(long, value_name = "N", env = "LOADGATE_SEED")]
    pub seed: Option<u64>,
    /// Only part K of N of the load, K from 1; nothing is judged before `loadgate merge`
    #[arg(long, value_name = "K/N", env = "LOADGATE_SHARD", value_parser = Shard::parse)]
    pub shard: Option<Shard>,
    /// The kind of machine this is: only runs of one kind are compared; told by most CI hosts
    #[arg(long, value_name = "NAME", env = "LOADGATE_RUNNER")]
    pub runner: Option<String>,
    /// Only scenarios, tasks and requests with one of these tags
    #[arg(long, value_name = "TAG", env = "LOADGATE_TAGS", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// All but scenarios, tasks and requests with one of these tags
    #[arg(long, value_name = "TAG", env = "LOADGATE_EXCLUDE_TAGS", value_delimiter = ',')]
    pub exclude_tags: Vec<String>,
    /// Calls Locust, which then puts the load on: `-- locust -f locustfile.py --users 50`
    #[arg(trailing_var_arg = true, value_name = "LOCUST")]
    pub locust: Vec<String>,
    /// The Locust to use, with a gate file or a command line that names none, or another
    #[arg(long, value_name = "COMMAND", env = "LOADGATE_LOCUST_CMD")]
    pub locust_cmd: Option<String>,
    /// The run that the tags were read from, where they are not the flags'
    #[arg(skip)]
    pub run: Option<String>,
}

/// Which commit a gate file is compared with.
#[derive(Clone, Debug, Default, Args)]
pub struct Bar {
    /// Judge by this commit's gate file too; in a pull request its base, without being asked
    #[arg(long, value_name = "COMMIT", env = "LOADGATE_BASE")]
    pub base: Option<String>,
    /// Let a gate file ask for less than at the base; set it by a protected variable
    #[arg(long, env = "LOADGATE_ACCEPT_POLICY_CHANGE", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue)]
    pub accept_policy_change: bool,
}

/// Where the reports go.
#[derive(Debug, Args)]
pub struct Out {
    /// The directory for run.json, verdict.json, junit.xml, summary.md and report.html
    #[arg(long, value_name = "DIR", env = "LOADGATE_OUT", default_value = "loadgate-out")]
    pub out: PathBuf,
}

/// [`Break`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HowBroken {
    /// Four times slower
    Latency,
    /// One answer in ten is a 500
    Errors,
    /// Frozen for two seconds out of four
    Stall,
}

/// Of which file the schema is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// The gate file
    Gate,
    /// verdict.json
    Verdict,
}

impl From<HowBroken> for Break {
    fn from(how: HowBroken) -> Self {
        match how {
            HowBroken::Latency => Self::Latency,
            HowBroken::Errors => Self::Errors,
            HowBroken::Stall => Self::Stall,
        }
    }
}

/// A switch in the environment is on unless it says `0`, `no`, `false`, `off`, or nothing.
fn falsey() -> clap::builder::FalseyValueParser {
    clap::builder::FalseyValueParser::new()
}

fn duration(text: &str) -> Result<Duration, String> {
    unit::parse_duration(text).map_err(|bad| format!("{}: {}", bad.why, bad.hint))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_its_environment_variable() {
        let mut command = Cli::command();
        command.build();
        let nested = command.get_subcommands().flat_map(|one| {
            let deeper = one.get_subcommands().flat_map(clap::Command::get_arguments);
            one.get_arguments().chain(deeper)
        });
        let flags = nested.chain(command.get_arguments()).filter(|flag| flag.get_long().is_some());
        for flag in flags.filter(|flag| !matches!(flag.get_id().as_str(), "help" | "version")) {
            let variable = flag.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(variable.starts_with("LOADGATE_"), "--{} has {variable:?}", flag.get_id());
        }
    }
}

//! loadgate guards a merge: it puts a defined load on a service, judges the answers against what
//! its gate file asks for, and ends with an exit code that says pass or fail.
//!
//! This page is the architecture. It is checked by rustdoc, so it cannot rot.
//!
//! # Bird's eye view
//!
//! ```text
//!  gate file ── Plan::read ──▶ Plan ──┬── load::drive ──▶ Run ──┐
//!                              ├─ locust::drive ─▶ Run ──┤
//!  run.json ─── archive::read ────────┼─────────────────▶ Run ──┤
//!  results.jtl ─ ingest::read ────────┴─────────────────▶ Run ──┤
//!                                                             judge
//!                                                               ▼
//!                                 Judgement ──┬── report ──▶ files and stderr
//!                                             ├── publish ─▶ pull request
//!                                             └── verdict ─▶ exit code
//! ```
//!
//! [`plan::Plan`] is what is asked, [`run::Run`] is what was measured, [`judge::judge`] compares
//! them, [`judge::finding::Judgement`] is what came of it. [`app`] is the straight line through all
//! of them, and worth reading first.
//!
//! # Floors
//!
//! The `mod` list below is the floor plan, and the order to read the source in:
//!
//! | floor | what it has | what it never does |
//! | --- | --- | --- |
//! | words | values that know their unit, text from outside made harmless | look up |
//! | sums | samples counted, a run put together, what a repeated number may claim | judge |
//! | rules | the gate file, valid by construction | send |
//! | bar | what a change asks less, compared with the commit it is made against | read a file |
//! | past | earlier runs, and which of them a run may be compared with | know where they lie |
//! | judgement | one finding for each expectation | read a clock, a file, the environment |
//! | paper | values to text, text to values | decide |
//! | hands | the load, the demo service, files, facts of the machine, forges | judge |
//! | door | flags, the straight line, exit codes | anything that a floor below could do |
//!
//! # The one law
//!
//! A module imports only from modules listed above it here. Inside a folder the same holds among
//! siblings; a folder and its `mod.rs` are one house, so a child may use its parent's words.
//! `tests/it/tidy.rs` holds it: there are no circles, and the domain cannot see clap, tokio, the
//! file system or the clock.
//!
//! # What is absent, on purpose
//!
//! - A verdict is never an error: an [`error::Error`] says why there is no judgement, and a
//!   [`judge::finding::Verdict`] says what the judgement was. No `Result` carries a
//!   verdict in `Err`.
//! - There is no zero where nothing was measured: what cannot be read is `None`, and what cannot be
//!   judged is [`judge::finding::Outcome::Unjudged`]. Nothing passes by silence.
//! - No judgement is made while reports are rendered, and no report changes a verdict.
//! - No time, environment or random draw reaches the floors below the hands: the clock's values,
//!   the variables and the seed are handed down as arguments, so the same run gives the same bytes.
//! - No text from outside reaches a sink but through [`sanitise`]; no value from the environment is
//!   shown, since everything written passes [`secret::Masks`].
//! - No file is written in place: [`store`] renames whole ones, in a directory proved usable before
//!   the first request. Only the lines of `[export] json` grow while a run is under way.
//! - Nobody who is told of a run holds it up: each of the [`outlets`] has a thread of its own, and
//!   misses what it is too slow for.
//! - No exit but in `main`, no global state, no `unsafe`, no plugin system, no feature flags, no
//!   traits for closed sets; the one seam is [`load::probe`].
//!
//! # To add something
//!
//! | to add | write | touch | and a test in |
//! | --- | --- | --- | --- |
//! | a report | `report/NAME.rs` | the list in [`report`] | `tests/it/report.rs` |
//! | a format of results | `ingest/NAME.rs` | [`ingest::Format`] | `tests/it/ingest` |
//! | a protocol | `load/NAME.rs`, a [`load::probe::Wire`] | the arm in [`app`] | `tests/it/wire` |
//! | a metric | a [`metric::Metric`] | what the compiler names | `tests/it/laws.rs` |
//! | a doubt | a [`judge::finding::Doubt`] | its page in `explain` | `tests/it/judge.rs` |
//! | a key of the gate file | its field in [`plan`] | the reader beside it | `tests/it/plan` |
//! | a way to ask a probe | `probing/NAME.rs` | a [`plan::probe::Asks`] | `tests/it/probes.rs` |
//! | a dashboard | `telemetry/NAME.rs` | a [`plan::outlet::Kind`] | `tests/it/exports.rs` |
//! | a CI host | `host/NAME.rs` | [`host::ci`], [`host::Place`] | `tests/it/forge` |
//! | a forge | `publish/NAME` | the arms in [`publish`] | `tests/it/forge` |
//! | a command | `app/NAME.rs` | [`cli`] and the arm in [`app`] | `tests/it/gate.rs` |

// words: values; no I/O, no async, no clock
pub mod sanitise;
pub mod secret;
pub mod unit;
pub mod chance;
pub mod header;
pub mod shard;
pub mod metric;
pub mod sample;

// sums: counting and claiming
pub mod stats;
pub mod tally;
pub mod run;
pub mod merge;

// what users know: templates, data, extraction
pub mod script;

// rules: what is expected
pub mod plan;

// the bar: two versions of the rules side by side
pub mod policy;

// earlier runs that a run may be compared with
pub mod baseline;

// judgement: pure; the heart
pub mod judge;

// paper: text to values, values to text; pure
pub mod archive;
pub mod ingest;
pub mod report;
pub mod screen;
pub mod export;
pub mod telemetry;
pub mod host;
pub mod init;

// hands: the only side effects
pub mod load;
pub mod demo;
pub mod machine;
pub mod store;
pub mod locust;
pub mod git;
pub mod publish;
pub mod shelf;
pub mod outlets;
pub mod probing;

// door
pub mod error;
pub mod cli;
pub mod app;

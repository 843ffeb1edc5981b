//! All integration tests in one binary: a `mod` line and a sentence each.

/// Played servers, the built binary, and what makes its output comparable.
mod support;

/// The house rules as tests.
mod tidy;
/// Good gate files, bad gate files: faults as the user sees them.
mod plan;
/// What virtual users carry: templates, data, extraction.
mod script;
/// One request against servers that do everything a server can do to a client.
mod wire;
/// What users draw: tasks by weight, the same for the same seed.
mod turns;
/// Users that walk scenarios: state, data, pace, counts.
mod journey;
/// A whole shop, walked by the built binary.
mod shop;
/// What users keep between requests, on the built binary.
mod state;
/// GraphQL and gRPC on the built binary.
mod protocol;
/// The timetable is kept; lateness is counted; stop stops.
mod pace;
/// Streams of events and WebSockets: what is timed inside a request.
mod streams;
/// Plans and runs in, findings out.
mod judge;
/// The bar of the base commit, in real clones.
mod bar;
/// Earlier runs: what is kept of them, where, and for how long.
mod baseline;
/// Two versions of a service side by side, on the built binary.
mod side;
/// Two versions of a gate file side by side.
mod policy;
/// How a run ended, and what that leaves of its findings.
mod endings;
/// `run.json`: what is written and read is the same; what is damaged is said.
mod archive;
/// Properties that hold for every input.
mod laws;
/// The statistics: formulas against other people's values, laws, and cases.
mod stats;
/// Every report of every case; what outsiders read in them.
mod report;
/// A load under way on a whole terminal.
mod screen;
/// What is asked beside a load: real peers, and everything that can be no answer.
mod probes;
/// The numbers of a run on their way to dashboards: real ones, and parsers of others.
mod exports;
/// The built binary against real loopback servers.
mod gate;
/// What is expected of answers, and groups of steps, on the built binary.
mod asks;
/// Users on the built binary: what is told of them, a walk to look at, tags.
mod users;
/// One load on several machines, and their runs added up.
mod shards;
/// How sure a value is, and limits that are asked with confidence.
mod sure;
/// Every request is counted once.
mod counts;
/// Every way of having nothing to judge, and its exit code.
mod silence;
/// Faults of target, machine and signals, on the built binary.
mod faults;
/// First gate files from what other tools wrote.
mod init;
/// Results of other tools: what they say, what they leave unsaid, and what is wrong with them.
mod ingest;
/// Locust as the engine: the real one, by locustfiles as they are.
mod locust;
/// CI hosts and forges: where a run stands, what is posted, and what a refusal leaves.
mod forge;
/// The files that put loadgate into pipelines: checked by programs from outside, and run.
mod pipes;

//! `run.json` exactly as written: the same shapes write it and read it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::number::{Class, Count, Nanos, Real, Seed, Share, Sum, Timed, few};
use super::quoted::{Imported, Quotes};
use super::{MOST_ENDPOINTS, MOST_ROUNDS, MOST_SLICES};

/// Lists that have no cap of their own: stages, addresses, threads.
const MOST_OTHERS: usize = 4_096;
/// Probes of a run, and questions of one probe.
const MOST_PROBES: usize = 1_000;
const MOST_READINGS: usize = 1_000_000;

#[derive(Serialize, Deserialize)]
pub(super) struct File<'a> {
    #[serde(borrow)]
    pub(super) schema: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) origin: Origin<'a>,
    #[serde(borrow)]
    pub(super) load: Load<'a>,
    #[serde(borrow)]
    pub(super) generator: Generator<'a>,
    #[serde(borrow)]
    pub(super) stop: Stop<'a>,
    #[serde(deserialize_with = "few::<_, _, MOST_SLICES>")]
    pub(super) slices: Vec<Slice>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_ENDPOINTS>")]
    pub(super) endpoints: Vec<Endpoint<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<Reference>,
    #[serde(
        borrow,
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "few::<_, _, MOST_PROBES>"
    )]
    pub(super) probes: Vec<Series<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) again: Option<Box<Again<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) rounds: Option<Rounds<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) imported: Option<Imported<'a>>,
}

/// Two versions side by side.
#[derive(Serialize, Deserialize)]
pub(super) struct Rounds<'a> {
    #[serde(borrow)]
    pub(super) against: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "rounds", deserialize_with = "few::<_, _, MOST_ROUNDS>")]
    pub(super) all: Vec<Round<'a>>,
}

/// One round: first the version judged, then the version compared with.
#[derive(Serialize, Deserialize)]
pub(super) struct Round<'a> {
    pub(super) seed: Seed,
    #[serde(borrow)]
    pub(super) load: Load<'a>,
    #[serde(borrow)]
    pub(super) generator: Generator<'a>,
    #[serde(borrow)]
    pub(super) stop: Stop<'a>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_ENDPOINTS>")]
    pub(super) new: Vec<Endpoint<'a>>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_ENDPOINTS>")]
    pub(super) base: Vec<Endpoint<'a>>,
}

/// The run that followed at once; none follows that.
#[derive(Serialize, Deserialize)]
pub(super) struct Again<'a> {
    #[serde(borrow)]
    pub(super) origin: Origin<'a>,
    #[serde(borrow)]
    pub(super) load: Load<'a>,
    #[serde(borrow)]
    pub(super) generator: Generator<'a>,
    #[serde(borrow)]
    pub(super) stop: Stop<'a>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_ENDPOINTS>")]
    pub(super) endpoints: Vec<Endpoint<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<Reference>,
}

/// What was asked beside the load: when, in nanoseconds from its begin, and the answer.
#[derive(Serialize, Deserialize)]
pub(super) struct Series<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) unit: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(super) said: Cow<'a, str>,
    #[serde(deserialize_with = "few::<_, _, MOST_READINGS>")]
    pub(super) readings: Vec<(Nanos, Option<Real>)>,
}

/// How fast the machine itself was.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Reference {
    pub(super) before_ns: Nanos,
    pub(super) after_ns: Nanos,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Origin<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) started: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) target: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) protocol: Cow<'a, str>,
    pub(super) insecure: bool,
    #[serde(borrow)]
    pub(super) gate: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) gate_hash: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(super) load_hash: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(super) commit: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(super) runner: Cow<'a, str>,
    pub(super) seed: Seed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Shard>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) exclude_tags: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) cpu: Cow<'a, str>,
    pub(super) cores: Count,
    pub(super) memory: Count,
    #[serde(borrow)]
    pub(super) os: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) arch: Cow<'a, str>,
}

/// Its index counts from zero.
#[derive(Serialize, Deserialize)]
pub(super) struct Shard {
    pub(super) index: Count,
    pub(super) of: Count,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Merged {
    pub(super) shards: Count,
    pub(super) apart_ns: Nanos,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Model {
    Open,
    Closed,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Load<'a> {
    pub(super) model: Model,
    #[serde(borrow)]
    pub(super) profile: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_OTHERS>")]
    pub(super) stages: Vec<Cow<'a, str>>,
    pub(super) duration_ns: Nanos,
    pub(super) lasted_ns: Nanos,
    pub(super) warm_up_ns: Nanos,
    pub(super) timeout_ns: Nanos,
    pub(super) planned: Option<Count>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) released: Option<Count>,
    pub(super) sent: Count,
    pub(super) dropped: Count,
    pub(super) users: Count,
    pub(super) connections: Count,
    pub(super) reconnects: Count,
    #[serde(borrow)]
    pub(super) connecting: Option<Times<'a>>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_OTHERS>")]
    pub(super) refused: Vec<(Cow<'a, str>, Count)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merged: Option<Merged>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Starved {
    pub(super) share: Share,
    pub(super) wait_ns: Nanos,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Generator<'a> {
    pub(super) threads: Count,
    pub(super) lag_p50_ns: Option<Nanos>,
    pub(super) lag_p99_ns: Option<Nanos>,
    pub(super) lag_max_ns: Option<Nanos>,
    #[serde(deserialize_with = "few::<_, _, MOST_OTHERS>")]
    pub(super) cpu: Vec<Share>,
    pub(super) saturated: Share,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) starved: Option<Starved>,
    pub(super) descriptors: Option<(Count, Count)>,
    pub(super) steal: Option<Share>,
    #[serde(borrow)]
    pub(super) pacing: Cow<'a, str>,
    pub(super) clock_stepped: bool,
    pub(super) suspended: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(super) enum Stop<'a> {
    End,
    Signal {
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    Breached {
        #[serde(borrow)]
        which: Cow<'a, str>,
    },
    Dead {
        for_ns: Nanos,
    },
    Stalled {
        for_ns: Nanos,
    },
    Panic {
        #[serde(borrow)]
        said: Cow<'a, str>,
    },
    NoThread {
        #[serde(borrow)]
        said: Cow<'a, str>,
    },
    Unreachable {
        class: Class,
        #[serde(borrow)]
        seen: Cow<'a, str>,
    },
    Checkpoint,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Slice {
    pub(super) from_ns: Nanos,
    pub(super) to_ns: Nanos,
    pub(super) stage: Count,
    pub(super) warm_up: bool,
    pub(super) planned: Count,
    #[serde(default)]
    pub(super) released: Option<Count>,
    pub(super) sent: Count,
    pub(super) dropped: Count,
    pub(super) in_flight: Count,
    pub(super) users: Count,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Endpoint<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    pub(super) planned: Option<Count>,
    #[serde(borrow)]
    pub(super) whole: Tally<'a>,
    #[serde(borrow, deserialize_with = "few::<_, _, MOST_SLICES>")]
    pub(super) slices: Vec<Tally<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) examples: BTreeMap<Class, Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) missed: Vec<Missed<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) quotes: Option<Quotes>,
}

/// Answers that missed one expectation.
#[derive(Serialize, Deserialize)]
pub(super) struct Missed<'a> {
    #[serde(borrow)]
    pub(super) asked: Cow<'a, str>,
    pub(super) count: Count,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(super) got: Cow<'a, str>,
}

/// What is absent was not there: times of nothing, no failures, no answers.
#[derive(Serialize, Deserialize)]
pub(super) struct Tally<'a> {
    pub(super) answered: Count,
    pub(super) bytes: Count,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) statuses: BTreeMap<u16, Count>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) failures: BTreeMap<Class, Count>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) latency: Option<Box<Times<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<Box<Times<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<Box<Times<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) timings: BTreeMap<Timed, Lap<'a>>,
}

/// Times inside requests: those that came to their end, and those that never did.
#[derive(Serialize, Deserialize)]
pub(super) struct Lap<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) whole: Option<Box<Times<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) broken: Option<Box<Times<'a>>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Times<'a> {
    pub(super) count: Count,
    pub(super) sum_ns: Sum,
    pub(super) least_ns: Nanos,
    pub(super) most_ns: Nanos,
    pub(super) over_range: Count,
    /// HdrHistogram V2 with deflate, in base64: 1 µs to 600 s, 3 digits.
    #[serde(borrow)]
    pub(super) hdr: Cow<'a, str>,
}

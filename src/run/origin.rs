//! Where a run comes from: machine, tool, gate file, commit.

use crate::sanitise;
use crate::secret::Masks;
use crate::shard::Shard;

/// Where a run comes from: facts about machine, tool and gate file. Its texts are as they came, or
/// made fit for a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin<Text = String> {
    /// Unlike any other run's.
    pub id: Text,
    /// RFC 3339, UTC.
    pub started: Text,
    /// loadgate's version.
    pub version: Text,
    /// The target as a report may show it.
    pub target: Text,
    /// Protocol spoken: `HTTP/1.1`, `HTTP/2`.
    pub protocol: Text,
    /// Certificates were not checked.
    pub insecure: bool,
    /// The gate file's name.
    pub gate: Text,
    /// SHA-256 of the gate file's text.
    pub gate_hash: Text,
    /// SHA-256 of what was sent, as far as two runs must share it to be compared; empty where that
    /// is not known.
    pub load_hash: Text,
    /// The commit that was checked out; empty where nobody told.
    pub commit: Text,
    /// The kind of machine, as its CI host calls it; empty where nobody told.
    pub runner: Text,
    /// The seed of every draw.
    pub seed: u64,
    /// Which part of the load was put on; one of several is never judged as the whole.
    pub shard: Shard,
    /// Tags by which parts of the gate file were chosen; all of it where there are none.
    pub tags: Vec<Text>,
    /// Tags by which parts of it were left out.
    pub exclude_tags: Vec<Text>,
    /// CPU model.
    pub cpu: Text,
    /// Logical cores.
    pub cores: u64,
    /// Memory in bytes.
    pub memory: u64,
    /// Operating system and kernel.
    pub os: Text,
    /// Architecture.
    pub arch: Text,
}

impl Origin {
    /// The same without what must not be shown.
    #[must_use]
    pub fn hidden(&self, masks: &Masks) -> Self {
        let hide = |text: &str| masks.apply(&sanitise::strip(text));
        let (target, gate, runner) = (hide(&self.target), hide(&self.gate), hide(&self.runner));
        Self { target, gate, runner, ..self.clone() }
    }

    /// The same with each text made something else.
    #[must_use]
    pub fn map<Text>(&self, each: impl Fn(&str) -> Text) -> Origin<Text> {
        let all = |texts: &[String]| texts.iter().map(|text| each(text)).collect();
        Origin {
            id: each(&self.id),
            started: each(&self.started),
            version: each(&self.version),
            target: each(&self.target),
            protocol: each(&self.protocol),
            insecure: self.insecure,
            gate: each(&self.gate),
            gate_hash: each(&self.gate_hash),
            load_hash: each(&self.load_hash),
            commit: each(&self.commit),
            runner: each(&self.runner),
            seed: self.seed,
            shard: self.shard,
            tags: all(&self.tags),
            exclude_tags: all(&self.exclude_tags),
            cpu: each(&self.cpu),
            cores: self.cores,
            memory: self.memory,
            os: each(&self.os),
            arch: each(&self.arch),
        }
    }
}

//! Which machine a run was on, as far as it matters: only runs of one class are compared.

use std::fmt;

use crate::run::{Imported, Origin, Run};

/// Memory is told in steps of a gibibyte: firmware takes a little of it, and never the same.
const GIB: u64 = 1 << 30;

/// What two machines must share for their runs to be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// CPU model.
    pub cpu: String,
    /// Architecture.
    pub arch: String,
    /// Logical cores.
    pub cores: u64,
    /// Memory in gibibytes, rounded.
    pub memory: u64,
    /// The kernel and its major version, `Linux 6`; the whole name of a system without one.
    pub kernel: String,
    /// The kind of machine, as its CI host calls it; empty where nobody told.
    pub runner: String,
}

impl Class {
    /// The class of the machine that a run was on.
    #[must_use]
    pub fn of(origin: &Origin) -> Self {
        Self {
            cpu: origin.cpu.clone(),
            arch: origin.arch.clone(),
            cores: origin.cores,
            memory: origin.memory.saturating_add(GIB / 2) / GIB,
            kernel: kernel(&origin.os),
            runner: origin.runner.clone(),
        }
    }

    /// The first thing in which another machine differs, with its value there and here.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<String> {
        let pairs = [
            ("CPU", self.cpu.clone(), other.cpu.clone()),
            ("architecture", self.arch.clone(), other.arch.clone()),
            ("number of cores", self.cores.to_string(), other.cores.to_string()),
            ("memory", format!("{} GiB", self.memory), format!("{} GiB", other.memory)),
            ("kernel", self.kernel.clone(), other.kernel.clone()),
            ("runner", self.runner.clone(), other.runner.clone()),
        ];
        different(pairs)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, arch, cores, memory, kernel, runner } = self;
        let cpu = if cpu.is_empty() { arch } else { cpu };
        write!(out, "{cpu}, {cores} cores, {memory} GiB, {kernel}")?;
        if runner.is_empty() { Ok(()) } else { write!(out, ", {runner}") }
    }
}

/// Why two runs may not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// They were on different machines, or of different programs: how they differ.
    Foreign(String),
    /// They had different loads: how they differ.
    OtherLoad(String),
}

/// Whether an earlier run may be compared with this one.
///
/// # Errors
/// The first thing in which they differ, the load before the machine.
pub fn likeness(earlier: &Run, this: &Run) -> Result<(), Unlike> {
    let loads = [
        ("load", earlier.load.profile.clone(), this.load.profile.clone()),
        ("warm-up", seconds(earlier), seconds(this)),
        ("number of shards", shards(earlier), shards(this)),
    ];
    if let Some(how) = different(loads) {
        return Err(Unlike::OtherLoad(how));
    }
    let (one, other) = (&earlier.origin, &this.origin);
    if one.load_hash.is_empty() || one.load_hash != other.load_hash {
        return Err(Unlike::OtherLoad("their requests or scenarios are others".to_owned()));
    }
    let programs = [
        ("protocol", one.protocol.clone(), other.protocol.clone()),
        ("version of loadgate", series(&one.version), series(&other.version)),
    ];
    let how = Class::of(one).differs(&Class::of(other)).or_else(|| different(programs));
    how.map_or(Ok(()), |how| Err(Unlike::Foreign(how)))
}

/// What a load leaves to its beginning. Locust's users have begun when they have, milliseconds
/// sooner or later; what a gate file says of that is part of what tells loads apart.
fn seconds(run: &Run) -> String {
    if run.imported.as_ref().is_some_and(Imported::is_driven) {
        return String::new();
    }
    format!("{} s", run.load.warm_up.as_secs_f64())
}

fn shards(run: &Run) -> String {
    run.load.merged.map_or(1, |merged| merged.shards).to_string()
}

/// The versions that measure alike: `0.1.7` is of `0.1`, `1.4.2` of `1` (Semantic Versioning).
fn series(version: &str) -> String {
    let parts = version.split('.');
    let several = if version.starts_with("0.") { 2 } else { 1 };
    parts.take(several).collect::<Vec<_>>().join(".")
}

fn different<const N: usize>(pairs: [(&str, String, String); N]) -> Option<String> {
    let (what, one, other) = pairs.into_iter().find(|(_, one, other)| one != other)?;
    let shown = |text: String| if text.is_empty() { "unknown".to_owned() } else { text };
    Some(format!("their {what} was {}, this one's is {}", shown(one), shown(other)))
}

/// `Debian GNU/Linux 13 (trixie), Linux 6.12.0` has the kernel `Linux 6`.
fn kernel(os: &str) -> String {
    let kernel = os.rsplit(", ").next().unwrap_or(os);
    kernel.split_once('.').map_or(kernel, |(major, _)| major).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_with_every_update_is_no_part_of_the_class() {
        let os = |os: &str| kernel(os);
        assert_eq!(os("Debian GNU/Linux 13 (trixie), Linux 6.12.0-5-amd64"), "Linux 6");
        assert_eq!(os("Debian GNU/Linux 13 (trixie), Linux 6.17.1"), "Linux 6");
        assert_eq!(os("macos"), "macos");
        assert_eq!([series("0.1.7"), series("1.4.2"), series("2")], ["0.1", "1", "2"]);
        let class = |memory: u64| Class::of(&Origin { memory, ..Origin::default() });
        assert_eq!(class(16_767_000_000), class(16_755_000_000));
        assert_eq!(
            class(0).differs(&class(8 << 30)).as_deref(),
            Some("their memory was 0 GiB, this one's is 8 GiB")
        );
    }
}

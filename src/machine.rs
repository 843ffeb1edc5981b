//! The machine a run happens on, and what makes a run unlike any other: facts for its origin.

use std::hash::{BuildHasher as _, Hasher as _};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is known of the machine; empty or zero where the system does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// CPU model.
    pub cpu: String,
    /// Logical cores that this process may use.
    pub cores: u64,
    /// Memory in bytes.
    pub memory: u64,
    /// Operating system and kernel.
    pub os: String,
    /// Architecture.
    pub arch: String,
}

/// Looks at the machine.
#[must_use]
pub fn look() -> Machine {
    let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (release, kernel) = (text("/etc/os-release"), text("/proc/sys/kernel/osrelease"));
    Machine {
        cpu: after(&text("/proc/cpuinfo"), "model name", ':').unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, |cores| cores.get() as u64),
        memory: memory(&text("/proc/meminfo")).unwrap_or(0),
        os: system(after(&release, "PRETTY_NAME", '='), kernel.trim()),
        arch: std::env::consts::ARCH.to_owned(),
    }
}

/// The value of the first line that begins with a name.
fn after(text: &str, name: &str, sign: char) -> Option<String> {
    let (_, value) = text.lines().find(|line| line.starts_with(name))?.split_once(sign)?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// `/proc/meminfo` counts in units of 1,024 bytes and calls them kB.
fn memory(text: &str) -> Option<u64> {
    let total = after(text, "MemTotal", ':')?;
    total.strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn system(release: Option<String>, kernel: &str) -> String {
    let name = release.unwrap_or_else(|| std::env::consts::OS.to_owned());
    if kernel.is_empty() { name } else { format!("{name}, Linux {kernel}") }
}

/// The time of day in nanoseconds since 1970.
#[must_use]
pub fn nanos() -> u64 {
    u64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos()).unwrap_or_default()
}

/// The time of day, as files have it: RFC 3339, UTC, whole seconds.
#[must_use]
pub fn now() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).expect("0 is below a billion");
    now.format(&Rfc3339).expect("the year has four digits")
}

/// A name unlike any other run's: when it began, and a draw.
#[must_use]
pub fn run_id(started: &str) -> String {
    let when: String = started.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{when}-{:08x}", draw())
}

/// A seed for a run that was given none: small enough to be typed.
#[must_use]
pub fn draw_seed() -> u64 {
    u64::from(draw())
}

/// A word that nobody can guess, for what must not be ended from outside.
#[must_use]
pub fn draw_word() -> String {
    format!("loadgate{:08x}{:08x}", draw(), draw())
}

/// A draw from 0 to 1, so that many who failed together do not come back together.
#[must_use]
pub fn draw_share() -> f64 {
    f64::from(draw()) / f64::from(u32::MAX)
}

/// The time of day, in whole seconds since 1970.
#[must_use]
pub fn seconds() -> u64 {
    u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0)
}

/// 32 bits that differ from call to call: the standard library seeds its hashers from the system.
fn draw() -> u32 {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    #[expect(clippy::cast_possible_truncation, reason = "half of the bits are wanted")]
    let half = hasher.finish() as u32;
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC 9R14\nmodel name\t: other\n";
        assert_eq!(after(cpuinfo, "model name", ':').as_deref(), Some("AMD EPYC 9R14"));
        assert_eq!(memory("MemTotal:        8039124 kB\n"), Some(8_232_062_976));
        assert_eq!((memory(""), memory("MemTotal: lots\n")), (None, None));
        let release = after("PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n", "PRETTY_NAME", '=');
        assert_eq!(system(release, "6.12.0"), "Debian GNU/Linux 13 (trixie), Linux 6.12.0");
    }

    #[test]
    fn runs_of_one_second_have_different_names() {
        let (one, other) = (run_id("2026-08-22T12:34:56Z"), run_id("2026-08-22T12:34:56Z"));
        assert!(one.starts_with("20260822T123456Z-") && one != other, "{one} {other}");
    }

    #[test]
    fn a_machine_tells_something_of_itself() {
        let machine = look();
        assert!(machine.cores > 0 && !machine.arch.is_empty() && !machine.os.is_empty());
    }
}

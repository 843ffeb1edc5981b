//! What was sent, as one hash: runs with another one are not compared. Limits, addresses and
//! secrets are no part of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::plan::{Arrivals, Drive, Http, shares};
use crate::policy;
use crate::run::Model;

/// The hash of what a plan sends: its load as it is put on, its requests and scenarios as they are
/// written, and the files that those name, by their path with the SHA-256 of what is in them.
#[must_use]
pub fn fingerprint(drive: &Drive, gate: &[u8], files: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut say = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("writing into memory does not fail");
    };
    let load = &drive.load;
    let model = match load.profile.model {
        Model::Open => "open",
        Model::Closed => "closed",
    };
    say(format_args!("model {model}, warm-up {} ns", load.warm_up.as_nanos()));
    for stage in &load.profile.stages {
        say(format_args!("stage {} ns {}..{}", stage.duration.as_nanos(), stage.from, stage.to));
    }
    let arrivals = match load.arrivals {
        Arrivals::Even => "even",
        Arrivals::Poisson => "poisson",
    };
    let http = match drive.target.http {
        Http::One => "1.1",
        Http::Two => "2",
        Http::Auto => "auto",
    };
    say(format_args!("{arrivals}, in flight {}", load.max_in_flight));
    say(format_args!("connections {}, streams {}", load.connections, load.streams));
    say(format_args!("http {http}, tls {}", drive.target.secure));
    say(format_args!("timeout {} ns", drive.target.timeout.as_nanos()));
    let mut shares = shares(drive);
    shares.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, share) in shares {
        say(format_args!("{share:.6} of {name}"));
    }
    let written = policy::sent(gate);
    for (path, value) in &written {
        say(format_args!("{path} = {value}"));
    }
    let named = |path: &str| written.values().any(|value| value.contains(path));
    for (path, hash) in files.iter().filter(|(path, _)| named(path)) {
        say(format_args!("{path}: {hash}"));
    }
    format!("{:x}", Sha256::digest(text.as_bytes()))
}

//! Properties of reading that hold for every text.

use loadgate::metric::Metric;
use loadgate::plan::threshold::Limit;
use loadgate::plan::{self, Plan};
use proptest::prelude::*;

use super::{gates, source};

/// Metrics of every kind.
fn metric() -> impl Strategy<Value = Metric> {
    let names = ["p50", "p99_9", "good_p95", "mean", "max", "error_rate", "throughput", "count"];
    prop::sample::select(names.to_vec()).prop_map(|name| Metric::parse(name).expect("a metric"))
}

/// Texts that are limits, or nearly.
fn limit() -> impl Strategy<Value = String> {
    "(<|<=|>|>=)? ?[0-9]{1,9}([.][0-9]{1,6})? ?(ns|us|µs|ms|s|m|min|h|%|/s|/m|/h|)( ?[0-9]{1,2}s)?"
}

/// Pieces of gate files and of what people write by mistake.
const PIECES: &[&str] = &[
    "[target]\n",
    "[load]\n",
    "[[load.stage]]\n",
    "[[request]]\n",
    "[sla]\n",
    "[sla.\"*\"]\n",
    "url = ",
    "rate = ",
    "users = ",
    "duration = ",
    "warm_up = ",
    "to = ",
    "get = ",
    "json = ",
    "expect = ",
    "p95 = ",
    "[regression]\n",
    "[[accept]]\n",
    "against = ",
    "\"+5%\"",
    "until = ",
    "p99.9 = ",
    "max = ",
    "fail = ",
    "during = ",
    "headers = ",
    "form = ",
    "\"${HOST}\"",
    "\"${NONE}\"",
    "\"${\"",
    "\"10s\"",
    "\"10/s\"",
    "\"< 250ms\"",
    "\"/a\"",
    "\"http://h\"",
    "{ ",
    " }",
    "[",
    "]",
    ", ",
    "\n",
    "nan",
    "5",
    "-1",
    "1e9",
    "true",
    "é",
    "\u{202e}",
    "\"ghp_abcdefghijklmnopqrstuvwxyz012345\"",
    "fail = \"< 1s\"",
    "2024-01-01",
    "#",
    "=",
    "\t",
];

/// One of those pieces.
fn piece() -> impl Strategy<Value = String> {
    prop::sample::select(PIECES.to_vec()).prop_map(ToOwned::to_owned)
}

/// Reads bytes as a gate file, and draws whatever comes of it.
fn survives(bytes: &[u8]) -> usize {
    match Plan::read(&source("gate.toml", bytes)) {
        Ok(plan) => plan::outline(&plan).len(),
        Err(faults) => {
            assert!(!faults.0.is_empty(), "an error without a fault");
            faults.to_string().len()
        }
    }
}

proptest! {
    #[test]
    fn a_limit_printed_and_read_is_itself(metric in metric(), text in limit()) {
        if let Ok(limit) = Limit::parse(&text, metric) {
            prop_assert_eq!(Limit::parse(&limit.to_string(), metric), Ok(limit));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        survives(text.as_bytes());
    }

    #[test]
    fn pieces_in_any_order_never_panic(pieces in prop::collection::vec(piece(), 0..40)) {
        survives(pieces.concat().as_bytes());
    }

    #[test]
    fn a_damaged_example_never_panics(which in any::<prop::sample::Index>(),
                                      at in any::<prop::sample::Index>(),
                                      byte in any::<u8>(), cut in any::<bool>()) {
        let paths = gates("thresholds");
        let mut bytes = std::fs::read(which.get(&paths)).expect("an example");
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        survives(&bytes);
    }
}

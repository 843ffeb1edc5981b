//! What the demo service answers, and how long it takes: pure, so that its faults can be read off a
//! page.

use std::time::Duration;

use super::Break;

/// An answer of the demo service, and how long it is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// A JSON body; absent where the request's own body is sent back.
    pub body: Option<String>,
    /// How long after the request's arrival it is sent.
    pub after: Duration,
}

/// The seed of the draws that make `/tail` slow and `/flaky` fail now and then.
const SEED: u64 = 0x10ad_9a7e;
/// `stall` freezes the service for so long at the start of each of these periods.
const FREEZE: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_secs(4);

/// The answer to the `n`-th request, which came `at` this time since the service began.
pub(super) fn reply(
    method: &str,
    path: &str,
    n: u64,
    at: Duration,
    broken: Option<Break>,
) -> Reply {
    let asked = matches!(method, "GET" | "HEAD");
    let ms = Duration::from_millis;
    let good = |after| Reply { status: 200, body: Some(page(path, n)), after };
    let fault = |status, what: &str| Reply {
        status,
        body: Some(format!("{{\"error\":\"{what}\"}}")),
        after: Duration::ZERO,
    };
    let healthy = match path {
        // What tells that the service is up is never broken: the load must begin for a fault to be
        // seen.
        "/health" if asked => return good(Duration::ZERO),
        "/fast" if asked => good(Duration::ZERO),
        "/slow" if asked => good(ms(40)),
        "/tail" if asked => good(if one_in(100, n) { ms(120) } else { ms(5) }),
        "/flaky" if asked => {
            if one_in(500, n) {
                fault(500, "out of luck")
            } else {
                good(Duration::ZERO)
            }
        }
        "/echo" if method == "POST" => Reply { status: 200, body: None, after: Duration::ZERO },
        "/fast" | "/slow" | "/tail" | "/flaky" | "/health" | "/echo" => {
            return fault(405, "method not allowed");
        }
        _ => return fault(404, "not found"),
    };
    match broken {
        Some(Break::Latency) => Reply { after: 4 * healthy.after, ..healthy },
        Some(Break::Errors) if one_in(10, n) => fault(500, "broken on purpose"),
        None | Some(Break::Errors) => healthy,
        Some(Break::Stall) => Reply { after: healthy.after.max(thaw(at)), ..healthy },
    }
}

/// How long the freeze still lasts at this time; nothing between freezes.
fn thaw(at: Duration) -> Duration {
    let into = Duration::from_millis(
        u64::try_from(at.as_millis() % PERIOD.as_millis()).unwrap_or_default(),
    );
    FREEZE.saturating_sub(into)
}

fn page(path: &str, n: u64) -> String {
    format!("{{\"path\":\"{path}\",\"number\":{n},\"items\":[{{\"id\":1}},{{\"id\":2}}]}}")
}

/// One request in so many, drawn by its number: `SplitMix64`, as published by Steele, Lea and Flood
/// (2014).
fn one_in(many: u64, n: u64) -> bool {
    let mut mixed = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(SEED);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).is_multiple_of(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_as_often_as_they_are_said_to() {
        let slow = (0..10_000)
            .filter(|n| reply("GET", "/tail", *n, Duration::ZERO, None).after.as_millis() == 120);
        assert!((80..=120).contains(&slow.count()));
        let failed =
            (0..50_000).filter(|n| reply("GET", "/flaky", *n, Duration::ZERO, None).status == 500);
        assert!((70..=130).contains(&failed.count()));
    }

    #[test]
    fn a_frozen_service_answers_when_it_thaws() {
        let at = |ms| reply("GET", "/fast", 0, Duration::from_millis(ms), Some(Break::Stall)).after;
        assert_eq!(
            (at(0), at(1500), at(2500), at(4000)),
            (FREEZE, Duration::from_millis(500), Duration::ZERO, FREEZE)
        );
    }

    #[test]
    fn what_is_not_there_is_not_found_and_a_wrong_method_is_said() {
        let status = |method, path| reply(method, path, 0, Duration::ZERO, None).status;
        assert_eq!(
            (status("GET", "/"), status("POST", "/fast"), status("HEAD", "/fast")),
            (404, 405, 200)
        );
    }
}

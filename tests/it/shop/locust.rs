//! The same journey, walked by Locust and by us, has the same counts and the same mix.
//!
//! Both walk so many turns, whatever time they take, so that only the draws differ. Each count must
//! be where the weights put it: between the two values of a binomial distribution beyond which lies
//! less than 1e-5 of it in all. There are four such bounds for each of two tools, so the test gives
//! a false alarm in fewer than 1e-4 of its runs.

use std::process::Command;

use super::{USERS, check, example, walked};
use crate::pipes::tool;
use crate::support::gate::turn;
use crate::support::shop::Shop;

/// How many turns the shoppers make together.
const TURNS: u32 = 1_200;
/// How often a count may be out of its bounds by chance.
const ALARM: f64 = 1e-5;

/// The chance of each number of successes among so many trials.
fn binomial(trials: u64, chance: f64) -> Vec<f64> {
    let trials = u32::try_from(trials).expect("a small number");
    let odds = chance / (1.0 - chance);
    let mut now = (1.0 - chance).powi(i32::try_from(trials).expect("a small number"));
    let mut all = vec![now];
    for done in 0..trials {
        now *= odds * f64::from(trials - done) / f64::from(done + 1);
        all.push(now);
    }
    all
}

/// Insists that a count is none of the rarest on either side.
fn within(what: &str, count: u64, trials: u64, chance: f64) {
    let all = binomial(trials, chance);
    let at = usize::try_from(count).expect("a small number");
    let (below, above): (f64, f64) = (all[..=at].iter().sum(), all[at..].iter().sum());
    assert!(below.min(above) > ALARM / 2.0, "{what}: {count} of {trials}, {chance} expected");
}

/// What every walk of so many turns by nine shoppers has.
fn check_mix(tool: &str, shop: &Shop) {
    let calls = |endpoint| shop.calls(endpoint);
    assert_eq!((calls("POST /login"), calls("POST /logout")), (9, 9), "{tool}");
    let (carts, searches) = (calls("POST /cart"), calls("GET /search"));
    assert_eq!(carts, calls("POST /cart/{id}/checkout"), "{tool}");
    let turns = u64::from(TURNS);
    within(&format!("{tool}: carts"), carts, turns, 2.0 / 9.0);
    within(&format!("{tool}: searches"), searches, turns, 1.0 / 9.0);
    within(&format!("{tool}: words"), calls("GET /search?q"), searches, 3.0 / 4.0);
    // Every other turn looks at one to three products. Of n such numbers the sum is further from
    // 2 n than 2 sqrt(n ln(2 / p) / 2) with a chance of p at most (Hoeffding 1963, theorem 2).
    let (looked, browsed) = (calls("GET /products"), turns - carts - searches);
    assert_eq!(looked, calls("GET /products/{id}"), "{tool}");
    let browsed = f64::from(u32::try_from(browsed).expect("a small number"));
    let most = 2.0 * (browsed * (2.0 / ALARM).ln() / 2.0).sqrt();
    let looked = f64::from(u32::try_from(looked).expect("a small number"));
    assert!((looked - 2.0 * browsed).abs() <= most, "{tool}: {looked} in {browsed} turns");
    assert!(calls("GET /stock") > 0, "{tool}");
}

#[test]
fn locust_and_we_walk_the_same_journey() {
    let turns = format!("n\n{}", "1\n".repeat(usize::try_from(TURNS).expect("a small number")));
    let rows = "data = { csv = \"users.csv\", as = \"row\", pick = \"next\", per = \"user\" }";
    let counted = format!(
        "{}, {{ csv = \"turns.csv\", as = \"turn\", at_end = \"stop\" }}]",
        rows.replace("data = ", "data = [")
    );
    let text = example("users = 10\nduration = \"8s\"").replace(rows, &counted);
    let text = text.replace("10ms..30ms", "2ms..6ms").replace("\"5ms\"", "\"1ms\"");
    let (shop, done) = walked(&text, &turns);
    check(&shop, &done);
    check_mix("loadgate", &shop);

    let _turn = turn();
    let shop = Shop::open();
    let users = tempfile::tempdir().expect("a temporary directory");
    let rows = users.path().join("users.csv");
    std::fs::write(&rows, USERS).expect("a file in a temporary directory");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/locust/shop.py");
    let mut locust = Command::new(tool("locust"));
    locust.args(["-f", file, "--headless", "--only-summary", "-u", "10", "-r", "100"]);
    locust.args(["--run-time", "50s", "--host", &shop.url()]).env("USERS", &rows);
    locust.env("TURNS", TURNS.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
    let said = locust.output().expect("locust can be started");
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{}\n{told}", said.status);
    check_mix("locust", &shop);
}

//! The gate file of the shop, walked in both models: what the shop counted is what is reported.

/// The same journey as a Locust file.
mod locust;

use std::collections::BTreeMap;

use super::support::gate::{Done, Gate, turn};
use super::support::shop::Shop;

const EXAMPLE: &str = include_str!("../../thresholds/shop.toml");
const USERS: &str = include_str!("../../thresholds/users.csv");

/// What an endpoint of the gate file is in the shop.
const ENDPOINTS: [(&str, &str); 9] = [
    ("login", "POST /login"),
    ("GET /products", "GET /products"),
    ("GET /products/{{ product }}", "GET /products/{id}"),
    ("search", "GET /search"),
    ("cart", "POST /cart"),
    ("checkout", "POST /cart/{id}/checkout"),
    ("logout", "POST /logout"),
    ("GET /stock", "GET /stock"),
    ("count", "PUT /stock/{id}"),
];

/// The example with a load for a test: other times, the same users.
fn example(load: &str) -> String {
    let changes = [
        ("users = 50\nduration = \"5m\"\nramp = \"30s\"\nwarm_up = \"45s\"", load),
        ("wait = \"1s..3s\"", "wait = \"10ms..30ms\""),
        ("wait = \"500ms\"", "wait = \"5ms\""),
        ("paced = \"10s\"", "paced = \"100ms\""),
        // A machine may be busy, and a short run has few requests.
        ("p95 = \"< 400ms\"", "p95 = \"< 9s\""),
        ("p95 = \"< 1s\"", "p50 = \"< 9s\""),
        ("{ fail = \"< 300ms\", warn = \"< 200ms\" }", "\"< 9s\""),
    ];
    changes.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

fn gate(text: &str, shop: &Shop) -> Gate {
    Gate::new(text).file("users.csv", USERS).set("BASE_URL", &shop.url())
}

/// A gate file in a shop that nobody has been in; again where the machine was busy, three times at
/// most.
fn walked(text: &str, turns: &str) -> (Shop, Done) {
    let _turn = turn();
    let walk = || {
        let shop = Shop::open();
        let gate = gate(text, &shop).file("turns.csv", turns);
        let done = gate.run(&["run", "gate.toml", "--seed", "11"]);
        (shop, done)
    };
    let mut last = walk();
    for _ in 0..2 {
        if !last.1.fell_behind() {
            break;
        }
        last = walk();
    }
    last
}

/// Requests by endpoint, as they are reported.
fn reported(done: &Done) -> BTreeMap<String, u64> {
    let verdict = done.verdict();
    let endpoints = verdict["facts"]["endpoints"].as_array().expect("an array of endpoints");
    let name = |facts: &serde_json::Value| facts["name"].as_str().expect("a name").to_owned();
    let count = |facts: &serde_json::Value| facts["count"].as_u64().expect("a count");
    endpoints.iter().map(|facts| (name(facts), count(facts))).collect()
}

/// What holds in both models.
fn check(shop: &Shop, done: &Done) {
    done.code(0).reports();
    let reported = reported(done);
    assert_eq!(reported.len(), ENDPOINTS.len(), "{reported:?}");
    for (name, endpoint) in ENDPOINTS {
        assert_eq!(reported[name], shop.calls(endpoint), "{name}: {reported:?}");
        assert!(reported[name] > 0, "{name}: {reported:?}");
    }
    assert_eq!(done.verdict()["facts"]["sent"].as_u64(), Some(shop.all_calls()));
    // Two clerks who count at once: one of them is told to look again.
    let refused = shop.refused();
    let race = |(endpoint, status, _): &(String, u16, u64)| {
        (endpoint.as_str(), *status) == ("PUT /stock/{id}", 412)
    };
    assert!(refused.iter().all(race), "{refused:?}");
    // Whoever came in went out, and every checkout is an order.
    let checkouts = shop.calls("POST /cart/{id}/checkout");
    assert_eq!(shop.inside(), (0, usize::try_from(checkouts).expect("a small number")));
    assert_eq!(shop.by_user("POST /login"), shop.by_user("POST /logout"));
}

/// Rows come in order: nobody's was taken twice more than another's.
fn check_rows(logins: &BTreeMap<String, u64>) {
    let (least, most) = (logins.values().min(), logins.values().max());
    assert!(logins.len() == 4 && most <= least.map(|least| least + 1).as_ref(), "{logins:?}");
}

#[test]
fn users_walk_through_the_shop_for_life() {
    let (shop, done) = walked(&example("users = 20\nduration = \"3s\""), "");
    check(&shop, &done);
    let logins = shop.by_user("POST /login");
    check_rows(&logins);
    // Nine of ten users are shoppers, and each logs in once.
    assert_eq!(logins.values().sum::<u64>(), 18);
    // Who had a cart when time was up did not pay for it.
    let unpaid = shop.calls("POST /cart") - shop.calls("POST /cart/{id}/checkout");
    assert!(unpaid <= 18, "{unpaid}");
}

#[test]
fn users_arrive_in_the_shop_and_leave_it() {
    let (shop, done) = walked(&example("rate = \"60/s\"\nduration = \"3s\""), "");
    check(&shop, &done);
    let logins = shop.by_user("POST /login");
    check_rows(&logins);
    // Arrivals are shoppers or clerks, and each makes one turn.
    let facts = &done.verdict()["facts"];
    let arrivals = logins.values().sum::<u64>() + shop.calls("GET /stock");
    assert_eq!(facts["released"].as_u64(), Some(arrivals));
    assert_eq!(arrivals, 180);
    assert_eq!(shop.calls("POST /cart"), shop.calls("POST /cart/{id}/checkout"));
}

#[test]
fn the_example_is_walked_once_as_it_stands() {
    let shop = Shop::open();
    let done = gate(EXAMPLE, &shop).run(&["run", "gate.toml", "--once"]);
    assert_eq!(done.status.code(), Some(0), "{}\n{}", done.stdout, done.stderr);
    for (name, endpoint) in ENDPOINTS {
        let expected = if name == "search" { 2 } else { 1 };
        assert_eq!(shop.calls(endpoint), expected, "{name}\n{}", done.stdout);
    }
    assert_eq!((shop.refused(), shop.inside()), (Vec::new(), (0, 1)));
}

/// A walk that the shop refuses at every second step.
const TRESPASSER: &str = include_str!("../data/shop/trespasser.toml");

#[test]
fn the_shop_refuses_what_a_real_one_would() {
    let shop = Shop::open();
    let done = gate(TRESPASSER, &shop).run(&["run", "gate.toml", "--once"]);
    assert_eq!(done.status.code(), Some(0), "{}\n{}", done.stdout, done.stderr);
    assert_eq!(shop.refused().iter().map(|(_, _, calls)| calls).sum::<u64>(), 13);
    // Grace never left, and one cart was paid for once.
    assert_eq!(shop.inside(), (1, 1));
    // Without an expectation of its own, each refusal is a failure.
    let bare = TRESPASSER.replacen(", expect = { status = 401 }", "", 1);
    let done = gate(&bare, &shop).run(&["run", "gate.toml", "--once"]);
    done.code(3);
    assert!(done.stdout.contains("401"), "{}", done.stdout);
}

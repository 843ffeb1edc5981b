//! The ways in which two versions can be under load.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;

use super::compared;
use crate::support::gate::{Gate, undisturbed};
use crate::support::server::{Act, Script, Server, ok};
use crate::support::serving::Serving;
use crate::support::two::{Settings, Two};

/// Which service was asked, in the order in which requests came.
type Order = Arc<Mutex<Vec<bool>>>;

/// A service that takes so many milliseconds, and writes down whether it was the new one.
fn noted(order: &Order, is_new: bool, millis: u64) -> Serving {
    let order = Arc::clone(order);
    let answer = move || {
        order.lock().unwrap_or_else(PoisonError::into_inner).push(is_new);
        async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            "fine"
        }
    };
    Serving::routes(Router::new().fallback(answer))
}

fn gate(target: &str, load: &str, requests: &str, regression: &str) -> Gate {
    Gate::new(&format!(
        "[target]\nurl = \"${{NEW}}\"\ntimeout = \"2s\"\n{target}\n[load]\n{load}\n\
         duration = \"1s\"\nwarm_up = \"200ms\"\nseed = 7\n{requests}\n\
         [regression]\nagainst = \"${{BASE}}\"\nrounds = 6\n{regression}\n"
    ))
}

const ONE: &str = "[[request]]\nget = \"/ok\"";

#[test]
fn versions_that_must_not_be_under_load_at_once_take_turns() {
    let order = Order::default();
    let (new, base) = (noted(&order, true, 40), noted(&order, false, 20));
    let asked = "mode = \"alternate\"\nround = \"4s\"\np50 = \"+20%\"";
    let gate = gate("", "rate = \"100/s\"", ONE, asked)
        .set("NEW", &format!("http://{}", new.address()))
        .set("BASE", &format!("http://{}", base.address()));
    let done = undisturbed(|| {
        order.lock().unwrap_or_else(PoisonError::into_inner).clear();
        gate.go()
    });
    done.code(1);
    assert_eq!(compared(&done)[0]["outcome"], "breached");
    let order = order.lock().unwrap_or_else(PoisonError::into_inner);
    let count = |which: bool| order.iter().filter(|one| **one == which).count();
    assert!(count(true) > 500 && count(false) > 500, "{} {}", count(true), count(false));
    // One, other, other, one: three changes in each round, and some where two requests overtake
    // each other. A draw for each arrival would change more than a thousand times.
    let changes = order.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!((11..order.len() / 8).contains(&changes), "{changes} of {}", order.len());
}

#[test]
fn a_slower_version_is_found_over_http_2() {
    let service = |millis| {
        let delay = Duration::from_millis(millis);
        Two::start(Settings { delay, ..Settings::default() })
    };
    let (new, base) = (service(40), service(20));
    let asked = "round = \"500ms\"\np50 = \"+20%\"";
    let gate = gate("http = \"2\"", "rate = \"200/s\"", ONE, asked)
        .set("NEW", &format!("http://{}", new.address()))
        .set("BASE", &format!("http://{}", base.address()));
    let done = undisturbed(|| gate.go());
    done.code(1);
    assert_eq!(compared(&done)[0]["outcome"], "breached");
    assert!(base.requests() > 200, "{}", base.requests());
}

/// A service that hands out a word, and knows no other.
fn shop(word: &str) -> Server {
    let wait = Act::Wait(Duration::from_millis(10));
    let login = ok(&format!("{{\"word\":\"{word}\"}}"));
    let script = Script::new().on("/login", [wait.clone(), login]);
    Server::start(script.on(&format!("/items/{word}"), [wait, ok("an item")]))
}

#[test]
fn users_stay_with_the_version_that_they_came_to() {
    let steps = "[[scenario]]\nname = \"shopper\"\nsteps = [\n\
                 { get = \"/login\", extract.word = { json = \"$.word\" } },\n\
                 { name = \"item\", get = \"/items/{{ word }}\" },\n]\n";
    for load in ["rate = \"60/s\"", "users = 4"] {
        let (new, base) = (shop("new"), shop("base"));
        let asked = "round = \"500ms\"\nerror_rate = \"+50pp\"\n[regression.item]\np50 = \"+400%\"";
        let gate = gate("", load, steps, asked);
        let gate = gate.set("NEW", &new.url("")).set("BASE", &base.url(""));
        let done = undisturbed(|| gate.go());
        done.code(0);
        for found in compared(&done) {
            assert_eq!(found["outcome"], "held", "{load}: {found}");
        }
        assert_eq!(compared(&done)[0]["got"]["value"], 0.0, "{load}");
        assert!(new.hits("/items/new") > 0 && base.hits("/items/base") > 0, "{load}");
        assert_eq!((new.hits("/items/base"), base.hits("/items/new")), (0, 0), "{load}");
    }
}

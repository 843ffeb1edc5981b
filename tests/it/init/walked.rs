//! Gate files made from what other tools wrote are run as they are, against a service that has
//! everything.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Json, Router};

use crate::support::gate::Gate;
use crate::support::serving::Serving;

/// A service that answers 200 to everything, but to what was missing when it was recorded.
struct Anything {
    serving: Serving,
    calls: Calls,
}

/// How many requests came, by method and path.
type Calls = Arc<Mutex<BTreeMap<String, u64>>>;

impl Anything {
    fn start() -> Self {
        let calls = Calls::default();
        let router = Router::new().fallback(reply).with_state(Arc::clone(&calls));
        Self { serving: Serving::routes(router), calls }
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn reply(State(calls): State<Calls>, asked: Request) -> (StatusCode, Json<()>) {
    let key = format!("{} {}", asked.method(), asked.uri().path());
    *calls.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    let missing = asked.uri().path().ends_with("/missing");
    (if missing { StatusCode::NOT_FOUND } else { StatusCode::OK }, Json(()))
}

/// The names of the variables that a gate file wants to be set.
fn wanted(toml: &str) -> impl Iterator<Item = &str> {
    let lines = toml.lines().take_while(|line| line.starts_with('#'));
    lines.filter(|line| line.contains(" to be set")).filter_map(|line| line.split(' ').nth(3))
}

/// Makes a gate file from a file, and runs it; how many endpoints it has.
fn walk(flag: &str, file: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/init").join(file);
    let made = Gate::new("").run(&["init", "-", flag, &path.to_string_lossy()]);
    made.code(0);
    // Only the load is another: its percentiles have enough requests within three seconds.
    let mut toml = made.stdout.clone();
    for (from, to) in [
        ("rate = \"20/s\"", "rate = \"400/s\""),
        ("duration = \"60s\"", "duration = \"3s\""),
        ("\nramp = \"5s\"", "\n# ramp"),
        ("\nwarm_up = \"5s\"", "\n# warm_up"),
    ] {
        assert_eq!(toml.matches(from).count(), 1, "{from} in {toml}");
        toml = toml.replace(from, to);
    }
    let service = Anything::start();
    let url = format!("http://{}", service.serving.address());
    let gate = Gate::new(&toml).set("BASE_URL", &url);
    let gate = wanted(&toml).fold(gate, |gate, name| gate.set(name, "a-secret-of-the-test"));
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0).reports();
    let verdict = done.verdict();
    let endpoints = verdict["facts"]["endpoints"].as_array().expect("an array of endpoints");
    for endpoint in endpoints {
        assert!(endpoint["count"].as_u64() > Some(0), "{file}: {endpoint}");
        assert!(endpoint["failures"].as_object().is_some_and(serde_json::Map::is_empty), "{file}");
    }
    let came = service.calls();
    let sent = verdict["facts"]["sent"].as_u64().expect("a count");
    assert_eq!(came.values().sum::<u64>() % sent, 0, "{file}: {came:?}");
    assert_eq!(came.len(), endpoints.len(), "{file}: {came:?}");
    endpoints.len()
}

#[test]
fn what_was_made_from_open_api_files_runs() {
    let sizes = ["fastapi.json", "flask-restx.json", "drf-spectacular.yaml"]
        .map(|file| walk("--from-openapi", &format!("openapi/{file}")));
    assert!(sizes.iter().all(|size| *size > 1), "{sizes:?}");
}

#[test]
fn what_was_made_from_recordings_runs() {
    for file in ["playwright.har", "chrome-har.har"] {
        assert_eq!(walk("--from-har", &format!("har/{file}")), 9, "{file}");
    }
}

//! Waiting for the service before the load: asked by the load's own client, so that trust, names
//! and addresses that are refused are the same.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::voice::Voice;
use crate::load::probe::{Hub as _, Probe as _, Wire as _};
use crate::load::wire::{HttpWire, Unfit, Unreachable, resolve};
use crate::metric::StatusRange;
use crate::plan::{Drive, Expect, Ready, Request};
use crate::sample::{End, Failure};

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// Asks until the service answers 2xx.
///
/// # Errors
/// When it did not within the time that the gate file gives it: what came last.
pub(super) async fn wait(drive: &Drive, ready: &Ready, voice: &Voice) -> Result<(), Unreachable> {
    let begun = Instant::now();
    let end = begun + ready.within;
    let question = question(drive, ready);
    loop {
        let last = match ask(&question, end).await {
            Ok(()) => return Ok(()),
            Err(last) => last,
        };
        voice.step(&format!("not ready yet: {}", last.what));
        if Instant::now() + PAUSE >= end {
            let within = crate::unit::show_duration(ready.within);
            let what = format!("GET {} was not ready within {within}: {}", ready.path, last.what);
            return Err(Unreachable { why: last.why, what });
        }
        sleep(PAUSE).await;
    }
}

/// The same target, asked for readiness alone.
fn question(drive: &Drive, ready: &Ready) -> Drive {
    let request = Request {
        name: "ready".to_owned(),
        method: "GET".to_owned(),
        path: ready.path.clone(),
        headers: Vec::new(),
        body: None,
        weight: 1,
        expect: Expect {
            status: Some(vec![StatusRange { from: 200, to: 299 }]),
            ..Expect::default()
        },
    };
    Drive { requests: vec![request], ..drive.clone() }
}

async fn ask(question: &Drive, end: Instant) -> Result<(), Unreachable> {
    let addresses = resolve(&question.target).await?;
    let wire = HttpWire::prepare(question, &addresses).map_err(unfit)?;
    let hub = wire.hub();
    let deadline = end.min(Instant::now() + question.target.timeout);
    match hub.probe().fire(0, deadline).await.end {
        End::Good(_) => Ok(()),
        End::Failed { why, status } => {
            let words = hub.examples().into_iter().map(|(_, _, what)| what).next();
            let status = status.map(|status| format!("status {status}"));
            let what = status.or(words).unwrap_or_else(|| why.to_string());
            Err(Unreachable { why, what })
        }
    }
}

/// What cannot be sent cannot be reached either; found before, where the gate file is checked.
pub(super) fn unfit(unfit: Unfit) -> Unreachable {
    Unreachable { why: Failure::Connect, what: unfit.0 }
}

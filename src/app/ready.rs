//! Waiting for the service before the load. Trust, addresses and those that are refused are the
//! load's own.

use std::time::{Duration, Instant};

use http::StatusCode;
use http::header::HeaderValue;
use tokio::time::sleep;

use super::voice::Voice;
use crate::load::wire::{Unfit, Unreachable, control, keys, resolve};
use crate::plan::{Ready, Target};
use crate::sample::Failure;

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// Asks until the service answers 2xx.
///
/// # Errors
/// When it did not within the time that the gate file gives it: what came last.
pub(super) async fn wait(target: &Target, ready: &Ready, voice: &Voice) -> Result<(), Unreachable> {
    let begun = Instant::now();
    let end = begun + ready.within;
    let (mut proof, mut before) = (None, None);
    loop {
        let last = match ask(target, ready, &mut proof, end).await {
            Ok(()) => return Ok(()),
            // Cut short by our own impatience, the last question tells less than the one before.
            Err(last) if last.why == Failure::Timeout && Instant::now() >= end => {
                before.unwrap_or(last)
            }
            Err(last) => last,
        };
        voice.step(&format!("not ready yet: {}", last.what));
        if Instant::now() + PAUSE >= end {
            let within = crate::unit::show_duration(ready.within);
            let what = format!("GET {} was not ready within {within}: {}", ready.path, last.what);
            return Err(Unreachable { why: last.why, what });
        }
        before = Some(last);
        sleep(PAUSE).await;
    }
}

/// One question; a redirect is an answer, and not 2xx.
async fn ask(
    target: &Target,
    ready: &Ready,
    proof: &mut Option<HeaderValue>,
    end: Instant,
) -> Result<(), Unreachable> {
    if proof.is_none() {
        *proof = keys::proof(target).await?;
    }
    let addresses = resolve(target).await?;
    let client = control::client(target, &addresses).map_err(unfit)?;
    let mut request = client.get(control::address(target, &ready.path));
    for (name, value) in &target.headers {
        request = request.header(name, value);
    }
    if let Some(proof) = proof {
        request = request.header("authorization", proof.clone());
    }
    let left = end.saturating_duration_since(Instant::now());
    let answer = request.timeout(left.min(target.timeout)).send().await;
    let status = answer.map_err(|error| control::told(&error))?.status();
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::UNAUTHORIZED {
        // A token may end before the service is ready.
        *proof = None;
    }
    Err(Unreachable { why: Failure::Status, what: format!("status {}", status.as_u16()) })
}

/// What cannot be sent cannot be reached either; found before, where the gate file is checked.
pub(super) fn unfit(unfit: Unfit) -> Unreachable {
    Unreachable { why: Failure::Connect, what: unfit.0 }
}

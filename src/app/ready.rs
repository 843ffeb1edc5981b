//! Waiting for the service before the load. Trust, addresses and those that are refused are the
//! load's own.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::voice::Voice;
use crate::load::wire::{Unfit, Unreachable, control, resolve};
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
    loop {
        let last = match ask(target, ready, end).await {
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

/// One question; a redirect is an answer, and not 2xx.
async fn ask(target: &Target, ready: &Ready, end: Instant) -> Result<(), Unreachable> {
    let addresses = resolve(target).await?;
    let client = control::client(target, &addresses).map_err(unfit)?;
    let mut request = client.get(control::address(target, &ready.path));
    for (name, value) in &target.headers {
        request = request.header(name, value);
    }
    let left = end.saturating_duration_since(Instant::now());
    let answer = request.timeout(left.min(target.timeout)).send().await;
    let status = answer.map_err(|error| control::told(&error))?.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Unreachable { why: Failure::Status, what: format!("status {}", status.as_u16()) })
}

/// What cannot be sent cannot be reached either; found before, where the gate file is checked.
pub(super) fn unfit(unfit: Unfit) -> Unreachable {
    Unreachable { why: Failure::Connect, what: unfit.0 }
}

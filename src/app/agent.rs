//! Buildkite's agent, which shows a page above the log of a build. It is there wherever a job of
//! Buildkite runs outside of a container of its own.

use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::host::check::Conclusion;
use crate::host::letter::Key;

/// How long the agent may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// Shows a page of Markdown above the log, in place of an earlier one of the same gate. Without an
/// agent nothing is shown.
///
/// # Errors
/// What the agent did not do, as a sentence.
pub(super) fn annotate(key: &Key, conclusion: Conclusion, page: &str) -> Result<(), String> {
    let style = match conclusion {
        Conclusion::Pass => "success",
        Conclusion::Fail | Conclusion::Broken => "error",
        Conclusion::Inconclusive | Conclusion::Interrupted => "warning",
    };
    let context = format!("loadgate-{}", key.as_str());
    let child = Command::new("buildkite-agent")
        .args(["annotate", "--context", &context, "--style", style])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(format!("buildkite-agent cannot be started: {why}")),
    };
    if let Some(mut pipe) = child.stdin.take() {
        let page = page.to_owned();
        // An agent that reads nothing must not hold us up; how it ended says the rest.
        let writer = move || drop(pipe.write_all(page.as_bytes()));
        let _ = std::thread::Builder::new().name("annotate".to_owned()).spawn(writer);
    }
    match ended(&mut child) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("buildkite-agent annotate ended with {status}")),
        Ok(None) => Err(format!("buildkite-agent annotate took more than {PATIENCE:?}")),
        Err(why) => Err(format!("buildkite-agent annotate was lost: {why}")),
    }
}

/// How it ended; `None` where it took too long, and was ended.
fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

//! What a command prints, for as long as somebody waits for it.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Duration, timeout};

use super::MOST_ANSWER;

/// What was printed is on its way for so long after the command has ended.
const REST: Duration = Duration::from_millis(50);

/// A command and all that it started; ended when this is dropped.
struct Group(Child, Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.1 {
            // What has ended already cannot be ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// What the shell prints for a command that succeeds.
pub(super) async fn output(command: &str) -> Result<String, String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).process_group(0).kill_on_drop(true);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().map_err(|error| format!("it cannot be run: {error}"))?;
    let stdout = child.stdout.take();
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group(child, id);
    let mut pipe = stdout.ok_or_else(|| "it has no output".to_owned())?;
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    let status = loop {
        tokio::select! {
            status = group.0.wait() => break status,
            read = pipe.read(&mut part), if text.len() < MOST_ANSWER => match read {
                // The command may go on after it has closed its output.
                Ok(0) | Err(_) => break group.0.wait().await,
                Ok(count) => text.extend(&part[..count]),
            },
        }
    };
    // One that it left behind may keep the output open for ever.
    while let Ok(Ok(count @ 1..)) = timeout(REST, pipe.read(&mut part)).await {
        text.extend(&part[..count]);
        if text.len() >= MOST_ANSWER {
            break;
        }
    }
    let status = status.map_err(|error| format!("it cannot be waited for: {error}"))?;
    if !status.success() {
        return Err(format!("it failed ({status})"));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

//! The `restart` command of a comparison: one version of the service, started anew.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::measure::reach;
use super::voice::Voice;
use crate::load::wire::{HttpWire, resolve};
use crate::plan::Drive;

/// How long a version may take to be there, where the gate file says nothing else.
const WITHIN: Duration = Duration::from_mins(1);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How long what is ended may take, before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// What is kept of what a command says, in bytes.
const SAID: usize = 400;

/// A command that started a version, and whatever it started; all of it ends with this value.
pub(super) struct Started {
    child: Child,
    said: Arc<Mutex<VecDeque<u8>>>,
}

impl Started {
    /// Runs the command for one version, and waits until the service answers.
    ///
    /// # Errors
    /// The command cannot be run or failed, or the service did not answer in time; in words.
    pub(super) async fn anew(
        command: &str,
        version: &str,
        drive: &Drive,
        voice: &Voice,
    ) -> Result<(Self, HttpWire), String> {
        let outside = is_there(drive).await;
        let url = crate::load::wire::control::address(&drive.target, "");
        let mut started = Self::spawn(command, version, &url).map_err(|error| {
            format!("`restart` of the {version} version cannot be run: {error}")
        })?;
        let end = Instant::now() + drive.target.ready.as_ref().map_or(WITHIN, |it| it.within);
        let up = started.up(outside, end, drive, voice).await;
        let wire = up.map_err(|why| format!("`restart` of the {version} version {why}"));
        wire.map(|wire| (started, wire))
    }

    fn spawn(command: &str, version: &str, url: &str) -> std::io::Result<Self> {
        let mut shell = shell(command);
        shell.env("LOADGATE_VERSION", version).env("LOADGATE_URL", url).stdin(Stdio::null());
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let pipes: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ];
        for pipe in pipes.into_iter().flatten() {
            let said = Arc::clone(&said);
            std::thread::Builder::new()
                .name("restart".to_owned())
                .spawn(move || listen(pipe, &said))?;
        }
        Ok(Self { child, said })
    }

    /// Waits until the service answers. One that answered before the command began is not believed
    /// until the command has come to its end.
    async fn up(
        &mut self,
        outside: bool,
        end: Instant,
        drive: &Drive,
        voice: &Voice,
    ) -> Result<HttpWire, String> {
        let mut waiting = outside;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if !status.success() => {
                    // What it said last is still on its way.
                    sleep(PAUSE).await;
                    return Err(self.failed(status));
                }
                Ok(Some(_)) => waiting = false,
                Ok(None) => {}
                Err(error) => return Err(format!("cannot be watched: {error}")),
            }
            let mut why = "did not come to its end in time".to_owned();
            if !waiting {
                match reach(drive, voice).await {
                    Ok(wire) => return Ok(wire),
                    Err(unreachable) => why = format!("brought no service: {}", unreachable.what),
                }
            }
            if Instant::now() >= end {
                return Err(why);
            }
            sleep(PAUSE).await;
        }
    }

    fn failed(&self, status: ExitStatus) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = said.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = if text.is_empty() { text } else { format!(": {text}") };
        format!("failed ({status}){text}")
    }

    /// Ends the command and whatever it started, and waits for that.
    pub(super) async fn end(mut self) {
        let end = Instant::now() + GRACE;
        tell(&self.child, Word::End);
        while Instant::now() < end && is_alive(&mut self.child) {
            sleep(PAUSE).await;
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        tell(&self.child, Word::Kill);
        // It was killed, so this does not wait long.
        let _ = self.child.wait();
    }
}

/// Keeps the last of what a command says.
fn listen(mut pipe: Box<dyn Read + Send>, said: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend(&buffer[..count]);
        let excess = said.len().saturating_sub(SAID);
        said.drain(..excess);
    }
}

/// Whether something listens already where a version is to be.
async fn is_there(drive: &Drive) -> bool {
    let Ok(addresses) = resolve(&drive.target).await else { return false };
    for address in addresses {
        let asked = timeout(Duration::from_secs(1), TcpStream::connect(address)).await;
        if matches!(asked, Ok(Ok(_))) {
            return true;
        }
    }
    false
}

/// What a group of processes is told.
#[derive(Clone, Copy, Debug)]
enum Word {
    End,
    Kill,
}

/// A shell in a process group of its own, so that what it starts can be ended with it.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).process_group(0);
    shell
}

#[cfg(unix)]
fn tell(child: &Child, word: Word) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = match word {
        Word::End => Signal::TERM,
        Word::Kill => Signal::KILL,
    };
    // Where nothing is left of the group, nobody hears it.
    let _ = kill_process_group(Pid::from_child(child), signal);
}

#[cfg(unix)]
fn is_alive(child: &mut Child) -> bool {
    // The shell itself is collected here; the group lives as long as anything in it does.
    let _ = child.try_wait();
    rustix::process::test_kill_process_group(rustix::process::Pid::from_child(child)).is_ok()
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    shell
}

#[cfg(not(unix))]
fn tell(child: &Child, _word: Word) {
    // The whole tree of processes, as the system's own tool ends it.
    let id = child.id().to_string();
    let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &id]).output();
}

#[cfg(not(unix))]
fn is_alive(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

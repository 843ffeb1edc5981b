//! Locust's processes: started as a group of their own, listened to, and ended to the last one.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Lines of output that wait to be looked at, at most; then Locust waits.
const MOST_WAITING: usize = 1_024;
/// The longest line that is kept, in bytes.
const MOST_LINE: usize = 2_000;

/// What a process group is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// End in order: to the first process alone, which ends the others.
    End,
    /// The same to all of them.
    EndAll,
    /// End at once.
    Kill,
}

/// Locust and whatever it started; all of it ends with this value.
pub(super) struct Group {
    child: Child,
    lines: Receiver<String>,
    ended: Option<ExitStatus>,
    gone: bool,
}

impl Group {
    /// Starts a command with these variables and no others.
    pub(super) fn start(
        command: &[OsString],
        environment: &[(OsString, OsString)],
    ) -> io::Result<Self> {
        let (first, rest) =
            command.split_first().ok_or_else(|| io::Error::other("there is no command"))?;
        let mut all = Command::new(first);
        all.args(rest).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        // Nothing is ever written there: once this process is gone, Locust sees the end of it.
        all.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        in_a_group(&mut all);
        let mut child = all.spawn()?;
        let (say, lines) = sync_channel(MOST_WAITING);
        let pipes: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ];
        let group = Self { child, lines, ended: None, gone: false };
        for pipe in pipes.into_iter().flatten() {
            let say = say.clone();
            let listen = move || listen(pipe, &say);
            std::thread::Builder::new().name("locust".to_owned()).spawn(listen)?;
        }
        Ok(group)
    }

    /// What was said since the last time.
    pub(super) fn heard(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.try_iter()
    }

    /// How the first process ended, once it did.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// Whether any process of the group is left.
    pub(super) fn is_alive(&mut self) -> bool {
        self.gone = self.gone || (self.status().is_some() && !is_left(&self.child));
        !self.gone
    }

    pub(super) fn tell(&self, word: Word) {
        if !self.gone {
            tell(&self.child, word, self.ended.is_some());
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.tell(Word::Kill);
        // It was killed, so this does not wait long.
        let _ = self.child.wait();
    }
}

/// Hands on what a process says, line by line.
fn listen(pipe: Box<dyn Read + Send>, say: &SyncSender<String>) {
    let mut input = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        let most = MOST_LINE as u64;
        let Ok(1..) = input.by_ref().take(most).read_until(b'\n', &mut line) else { return };
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !line.is_empty() && say.send(line).is_err() {
            // Nobody listens any more; it must be able to go on all the same.
            let _ = io::copy(&mut input, &mut io::sink());
            return;
        }
    }
}

#[cfg(unix)]
fn in_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(unix)]
fn is_left(child: &Child) -> bool {
    use rustix::process::{Pid, WaitOptions, test_kill_process_group, waitpgid};
    let group = Pid::from_child(child);
    // Where this is the first process of a container, what Locust left behind is ours to collect.
    while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
    test_kill_process_group(group).is_ok()
}

#[cfg(unix)]
fn tell(child: &Child, word: Word, is_over: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let id = Pid::from_child(child);
    // Where nothing is left of it, nobody hears it.
    let _ = match word {
        Word::End if is_over => Ok(()),
        Word::End => kill_process(id, Signal::TERM),
        Word::EndAll => kill_process_group(id, Signal::TERM),
        Word::Kill => kill_process_group(id, Signal::KILL),
    };
}

#[cfg(not(unix))]
fn in_a_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn is_left(_child: &Child) -> bool {
    false
}

#[cfg(not(unix))]
fn tell(child: &Child, _word: Word, _is_over: bool) {
    // The whole tree of processes, as the system's own tool ends it.
    let id = child.id().to_string();
    let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &id]).output();
}

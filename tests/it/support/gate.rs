//! The built binary, run and recorded.
//!
//! ```text
//! let gate = Gate::new("text of gate.toml").set("BASE_URL", &server.url(""));
//! let done = gate.run(&["run", "gate.toml"]);
//! done.code(3); done.says("no answer"); done.verdict()["findings"]; done.file("junit.xml");
//! ```
//! Each gate has a directory of its own and an empty environment; each run ends within a minute or
//! is killed.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use super::calm::{turn, undisturbed};

/// Longer than any run of the tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything a run writes.
pub(crate) const REPORTS: [&str; 5] =
    ["run.json", "verdict.json", "junit.xml", "summary.md", "report.html"];

/// A directory with a gate file in it, and the environment of what is run there.
pub(crate) struct Gate {
    home: Arc<TempDir>,
    environment: Vec<(String, String)>,
    means: Means,
}

/// How the binary is started.
enum Means {
    /// As it is.
    Plain,
    /// By a shell that runs this script.
    Shell(String),
    /// The same, by `unshare` with these flags.
    Apart(&'static str, String),
}

/// A run that is under way.
pub(crate) struct Running {
    child: Child,
    began: Instant,
    out: Heard,
    err: Heard,
}

/// What came through a pipe so far, and whoever reads it.
struct Heard {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

/// What a run left.
pub(crate) struct Done {
    /// How the process ended.
    pub(crate) status: ExitStatus,
    /// What it printed for machines.
    pub(crate) stdout: String,
    /// What it said to people.
    pub(crate) stderr: String,
    /// How long it took.
    pub(crate) took: Duration,
    /// Kept, so that the reports are there to be looked at.
    home: Arc<TempDir>,
}

impl Gate {
    /// With this text in `gate.toml`.
    pub(crate) fn new(text: &str) -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        let gate = Self { home, environment: Vec::new(), means: Means::Plain };
        gate.file("gate.toml", text)
    }

    /// With another file beside it.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), bytes).expect("a file in a temporary directory");
        self
    }

    /// With a variable in the environment.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Under what a shell's `ulimit` takes: `-n 64`.
    pub(crate) fn limited(self, limits: &str) -> Self {
        self.by(&format!("ulimit {limits}; exec \"$0\" \"$@\""))
    }

    /// Started by a shell script, in which `"$0" "$@"` is the binary with its arguments.
    pub(crate) fn by(mut self, script: &str) -> Self {
        self.means = Means::Shell(script.to_owned());
        self
    }

    /// The same with mounts and processes of its own; all of them end with the script.
    pub(crate) fn with_own_mounts(self, script: &str) -> Self {
        self.apart(["-rmpf", "-mpf"], script)
    }

    /// The same with a network of its own, that is down.
    pub(crate) fn with_own_network(self, script: &str) -> Self {
        self.apart(["-rnpf", "-npf"], script)
    }

    /// In namespaces of its own: with a user namespace, as everybody may, or without, as root may.
    fn apart(mut self, flags: [&'static str; 2], script: &str) -> Self {
        let works = |flags: &&str| {
            let tried = Command::new("unshare").args([*flags, "true"]).output();
            tried.is_ok_and(|tried| tried.status.success())
        };
        let flags = flags.into_iter().find(works).expect(
            "`unshare` gives namespaces; where it is not permitted, allow user namespaces \
             (sysctl kernel.apparmor_restrict_unprivileged_userns=0) or grant CAP_SYS_ADMIN",
        );
        self.means = Means::Apart(flags, script.to_owned());
        self
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_loadgate");
        let mut command = match &self.means {
            Means::Plain => Command::new(binary),
            Means::Shell(script) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", script, binary]);
                shell
            }
            Means::Apart(flags, script) => {
                let mut unshare = Command::new("unshare");
                unshare.args(["--kill-child", flags, "sh", "-c", script, binary]);
                unshare
            }
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let given = self.environment.iter().map(|(name, value)| (name, value));
        command.args(arguments).current_dir(self.home.path()).env_clear().env("PATH", path);
        command.envs(given).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.start(arguments).end(self)
    }

    /// `loadgate run gate.toml`.
    pub(crate) fn go(&self) -> Done {
        self.run(&["run", "gate.toml"])
    }

    /// Runs it to its end, again where the machine was busy with something else.
    pub(crate) fn undisturbed(&self, arguments: &[&str]) -> Done {
        undisturbed(|| self.run(arguments))
    }
}

impl Running {
    /// Starts a command whose output is piped.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary was built with the tests");
        let out = Heard::listen(child.stdout.take());
        let err = Heard::listen(child.stderr.take());
        Self { child, began: Instant::now(), out, err }
    }

    /// Its process id, as `kill` takes it.
    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Sends it a signal, by the name `kill` has for it.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.id();
        let sent = Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {process}");
    }

    /// Sends it a signal with as little delay as possible.
    #[cfg(unix)]
    pub(crate) fn signal_at_once(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        // It may have ended by itself, and is not waited for yet.
        let _ = rustix::process::kill_process(process, signal);
    }

    /// The most memory it has had, in bytes, where the system tells (`VmHWM`).
    pub(crate) fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
    }

    /// Waits for its end: what it left, and the most memory it was seen to have, in bytes.
    pub(crate) fn end_with_peak(mut self, gate: &Gate) -> (Done, u64) {
        let mut peak = 0;
        while self.child.try_wait().is_ok_and(|status| status.is_none())
            && self.began.elapsed() < PATIENCE
        {
            peak = self.peak().unwrap_or(0).max(peak);
            std::thread::sleep(Duration::from_millis(5));
        }
        (self.end(gate), peak)
    }

    /// Whether it is under way still.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// What it has said so far.
    pub(crate) fn heard(&self) -> String {
        self.err.so_far()
    }

    /// Waits for its end.
    pub(crate) fn end(self, gate: &Gate) -> Done {
        self.end_within(gate, PATIENCE)
    }

    /// Waits for the end of something that starts more than the binary.
    pub(crate) fn end_within(mut self, gate: &Gate, patience: Duration) -> Done {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if self.began.elapsed() > patience {
                self.child.kill().expect("a child of ours can be killed");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let took = self.began.elapsed();
        let [stdout, stderr] = [self.out, self.err].map(Heard::all);
        assert!(took < patience, "it did not end within {patience:?}:\n{stderr}");
        Done { status, stdout, stderr, took, home: Arc::clone(&gate.home) }
    }

    /// Waits until this holds; half a minute at most, and not beyond the end of the run.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE / 2;
        while !holds(self) {
            let gone = self.child.try_wait().is_ok_and(|status| status.is_some());
            let late = Instant::now() > end;
            assert!(!gone && !late, "{what} did not come:\n{}", self.heard());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Done {
    /// Whether the generator was the bottleneck, also where no report could be written.
    pub(crate) fn fell_behind(&self) -> bool {
        let told = self.try_file("verdict.json").is_some_and(|text| text.contains("fell-behind"));
        told || self.stderr.contains("the generator was not fit")
    }

    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn code(&self, expected: i32) -> &Self {
        let seen = self.status.code();
        assert_eq!(seen, Some(expected), "{}\nstderr:\n{}", self.status, self.stderr);
        self
    }

    /// Insists that stderr has a text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr:\n{}", self.stderr);
        self
    }

    /// Insists that all reports are there, and no other file but the lock.
    #[track_caller]
    pub(crate) fn reports(&self) -> &Self {
        let entries =
            std::fs::read_dir(self.home.path().join("loadgate-out")).expect("it was made");
        let mut names: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.retain(|name| name != ".lock");
        names.sort();
        let mut all = REPORTS;
        all.sort_unstable();
        assert_eq!(names, all, "stderr:\n{}", self.stderr);
        self
    }

    /// Insists that no report was written: nothing was sent, or nothing could be.
    #[track_caller]
    pub(crate) fn no_reports(&self) -> &Self {
        for name in REPORTS {
            assert!(self.try_file(name).is_none(), "{name} was written");
        }
        self
    }

    /// A report's text.
    #[track_caller]
    pub(crate) fn file(&self, name: &str) -> String {
        let text = self.try_file(name);
        assert!(text.is_some(), "{name} was not written\nstderr:\n{}", self.stderr);
        text.unwrap_or_default()
    }

    /// A report's text, where it is there.
    pub(crate) fn try_file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join("loadgate-out").join(name)).ok()
    }

    /// `verdict.json`.
    #[track_caller]
    pub(crate) fn verdict(&self) -> serde_json::Value {
        serde_json::from_str(&self.file("verdict.json")).expect("verdict.json is JSON")
    }
}

impl Heard {
    /// Reads a pipe to its end in a thread, so that a full one never stops the child.
    fn listen(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                lock(&heard).extend_from_slice(&bytes[..count]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&lock(&self.text)).into_owned()
    }

    fn all(self) -> String {
        let text = Arc::clone(&self.text);
        self.reader.join().expect("reading does not panic");
        String::from_utf8_lossy(&lock(&text)).into_owned()
    }
}

/// The lock, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

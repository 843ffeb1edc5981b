//! The built binary on a real terminal: tmux, which nobody of us wrote.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use loadgate::demo::Demo;
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(45);

/// A terminal of its own, in which a shell runs a gate.
struct Terminal {
    home: TempDir,
    _demo: Demo,
}

impl Terminal {
    /// Starts `loadgate run` on a terminal of that size; its modes before and after are in the
    /// files `before` and `after`, its exit code behind `ended with`. The shell outlives Ctrl-C.
    fn start(width: u16, height: u16, environment: &str) -> Self {
        let demo = Demo::start(0, None).expect("a port on loopback");
        let home = tempfile::tempdir().expect("a temporary directory");
        let gate = format!(
            "[target]\nurl = \"http://{}\"\n[load]\nrate = \"50/s\"\nduration = \"40s\"\n\
             [[request]]\nget = \"/fast\"\n[[request]]\nget = \"/slow\"\n\
             [sla]\np95 = \"< 2s\"\np50 = {{ warn = \"< 1us\" }}\n",
            demo.address()
        );
        std::fs::write(home.path().join("gate.toml"), gate).expect("a file in it");
        let script = format!(
            "trap : INT\nstty -g > before\nenv -u CI -u NO_COLOR {environment} {} run gate.toml\n\
             echo \"ended with $?\"\nstty -g > after\nread wait\n",
            env!("CARGO_BIN_EXE_loadgate")
        );
        std::fs::write(home.path().join("script"), script).expect("a file in it");
        let terminal = Self { home, _demo: demo };
        let (width, height) = (width.to_string(), height.to_string());
        let arguments = ["new-session", "-d", "-x", &width, "-y", &height, "sh script"];
        let started = terminal.tmux(&arguments);
        assert!(started.status.success(), "{started:?}");
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let socket = self.home.path().join("socket");
        let mut command = Command::new("tmux");
        command.arg("-S").arg(socket).args(["-u", "-f", "/dev/null"]).args(arguments);
        command.current_dir(self.home.path());
        command.output().expect("tmux must be installed for this test: run `ci/tools`")
    }

    fn screen(&self) -> String {
        let captured = self.tmux(&["capture-pane", "-p"]);
        String::from_utf8(captured.stdout).expect("a screen is UTF-8")
    }

    /// Waits until the screen shows this.
    fn until(&self, holds: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "it did not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&self, key: &str) {
        let sent = self.tmux(&["send-keys", key]);
        assert!(sent.status.success(), "{sent:?}");
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).unwrap_or_default()
    }

    /// The terminal is as it was, and the process ended so.
    fn is_given_back(&self, code: &str) {
        let text = format!("ended with {code}");
        let screen = self.until(|screen| screen.contains(&text));
        assert!(!screen.contains("ends the load"), "the live view is still there:\n{screen}");
        let mode = self.tmux(&["display-message", "-p", "#{alternate_on}"]);
        assert_eq!(String::from_utf8_lossy(&mode.stdout).trim(), "0");
        self.until(|_| !self.file("after").is_empty());
        assert_eq!(self.file("before"), self.file("after"), "the terminal's modes");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
    }
}

/// Something is measured, and something is expected of it.
fn is_live(screen: &str) -> bool {
    screen.contains("ends the load") && screen.contains("p95 now") && screen.contains("warn")
}

#[test]
fn a_run_is_shown_on_terminals_of_two_sizes_and_q_ends_it_as_an_interrupt_does() {
    for (width, height) in [(80, 24), (200, 50)] {
        let terminal = Terminal::start(width, height, "");
        let screen = terminal.until(is_live);
        for part in ["/s planned", "in flight", "so far", "GET /fast", "requests a second"] {
            assert!(screen.contains(part), "{part} is not on {width}x{height}:\n{screen}");
        }
        assert_eq!(screen.lines().count(), usize::from(height));
        terminal.press("q");
        terminal.is_given_back("130");
        let verdict = terminal.file("loadgate-out/verdict.json");
        assert!(verdict.contains("SIGINT"), "{verdict}");
    }
}

#[test]
fn a_terminal_that_changes_its_size_is_drawn_anew() {
    let terminal = Terminal::start(80, 24, "NO_COLOR=1");
    terminal.until(is_live);
    let resized = terminal.tmux(&["resize-window", "-x", "160", "-y", "40"]);
    assert!(resized.status.success(), "{resized:?}");
    let side_by_side = |line: &str| line.contains("expected") && line.contains("endpoint");
    terminal.until(|screen| screen.lines().any(side_by_side));
    let painted = terminal.tmux(&["capture-pane", "-p", "-e"]);
    assert!(!String::from_utf8_lossy(&painted.stdout).contains("\u{1b}["), "{painted:?}");
    terminal.press("C-c");
    terminal.is_given_back("130");
}

#[test]
fn a_second_interrupt_ends_at_once_and_gives_the_terminal_back() {
    let terminal = Terminal::start(80, 24, "");
    terminal.until(is_live);
    let keys = terminal.tmux(&["send-keys", "C-c", "C-c"]);
    assert!(keys.status.success(), "{keys:?}");
    terminal.is_given_back("130");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let terminal = Terminal::start(80, 24, "");
    terminal.until(is_live);
    let pane = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let shell = String::from_utf8_lossy(&pane.stdout).trim().to_owned();
    let killed = Command::new("pkill").args(["-TERM", "-P", &shell]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    terminal.is_given_back("143");
}

#[test]
fn a_terminal_that_is_gone_ends_the_run_as_a_signal_does() {
    let terminal = Terminal::start(80, 24, "");
    terminal.until(is_live);
    let killed = terminal.tmux(&["kill-server"]);
    assert!(killed.status.success(), "{killed:?}");
    terminal.until(|_| terminal.file("loadgate-out/verdict.json").contains("SIGHUP"));
}

#[test]
fn a_line_is_shown_where_that_is_asked_for() {
    let terminal = Terminal::start(80, 24, "LOADGATE_PROGRESS=line");
    let screen = terminal.until(|screen| screen.contains("in flight"));
    assert!(!screen.contains("ends the load"), "{screen}");
    terminal.press("C-c");
    terminal.is_given_back("130");
}

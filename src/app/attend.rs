//! Signals: the first asks the work to stop, the second ends the process at once.

use std::io;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{LeaveAlternateScreen, disable_raw_mode};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use crate::error::Exit;

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT: Ctrl-C, and GitHub's first word when a job is cancelled.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Signal {
    /// Its name, as reports have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }

    /// How a process ends that it stopped.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate | Self::HangUp => Exit::Terminated,
        }
    }
}

/// The signals that came, for whoever should stop.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    heard: watch::Receiver<Option<Signal>>,
    raised: UnboundedSender<Signal>,
    taken: Taken,
}

/// Whether the terminal is taken over by a live view, for whoever has to give it back.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicBool>);

impl Taken {
    /// It is, from now on. Given back also where something panics, before that is said.
    pub(super) fn take(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it still is.
    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Gives it back as it was, once.
    pub(super) fn give_back(&self) {
        if self.0.swap(false, Ordering::SeqCst) {
            // A terminal that is gone needs nothing.
            let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
            let _ = disable_raw_mode();
        }
    }

    /// A panic anywhere is said on the terminal as it was.
    fn guard_panics(&self) {
        let (taken, usual) = (self.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            taken.give_back();
            usual(panic);
        }));
    }
}

impl Signals {
    /// Does what a signal from outside does.
    pub(super) fn raise(&self, signal: Signal) {
        // Whoever listens only goes away together with the process.
        let _ = self.raised.send(signal);
    }

    /// The terminal, as far as somebody has to give it back.
    pub(super) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Waits for the first signal; for ever, where none comes.
    pub(super) async fn first(&self) -> Signal {
        let mut heard = self.heard.clone();
        let signal = heard.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match signal {
            Some(signal) => signal,
            // The listener is gone, and with it the process.
            None => std::future::pending().await,
        }
    }
}

/// Does the work in a thread and runtime of its own, so that a second signal ends the process
/// whatever the work is doing. Files are written whole or not at all, so ending at any moment
/// leaves the last whole ones.
///
/// # Errors
/// When the system gives no thread, no runtime or no signal handler.
pub(super) fn attended<Work>(
    work: impl FnOnce(Signals) -> Work + Send + 'static,
) -> io::Result<Exit>
where
    Work: Future<Output = Exit>,
{
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (say, heard) = watch::channel(None);
    let (end, mut ended) = oneshot::channel();
    let (raised, mut asked) = unbounded_channel();
    let taken = Taken::default();
    taken.guard_panics();
    runtime()?.block_on(async {
        let mut ear = Ear::open()?;
        let signals = Signals { heard, raised, taken: taken.clone() };
        let line = move || {
            // Made here: a thread that could not start must not take a runtime with it.
            let exit = runtime().map(|own| own.block_on(work(signals)));
            // The other side only goes away together with the process.
            let _ = end.send(exit);
        };
        let thread = std::thread::Builder::new().name("line".to_owned()).spawn(line)?;
        let first = tokio::select! {
            exit = &mut ended => return finished(exit.ok(), thread),
            signal = either(&mut ear, &mut asked) => signal,
        };
        say.send_replace(Some(first));
        tokio::select! {
            exit = &mut ended => finished(exit.ok(), thread),
            signal = either(&mut ear, &mut asked) => {
                taken.give_back();
                Ok(signal.exit())
            }
        }
    })
}

/// The next signal, from outside or from the keyboard of a live view.
async fn either(ear: &mut Ear, asked: &mut UnboundedReceiver<Signal>) -> Signal {
    tokio::select! {
        signal = ear.next() => signal,
        Some(signal) = asked.recv() => signal,
    }
}

/// What the work ended with. A panic there is a panic here, so that the process ends with 101.
fn finished(
    exit: Option<io::Result<Exit>>,
    thread: std::thread::JoinHandle<()>,
) -> io::Result<Exit> {
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
    exit.expect("a thread that did not panic has told its exit")
}

/// Hears signals, those too that a parent had set to be ignored.
#[cfg(unix)]
struct Ear {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ear {
    fn open() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }
}

/// Hears Ctrl-C.
#[cfg(not(unix))]
struct Ear;

#[cfg(not(unix))]
impl Ear {
    fn open() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_of_the_work_is_the_exit() {
        let work = |_| async { Exit::Inconclusive };
        assert!(matches!(attended(work), Ok(Exit::Inconclusive)));
    }

    #[test]
    fn a_panic_in_the_work_is_a_panic_here() {
        let work = |signals: Signals| async move {
            assert!(signals.heard.borrow().is_some(), "nobody sent a signal");
            Exit::Pass
        };
        assert!(std::panic::catch_unwind(|| attended(work)).is_err());
    }
}

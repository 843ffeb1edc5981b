//! The whole terminal, taken over for as long as a load lasts: drawn on, and listened to.

use std::io::{self, BufWriter, IsTerminal as _, Stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Hide;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::layout::Size;

use super::attend::{Signal, Signals, Taken};
use crate::screen::{Look, Picture, Trail, draw};

/// How long the end of drawing is waited for: a terminal that is stuck must not keep the run.
const FAREWELL: Duration = Duration::from_secs(1);
/// Between two looks for something new to draw.
const PAUSE: Duration = Duration::from_millis(100);
/// All that a frame writes goes out in one piece, so that nothing flickers.
const FRAME: usize = 64 * 1024;

/// A terminal that shows pictures, until it is dropped.
pub(super) struct Screen {
    pictures: Option<SyncSender<Picture>>,
    /// Closed once nothing is drawn any more.
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    taken: Taken,
}

/// What draws, in a thread of its own: a slow terminal must not hold up whoever counts.
struct Canvas {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
    pictures: Receiver<Picture>,
    signals: Signals,
    look: Look,
    trail: Trail,
    last: Option<Picture>,
    /// How large the terminal was when it was drawn on last.
    size: Option<Size>,
    /// The load was told to end.
    asked: bool,
    /// Keys can be read.
    keys: bool,
}

impl Screen {
    /// Takes the terminal over; `None` where it does not let us.
    pub(super) fn open(signals: &Signals, paint: bool) -> Option<Self> {
        let taken = signals.taken().clone();
        let (send, pictures) = sync_channel(2);
        let (end, ended) = sync_channel::<()>(0);
        let opened = take_over(&taken).and_then(|terminal| {
            let canvas = Canvas {
                terminal,
                pictures,
                signals: signals.clone(),
                look: Look { paint, scrolled: 0 },
                trail: Trail::default(),
                last: None,
                size: None,
                asked: false,
                keys: io::stdin().is_terminal(),
            };
            let work = move || {
                canvas.work();
                drop(end);
            };
            std::thread::Builder::new().name("screen".to_owned()).spawn(work)
        });
        let Ok(thread) = opened else {
            taken.give_back();
            return None;
        };
        Some(Self { pictures: Some(send), ended, thread: Some(thread), taken })
    }

    /// Shows a picture; a terminal that is too slow for it goes without.
    pub(super) fn show(&self, picture: Picture) {
        if let Some(pictures) = &self.pictures {
            let _ = pictures.try_send(picture);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.pictures.take());
        let ended = self.ended.recv_timeout(FAREWELL) != Err(RecvTimeoutError::Timeout);
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            // A panic there was said when it happened; the load does not depend on it.
            let _ = thread.join();
        }
        self.taken.give_back();
    }
}

fn take_over(taken: &Taken) -> io::Result<Terminal<CrosstermBackend<BufWriter<Stderr>>>> {
    enable_raw_mode()?;
    taken.take();
    execute!(io::stderr(), EnterAlternateScreen, Hide)?;
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME, io::stderr())))
}

/// Waits for a key, that long at most. An error where no key can come any more: crossterm itself
/// would wait for ever, and busily, for the keys of a terminal that is gone.
#[cfg(unix)]
fn key_within(pause: Duration) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let keyboard = io::stdin();
    let mut keys = [PollFd::new(&keyboard, PollFlags::IN)];
    let pause = Timespec::try_from(pause).map_err(io::Error::other)?;
    match poll(&mut keys, Some(&pause)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
        Ok(_) => {}
        Err(why) => return Err(why.into()),
    }
    let seen = keys[0].revents();
    if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(seen.contains(PollFlags::IN))
}

/// Waits for a key, that long at most.
#[cfg(not(unix))]
fn key_within(pause: Duration) -> io::Result<bool> {
    event::poll(pause)
}

impl Canvas {
    fn work(mut self) {
        while self.receive() {
            if self.keys && self.listen().is_err() {
                self.keys = false;
            }
            let size = self.terminal.size().ok();
            if size != self.size && size.is_some() {
                self.draw();
            }
        }
    }

    /// Waits for a key, a while, and hears all that there are.
    fn listen(&mut self) -> io::Result<()> {
        if key_within(PAUSE)? {
            while event::poll(Duration::ZERO)? {
                let event = event::read()?;
                self.hear(&event);
            }
        }
        Ok(())
    }

    /// Draws the newest picture, where there is a new one; whether more may come.
    fn receive(&mut self) -> bool {
        let mut fresh = None;
        loop {
            match self.next() {
                Ok(picture) => {
                    self.trail.add(&picture);
                    fresh = Some(picture);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        if fresh.is_some() {
            self.last = fresh;
            self.draw();
        }
        self.signals.taken().is_taken()
    }

    /// The next picture, at once where keys are waited for elsewhere.
    fn next(&self) -> Result<Picture, TryRecvError> {
        if self.keys {
            return self.pictures.try_recv();
        }
        self.pictures.recv_timeout(PAUSE).map_err(|none| match none {
            RecvTimeoutError::Timeout => TryRecvError::Empty,
            RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
        })
    }

    fn draw(&mut self) {
        let (Some(picture), true) = (&self.last, self.signals.taken().is_taken()) else { return };
        let (trail, look) = (&self.trail, self.look);
        self.size = self.terminal.size().ok();
        // A terminal that is gone shows nothing.
        let _ = self.terminal.draw(|frame| draw(frame, picture, trail, look));
    }

    fn hear(&mut self, event: &Event) {
        if let Event::Key(key) = event
            && key.kind != KeyEventKind::Release
        {
            self.press(*key);
        }
    }

    fn press(&mut self, key: KeyEvent) {
        let is = |codes: &[KeyCode]| codes.contains(&key.code);
        // As in a terminal that is nobody's: the second Ctrl-C ends at once.
        if is(&[KeyCode::Char('c')]) && key.modifiers.contains(KeyModifiers::CONTROL) {
            return self.signals.raise(Signal::Interrupt);
        }
        if is(&[KeyCode::Char('q'), KeyCode::Char('Q')]) {
            if !std::mem::replace(&mut self.asked, true) {
                self.signals.raise(Signal::Interrupt);
            }
            return;
        }
        let page = usize::from(self.terminal.size().map_or(0, |size| size.height / 3)).max(1);
        let most = self.last.as_ref().map_or(0, |last| last.endpoints.len().saturating_sub(1));
        let at = self.look.scrolled;
        let keys: [(&[KeyCode], usize); 6] = [
            (&[KeyCode::Up, KeyCode::Char('k')], at.saturating_sub(1)),
            (&[KeyCode::Down, KeyCode::Char('j')], at + 1),
            (&[KeyCode::PageUp], at.saturating_sub(page)),
            (&[KeyCode::PageDown], at + page),
            (&[KeyCode::Home], 0),
            (&[KeyCode::End], most),
        ];
        if let Some((_, to)) = keys.into_iter().find(|(codes, _)| is(codes)) {
            self.look.scrolled = to.min(most);
            self.draw();
        }
    }
}

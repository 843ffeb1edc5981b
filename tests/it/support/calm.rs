//! A fit machine: a test about a service must not fail on a neighbour of the generator, nor on one
//! that kept the service waiting, which runs in the process of the tests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::gate::Done;

/// How often something is run at most, until nobody disturbs it.
const TRIES: usize = 8;
/// How often it is looked whether a thread of this process gets a core.
const LOOK: Duration = Duration::from_millis(5);
/// A thread that has to wait for a core so long is one of a service that answers late.
const STARVED: Duration = Duration::from_millis(150);

/// Runs that must be fit to be judged need a core of their own: they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Held by whoever disturbs others, or must not be disturbed by them.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs something again where the machine was busy with something else. It is what it is when that
/// does not end.
pub(crate) fn undisturbed(run: impl Fn() -> Done) -> Done {
    let _turn = turn();
    until(run, Done::fell_behind)
}

/// Runs something until neither it was unfit nor this process was kept waiting for a core.
pub(crate) fn until<T>(run: impl Fn() -> T, is_unfit: impl Fn(&T) -> bool) -> T {
    let mut left = TRIES;
    loop {
        let watch = Watch::start();
        let done = run();
        let starved = watch.end();
        left -= 1;
        if left == 0 || !(is_unfit(&done) || starved) {
            return done;
        }
    }
}

/// Sees whether threads of this process have to wait for a core.
struct Watch {
    over: Arc<AtomicBool>,
    longest: JoinHandle<Duration>,
}

impl Watch {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let longest = std::thread::spawn(move || {
            let mut longest = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(LOOK);
                longest = longest.max(begun.elapsed().saturating_sub(LOOK));
            }
            longest
        });
        Self { over, longest }
    }

    fn end(self) -> bool {
        self.over.store(true, Ordering::Relaxed);
        self.longest.join().expect("it only looks at the clock") >= STARVED
    }
}

//! What is known of a run so far, kept on disk while it is under way, so that a killed one loses
//! seconds.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::deliver::RUN;
use crate::archive;
use crate::run::Run;
use crate::secret::Masks;
use crate::store::Store;

/// The pause between two checkpoints.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// Writes checkpoints in a thread of its own: a slow disk must not hold up whoever counts.
pub(super) struct Checkpoints {
    due: Duration,
    writer: Option<(SyncSender<Run>, JoinHandle<()>)>,
}

impl Checkpoints {
    /// Starts the writer. Without a thread there are no checkpoints, and the run goes on.
    pub(super) fn start(store: &Arc<Store>, masks: &Masks) -> Self {
        let (store, masks) = (Arc::clone(store), masks.clone());
        let (send, runs) = sync_channel::<Run>(1);
        let write = move || {
            for run in runs {
                // The whole file is written at the end, and what goes wrong is said then.
                let _ = store.write(RUN, archive::write(&run.hidden(&masks)).as_bytes());
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(write);
        Self { due: PAUSE, writer: thread.ok().map(|thread| (send, thread)) }
    }

    /// Whether it is time for the next one.
    pub(super) fn are_due(&self, elapsed: Duration) -> bool {
        elapsed >= self.due
    }

    /// Keeps the run as it stands, where it is time to and the last one is written.
    pub(super) fn keep(&mut self, elapsed: Duration, run: impl FnOnce() -> Run) {
        if !self.are_due(elapsed) {
            return;
        }
        self.due = elapsed + PAUSE;
        if let Some((send, _)) = &self.writer {
            let _ = send.try_send(run());
        }
    }
}

impl Drop for Checkpoints {
    /// Waits for the last one: it must not replace the whole run that is written next.
    fn drop(&mut self) {
        if let Some((send, thread)) = self.writer.take() {
            drop(send);
            // A panic there has been said on stderr; the whole run is written all the same.
            let _ = thread.join();
        }
    }
}

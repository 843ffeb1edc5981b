//! Work in a thread and runtime of its own: what goes wrong there goes no further.

/// Does the work to its end; `None` where it panicked, or the system gives no thread.
pub(super) fn apart<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> Option<T> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let done = runtime.block_on(work());
        // A name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        Some(done)
    };
    std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("publish".to_owned());
        named.spawn_scoped(scope, run).ok()?.join().ok().flatten()
    })
}

//! Ctrl-C during work that asks, between its steps, whether it should go on.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// A flag that Ctrl-C sets. A second Ctrl-C ends the program at once.
pub fn flag() -> &'static AtomicBool {
    static WATCH: std::sync::Once = std::sync::Once::new();
    WATCH.call_once(|| {
        std::thread::spawn(|| {
            // Without it Ctrl-C ends the program at once, which loses nothing that is kept.
            let Ok(runtime) = super::runtime() else {
                return;
            };
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if STOP.swap(true, Ordering::Relaxed) {
                        std::process::exit(crate::INTERRUPTED.into());
                    }
                    eprintln!("finishing the batch under way; Ctrl-C again ends at once");
                }
            });
        });
    });
    &STOP
}

//! Ctrl-C during work that asks, between its steps, whether it should go on.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

static STOP: AtomicBool = AtomicBool::new(false);

/// A flag that Ctrl-C sets, and SIGTERM, with which schedulers and `kill` ask for an end. A second one of the same kind ends the
/// program at once; one of each does not, since a scheduler may send SIGTERM to a process that is told by its parent, too.
pub fn flag() -> &'static AtomicBool {
    static WATCH: std::sync::Once = std::sync::Once::new();
    WATCH.call_once(|| {
        std::thread::spawn(|| {
            // Without it both end the program at once, which loses nothing that is kept.
            let Ok(runtime) = super::runtime() else {
                return;
            };
            runtime.block_on(async {
                let Ok(mut terminate) = signal(SignalKind::terminate()) else {
                    return;
                };
                let (mut interrupted, mut terminated) = (false, false);
                loop {
                    let before = tokio::select! {
                        heard = tokio::signal::ctrl_c() => match heard {
                            Ok(()) => &mut interrupted,
                            Err(_) => return,
                        },
                        heard = terminate.recv() => match heard {
                            Some(()) => &mut terminated,
                            None => return,
                        },
                    };
                    if std::mem::replace(before, true) {
                        std::process::exit(crate::INTERRUPTED.into());
                    }
                    if !STOP.swap(true, Ordering::Relaxed) {
                        eprintln!("finishing the batch under way; Ctrl-C again ends at once");
                    }
                }
            });
        });
    });
    &STOP
}

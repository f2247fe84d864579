//! How far long work is, on standard error: a bar on a terminal, a line now and then elsewhere, notes always.

mod bar;
mod lines;

use bar::Bar;
use clika_base::types::Progress;
use lines::ProgressLines;
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// How much of the progress the user wants to see.
#[derive(Clone, Copy, Debug)]
pub struct ProgressOptions {
    /// Notes only.
    pub quiet: bool,
    /// Between lines, where there is no terminal.
    pub every: Duration,
}

impl ProgressOptions {
    /// Shows the progress of a command.
    pub fn progress(self) -> Box<dyn Progress> {
        if self.quiet {
            Box::new(NotesOnly)
        } else if std::io::stderr().is_terminal() {
            Box::new(Bar::default())
        } else {
            let begun = Instant::now();
            Box::new(ProgressLines::new(
                self.every,
                move || begun.elapsed(),
                |line| eprintln!("{line}"),
            ))
        }
    }
}

/// Shows notes and nothing else: a note says what is not as the user may expect, and should not be missed.
struct NotesOnly;

impl Progress for NotesOnly {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn finish(&self) {}

    fn note(&self, text: &str) {
        eprintln!("note: {text}");
    }
}

use clika_base::types::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};

/// A progress bar on a terminal.
#[derive(Default)]
pub struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            act(bar);
        }
    }
}

impl Progress for Bar {
    fn start(&self, total: u64, what: &str) {
        let style = ProgressStyle::with_template(
            "{prefix:>8} {bar:30} {pos}/{len} {elapsed} (left {eta}) {msg}",
        )
        .expect("the template is valid");
        let bar = ProgressBar::new(total)
            .with_style(style)
            .with_prefix(what.to_owned());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn step(&self, detail: &str) {
        self.with(|bar| {
            bar.set_message(detail.to_owned());
            bar.inc(1);
        });
    }

    fn note(&self, text: &str) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let say = || eprintln!("note: {text}");
        match bar.as_ref() {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn finish(&self) {
        self.with(ProgressBar::finish_and_clear);
    }
}

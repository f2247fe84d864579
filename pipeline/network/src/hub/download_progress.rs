use clika_base::types::Progress;
use std::cell::Cell;

/// Shows how much of some files has arrived, in MiB.
pub struct DownloadProgress<'a> {
    progress: &'a dyn Progress,
    total: u64,
    /// Of the files that are whole.
    finished_bytes: Cell<u64>,
    shown_mib: Cell<u64>,
}

const MIB: u64 = 1 << 20;

impl<'a> DownloadProgress<'a> {
    /// Starts a stage of `bytes` in all, unless there is nothing to do.
    pub fn start(bytes: u64, model: &str, progress: &'a dyn Progress) -> Self {
        let total = bytes.div_ceil(MIB);
        if total > 0 {
            progress.start(total, &format!("MiB of {model}"));
        }
        Self {
            progress,
            total,
            finished_bytes: Cell::new(0),
            shown_mib: Cell::new(0),
        }
    }

    /// Where notes go.
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// `bytes` of `file` are here. What is fetched a second time shows nothing until it is new.
    pub fn at(&self, bytes: u64, file: &str) {
        self.show((self.finished_bytes.get() + bytes) / MIB, file);
    }

    /// `file` is whole.
    pub fn file_is_whole(&self, bytes: u64, file: &str) {
        self.finished_bytes.set(self.finished_bytes.get() + bytes);
        self.at(0, file);
    }

    /// The stage is over, well or not.
    pub fn finish(self, whole: bool) {
        if self.total > 0 {
            if whole {
                self.show(self.total, "");
            }
            self.progress.finish();
        }
    }

    fn show(&self, mib: u64, file: &str) {
        while self.shown_mib.get() < mib.min(self.total) {
            self.progress.step(file);
            self.shown_mib.set(self.shown_mib.get() + 1);
        }
    }
}

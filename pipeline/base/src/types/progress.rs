/// How a library tells the program above it that long work moves on. Libraries never print.
pub trait Progress {
    /// A stage begins: `total` steps of `what`.
    fn start(&self, total: u64, what: &str);
    /// One step is done; `detail` says which.
    fn step(&self, detail: &str);
    /// Something a person watching should read now, such as why the work waits.
    fn note(&self, text: &str);
    /// The stage is over.
    fn finish(&self);
}

/// Shows nothing.
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn note(&self, _text: &str) {}
    fn finish(&self) {}
}

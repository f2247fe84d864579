//! The hub's client against a server that follows the hub's API, and misbehaves.

#![allow(clippy::unwrap_used)]

mod cache;
mod download;
mod gguf;
mod refusals;
mod resume;
mod server;

use clika_base::types::Progress;
use clika_network::http::RetryPolicy;
use clika_network::hub::{Hub, HubError, HubSettings, ModelFolder};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};
use stub_server::StubServer;
use tempfile::TempDir;

/// Keeps what a person would see.
#[derive(Default)]
struct Seen {
    notes: Mutex<Vec<String>>,
    stages: Mutex<Vec<String>>,
    steps: Mutex<u64>,
}

impl Progress for Seen {
    fn start(&self, total: u64, what: &str) {
        self.stages.lock().unwrap().push(format!("{total} {what}"));
    }
    fn step(&self, _detail: &str) {
        *self.steps.lock().unwrap() += 1;
    }
    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_owned());
    }
    fn finish(&self) {}
}

/// A cache, and the settings to use it with.
struct TestCache {
    folder: TempDir,
    settings: HubSettings,
}

impl TestCache {
    fn new(server: &StubServer) -> Self {
        let folder = TempDir::new().unwrap();
        let settings = HubSettings {
            endpoint: server.origin().parse().unwrap(),
            cache: folder.path().join("hub"),
            token: None,
            offline: false,
            retry: RetryPolicy {
                attempts: 3,
                first_wait: Duration::from_millis(1),
            },
            stall: Duration::from_secs(5),
        };
        Self { folder, settings }
    }

    /// As a new process would do it: nothing but the disk is shared between two calls.
    fn locate(&self, model: &str) -> (Result<ModelFolder, HubError>, Seen) {
        let seen = Seen::default();
        (self.locate_with(model, &seen), seen)
    }

    fn locate_with(&self, model: &str, progress: &dyn Progress) -> Result<ModelFolder, HubError> {
        let hub = Hub::new(self.settings.clone())?;
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(hub.locate(model, progress))
    }

    fn repository(&self) -> PathBuf {
        self.settings.cache.join("models--org--tiny")
    }

    fn blob(&self, etag: &str) -> PathBuf {
        self.repository().join("blobs").join(etag)
    }

    fn partial(&self, etag: &str) -> PathBuf {
        self.blob(&format!("{etag}.incomplete"))
    }
}

fn content(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// An error and what it comes from.
fn chain(error: &HubError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// What an error tells the user to do.
fn hint(error: &HubError) -> String {
    miette::Diagnostic::help(error).unwrap().to_string()
}

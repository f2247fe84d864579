//! A hub and its CDN, as far as the resolve and revision API goes.

use clika_base::files::sha256_hex;
use sha1::{Digest, Sha1};
use stub_server::{StubRequest, StubResponse};

/// A commit's name.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A repository with one commit. Names are lower case, as the stub's requests are.
#[derive(Clone)]
pub struct Repository {
    pub id: &'static str,
    pub files: Vec<Stored>,
    /// Where large files are sent from, if not by the hub.
    pub cdn: Option<String>,
}

/// A file of it.
#[derive(Clone)]
pub struct Stored {
    pub name: String,
    pub content: Vec<u8>,
    /// Whether the hub knows its SHA-256.
    pub large: bool,
    /// The hub's name of the content.
    pub etag: String,
}

impl Stored {
    /// A file in Git, or in large file storage.
    pub fn new(name: &str, content: Vec<u8>, large: bool) -> Self {
        let etag = if large {
            sha256_hex(&content)
        } else {
            git_hash(&content)
        };
        Self {
            name: name.to_owned(),
            content,
            large,
            etag,
        }
    }

    /// A file in Git with this text.
    pub fn small(name: &str, content: &str) -> Self {
        Self::new(name, content.into(), false)
    }

    /// A file in large file storage of this length.
    pub fn large(name: &str, length: usize) -> Self {
        Self::new(name, weights(length), true)
    }
}

/// What Git names a file's content: SHA-1 over its length and itself.
fn git_hash(content: &[u8]) -> String {
    let hash = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
    let digest = hash.chain_update(content).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of which no part equals another.
pub fn weights(length: usize) -> Vec<u8> {
    (0..length.div_ceil(4) as u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .take(length)
        .collect()
}

impl Repository {
    /// A model whose weights are one file of 3 MiB and a bit.
    pub fn model() -> Self {
        Self {
            id: "org/tiny",
            files: vec![
                Stored::small("config.json", r#"{"model_type": "llama"}"#),
                Stored::small("tokenizer.json", "{}"),
                Stored::large("model.safetensors", 3 * 1_048_576 + 5),
            ],
            cdn: None,
        }
    }

    /// Adds a file.
    pub fn with(mut self, file: Stored) -> Self {
        self.files.push(file);
        self
    }

    /// Removes a file.
    pub fn without(mut self, name: &str) -> Self {
        self.files.retain(|file| file.name != name);
        self
    }

    /// A file of it.
    pub fn file(&self, name: &str) -> &Stored {
        self.files.iter().find(|file| file.name == name).unwrap()
    }

    /// What the hub answers.
    pub fn answer(&self, request: &StubRequest) -> StubResponse {
        let path = path(request);
        if path == format!("/api/models/{}/revision/main", self.id)
            || path == format!("/api/models/{}/revision/{COMMIT}", self.id)
            || path == format!("/api/models/{}/revision/refs%2fpr%2f1", self.id)
        {
            return listing(self.files.iter().map(|file| file.name.as_str()));
        }
        let resolve = format!("/{}/resolve/{COMMIT}/", self.id);
        let cached = format!("/api/resolve-cache/{}/", self.id);
        let direct = path.strip_prefix(&cached);
        let Some(name) = path.strip_prefix(&resolve).or(direct) else {
            return error(404, "RepoNotFound", "Repository not found");
        };
        let Some(file) = self.files.iter().find(|file| file.name == name) else {
            return error(404, "EntryNotFound", "Entry not found");
        };
        let etag = format!("\"{}\"", file.etag);
        match (file.large, &self.cdn, direct) {
            (true, Some(cdn), _) => StubResponse::new(302, "text/plain", "Found")
                .with_header(&format!("Location: {cdn}/{name}?signature=5ecret"))
                .with_header(&format!("X-Linked-ETag: {etag}"))
                .with_header(&format!("X-Linked-Size: {}", file.content.len())),
            (false, _, None) => StubResponse::new(307, "text/plain", "Temporary Redirect")
                .with_header(&format!("Location: {cached}{name}"))
                .with_header(&format!("X-Linked-ETag: {etag}"))
                .with_header(&format!("X-Linked-Size: {}", file.content.len())),
            _ => bytes(request, &file.content, &etag),
        }
        .with_header(&format!("X-Repo-Commit: {COMMIT}"))
    }
}

/// The path that was asked for, without a query.
pub fn path(request: &StubRequest) -> &str {
    let target = request.head.split_whitespace().nth(1).unwrap();
    target.split('?').next().unwrap()
}

/// A header's value.
pub fn header<'a>(request: &'a StubRequest, name: &str) -> Option<&'a str> {
    let is_it = |line: &&str| line.starts_with(&format!("{name}: "));
    let line = request.head.lines().find(is_it)?;
    Some(line[name.len() + 2..].trim())
}

/// Whether it is a GET of a file with this name, wherever it is.
pub fn is_get(request: &StubRequest, name: &str) -> bool {
    request.head.starts_with("get ") && path(request).ends_with(&format!("/{name}"))
}

/// The hub's list of a revision's files.
pub fn listing<'a>(names: impl Iterator<Item = &'a str>) -> StubResponse {
    let quoted = |name| format!(r#"{{"rfilename": {name:?}}}"#);
    let names: Vec<_> = names.map(quoted).collect();
    let text = format!(
        r#"{{"id": "org/tiny", "sha": "{COMMIT}", "siblings": [{}]}}"#,
        names.join(", ")
    );
    StubResponse::new(200, "application/json", text)
}

/// The hub's way to refuse.
pub fn error(status: u16, code: &str, message: &str) -> StubResponse {
    StubResponse::new(status, "text/plain", message)
        .with_header(&format!("X-Error-Code: {code}"))
        .with_header(&format!("X-Error-Message: {message}"))
}

/// A file or a range of it (RFC 9110, sections 13.1.5 and 14.2).
pub fn bytes(request: &StubRequest, content: &[u8], etag: &str) -> StubResponse {
    let full = || {
        StubResponse::new(200, "application/octet-stream", content)
            .with_header(&format!("ETag: {etag}"))
            .with_header("Accept-Ranges: bytes")
    };
    let Some(range) = header(request, "range") else {
        return full();
    };
    if header(request, "if-range").is_some_and(|condition| condition != etag) {
        return full();
    }
    let first: usize = range
        .strip_prefix("bytes=")
        .and_then(|range| range.strip_suffix('-'))
        .unwrap()
        .parse()
        .unwrap();
    let size = content.len();
    if first >= size {
        return StubResponse::new(416, "text/plain", "")
            .with_header(&format!("Content-Range: bytes */{size}"));
    }
    StubResponse::new(206, "application/octet-stream", &content[first..])
        .with_header(&format!("ETag: {etag}"))
        .with_header(&format!("Content-Range: bytes {first}-{}/{size}", size - 1))
}

/// The same answer, of which only the beginning is sent.
pub fn cut(answer: StubResponse, sent: usize) -> StubResponse {
    match answer {
        StubResponse::Full {
            status,
            headers,
            body,
        } => StubResponse::Broken {
            status,
            headers,
            sent: sent.min(body.len()),
            body,
        },
        other => other,
    }
}

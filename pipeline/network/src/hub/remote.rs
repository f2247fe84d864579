use crate::hub::revision::is_hex;
use reqwest::header::{ETAG, HeaderMap};
use serde::Deserialize;

/// The list of the files of a revision.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a list of files")]
pub struct FileList {
    /// The commit.
    pub sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
struct Sibling {
    rfilename: String,
}

impl FileList {
    /// The files' names, as the server gives them.
    pub fn names(&self) -> Vec<String> {
        let name = |sibling: &Sibling| sibling.rfilename.clone();
        self.siblings.iter().map(name).collect()
    }
}

/// What the hub says of a file: its ETag and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// The name of its content: a SHA-256 for large files, else Git's hash.
    pub etag: String,
    /// Its length in bytes.
    pub size: u64,
}

impl RemoteFile {
    /// The content's SHA-256, where the hub gives one.
    pub fn sha256(&self) -> Option<&str> {
        (self.etag.len() == 64 && is_hex(&self.etag)).then_some(&*self.etag)
    }
}

/// The name of a large file's content, where its server has a name of its own.
pub const LINKED_ETAG: &str = "x-linked-etag";
/// Its length, likewise.
pub const LINKED_SIZE: &str = "x-linked-size";
/// The commit that an answer is about.
pub const REPO_COMMIT: &str = "x-repo-commit";

/// The name of a file's content, bare.
pub fn named(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, LINKED_ETAG).or_else(|| text(headers, ETAG.as_str()))?;
    Some(
        etag.strip_prefix("W/")
            .unwrap_or(etag)
            .trim_matches('"')
            .to_owned(),
    )
}

/// A header's value.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

use crate::http::Transient;
use clika_base::files::ArtifactError;
use clika_base::types::OutsidePath;
use miette::Diagnostic;
use reqwest::{StatusCode, Url};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a model's folder cannot be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum HubError {
    /// A variable of the environment makes no sense.
    #[error("{variable} is `{value}`, but should be {expected}")]
    #[diagnostic(help("correct it, or unset it"))]
    Setting {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// There is no place for the cache.
    #[error("there is no home folder for the cache of models")]
    #[diagnostic(help("set HF_HOME to a folder with space for models"))]
    NoHome,
    /// The token has characters that no token has.
    #[error("the hub's token contains characters that cannot be sent")]
    #[diagnostic(help("set HF_TOKEN to the token alone, which begins with `hf_`"))]
    Token,
    /// The token would be readable on its way.
    #[error("the hub's token would be sent to {endpoint} without TLS")]
    #[diagnostic(help(
        "set HF_ENDPOINT to an address that begins with https://, or unset HF_TOKEN and move the token's file away"
    ))]
    TokenInClear {
        /// The hub's address.
        endpoint: String,
    },
    /// No client could be set up.
    #[error("the HTTP client cannot be set up")]
    #[diagnostic(help(
        "check the proxy in HTTPS_PROXY or HTTP_PROXY, and the system's certificates"
    ))]
    Setup(#[source] reqwest::Error),
    /// Neither a folder nor a repository's name.
    #[error("`{model}` is neither a folder nor a name on the hub: {reason}")]
    #[diagnostic(help(
        "write a folder's path, a GGUF file's, org/name, org/name@revision, or org/name:Q4_K_M for a GGUF file of the hub"
    ))]
    Name {
        /// What the user wrote.
        model: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The path of a folder that does not exist.
    #[error("there is no folder {}", path.display())]
    #[diagnostic(help(
        "relative paths start in the folder where clika runs; for a model on the hub write org/name or \
         org/name@revision"
    ))]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The path of a GGUF file that does not exist.
    #[error("there is no file {}", path.display())]
    #[diagnostic(help(
        "relative paths start in the folder where clika runs; a GGUF file of the hub is org/name:Q4_K_M"
    ))]
    NoFileHere {
        /// The file.
        path: PathBuf,
    },
    /// A quantization is named for what is on this machine.
    #[error("`:{quantization}` is for repositories of the hub, and {} is on this machine", path.display())]
    #[diagnostic(help("name the GGUF file itself"))]
    QuantizationHere {
        /// What is there.
        path: PathBuf,
        /// The quantization.
        quantization: String,
    },
    /// A file where a folder is needed.
    #[error("{} is neither a model's folder nor a GGUF file", path.display())]
    #[diagnostic(help(
        "name the folder that contains config.json and the weights, or a file that ends in .gguf"
    ))]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The cache lacks something, and the network is not to be used.
    #[error(
        "`{model}` is not in the cache {}: {missing} is missing, and HF_HUB_OFFLINE is set",
        cache.display()
    )]
    #[diagnostic(help(
        "unset HF_HUB_OFFLINE once to download it, or set HF_HOME or HF_HUB_CACHE to the cache that has it"
    ))]
    Offline {
        /// The model, with its revision.
        model: String,
        /// The cache.
        cache: PathBuf,
        /// What is missing.
        missing: String,
    },
    /// The hub shows the repository only to those with a token that may read it.
    #[error("the hub does not show `{model}` to {} (401)", if *token { "this token" } else { "anonymous users" })]
    #[diagnostic(help(
        "check the name; if the repository is private or gated, set HF_TOKEN to a valid token of an account that may read it"
    ))]
    Unauthorized {
        /// The model.
        model: String,
        /// Whether a token was sent.
        token: bool,
    },
    /// The repository is gated, and its terms are not accepted.
    #[error("the hub refuses access to `{model}` ({}): {excerpt}", status.as_u16())]
    #[diagnostic(help(
        "accept the licence at {page} with your account, and set HF_TOKEN to a token of that account"
    ))]
    Gated {
        /// The model.
        model: String,
        /// The status.
        status: StatusCode,
        /// The model's page.
        page: String,
        /// What the hub says.
        excerpt: String,
    },
    /// There is no such repository.
    #[error("there is no model `{model}` at {endpoint} (404)")]
    #[diagnostic(help(
        "check the name, which is org/name with the hub's spelling, and HF_ENDPOINT; a local folder is named by its path"
    ))]
    NoRepository {
        /// The model.
        model: String,
        /// The hub.
        endpoint: String,
    },
    /// The repository has no such revision.
    #[error("the model `{model}` has no revision `{revision}` at {endpoint} (404)")]
    #[diagnostic(help(
        "a revision is a branch, a tag or a commit hash; without @revision the branch `main` is used"
    ))]
    NoRevision {
        /// The model.
        model: String,
        /// The revision.
        revision: String,
        /// The hub.
        endpoint: String,
    },
    /// The revision has no such file.
    #[error("the model `{model}` has no file `{file}` at revision {revision}")]
    #[diagnostic(help(
        "the hub or an index file names it, so the upload may be incomplete: try another revision, or ask its author"
    ))]
    NoFile {
        /// The model.
        model: String,
        /// The revision.
        revision: String,
        /// The file.
        file: String,
    },
    /// The repository has no weights that we read.
    #[error("the model `{model}` has no weights that can be read; its files: {}", found.join(", "))]
    #[diagnostic(help(
        "weights are *.safetensors, pytorch_model*.bin or *.gguf; use the repository that the model was converted from"
    ))]
    NoWeights {
        /// The model.
        model: String,
        /// The files that it has.
        found: Vec<String>,
    },
    /// The repository has several sets of weights, and no index says which counts.
    #[error("the model `{model}` has several sets of weights: {}", found.join(", "))]
    #[diagnostic(help(
        "of several GGUF files name one by its quantization, org/name:Q4_K_M; else download the files of one set into a \
         folder, and name the folder"
    ))]
    SeveralWeights {
        /// The model.
        model: String,
        /// The files.
        found: Vec<String>,
    },
    /// An index of weights is not readable.
    #[error("{} is not an index of weights", path.display())]
    #[diagnostic(help(
        "it must be JSON with the object `weight_map`; fetch it again, or ask the model's author"
    ))]
    Index {
        /// The index.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// An index of weights names no file.
    #[error("{} names no weights", path.display())]
    #[diagnostic(help("fetch it again, or ask the model's author"))]
    EmptyIndex {
        /// The index.
        path: PathBuf,
    },
    /// A name leads out of the model's folder.
    #[error("{list} names a file that cannot be in a model's folder")]
    #[diagnostic(help(
        "nothing was read or written there; the model's author made a mistake or means harm, so use another source"
    ))]
    Outside {
        /// Who names it: a server's list, or an index file.
        list: String,
        /// The name.
        #[source]
        source: OutsidePath,
    },
    /// The server wants us to wait.
    #[error("{url} is busy ({})", status.as_u16())]
    #[diagnostic(help(
        "try again later; what was downloaded is kept, and a token (HF_TOKEN) raises the limits"
    ))]
    Busy {
        /// The address.
        url: Url,
        /// The status.
        status: StatusCode,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The server does not give what we ask for.
    #[error("{url} refused ({}): {excerpt}", status.as_u16())]
    #[diagnostic(help("if HF_ENDPOINT is set, check that it is a hub"))]
    Refused {
        /// The address.
        url: Url,
        /// The status.
        status: StatusCode,
        /// What it says.
        excerpt: String,
    },
    /// There is no connection.
    #[error("{url} does not answer")]
    #[diagnostic(help(
        "check the network, HF_ENDPOINT and the proxy; what is in the cache can be used with HF_HUB_OFFLINE=1"
    ))]
    Unreachable {
        /// The address.
        url: Url,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection broke before a file was whole.
    #[error("the download of `{file}` broke off at {have} of {size} bytes")]
    #[diagnostic(help("run the command again: the download continues where it stopped"))]
    Cut {
        /// The file.
        file: String,
        /// What arrived, in bytes.
        have: u64,
        /// The whole, in bytes.
        size: u64,
        /// Why, if not by an early end.
        source: Option<reqwest::Error>,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects {reason}")]
    #[diagnostic(help("check HF_ENDPOINT, and whether a proxy answers for the hub"))]
    Redirect {
        /// The address that redirects.
        url: Url,
        /// Where to.
        reason: &'static str,
    },
    /// The server's answer is not what the hub's API says.
    #[error("{url} answers with {what}")]
    #[diagnostic(help("check HF_ENDPOINT, and whether a proxy answers for the hub"))]
    BadAnswer {
        /// The address.
        url: Url,
        /// What is wrong.
        what: &'static str,
    },
    /// The hub's list of files cannot be read.
    #[error("{url} does not answer with a list of a model's files")]
    #[diagnostic(help("check HF_ENDPOINT, and whether a proxy answers for the hub"))]
    Listing {
        /// The address.
        url: Url,
        /// Why.
        source: serde_json::Error,
    },
    /// What arrived is not what the hub has.
    #[error("`{file}` arrived damaged: its SHA-256 is {found}, and should be {expected}")]
    #[diagnostic(help(
        "it was removed; run again, and check proxies and the disk if it happens twice"
    ))]
    Corrupt {
        /// The file.
        file: String,
        /// The hub's hash.
        expected: String,
        /// Ours.
        found: String,
    },
    /// Reading failed.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check its permissions"))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write `{file}` to {}", path.display())]
    Write {
        /// The model's file.
        file: String,
        /// The file in the cache.
        path: PathBuf,
        /// How to go on.
        #[help]
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The cache's small files cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

impl HubError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(file: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write {
            file: file.to_owned(),
            path: path.to_owned(),
            hint: match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "the disk is full; free some space or set HF_HOME to a larger one, and run again: \
                     the download continues where it stopped"
                }
                _ => "choose a cache that you can write to, with HF_HOME or HF_HUB_CACHE",
            },
            source,
        }
    }
}

impl Transient for HubError {
    fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Unreachable { .. } | Self::Cut { .. }
        )
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

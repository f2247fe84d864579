use crate::http::{SendError, Transient};
use clika_base::files::ArtifactError;
use clika_base::types::FilePosition;
use miette::Diagnostic;
use reqwest::StatusCode;
use std::{io, path::PathBuf, time::Duration};

/// Why one request was not answered.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CallError {
    /// No connection, a broken one, a timeout, or an endless answer.
    #[error("incomplete answer")]
    #[diagnostic(help(
        "check the address and the network; every answer so far is kept, so running the command again continues from \
         there"
    ))]
    Transport(#[source] SendError),
    /// The service is busy.
    #[error("answered {status}{}: {excerpt}", wait_text(*retry_after))]
    #[diagnostic(help("{}; every answer so far is kept", busy_help(*status)))]
    Busy {
        /// 408, 429 or 5xx.
        status: StatusCode,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The account's quota is used up.
    #[error("answered {status}, the quota is used up: {excerpt}")]
    #[diagnostic(help(
        "raise the account's limit or wait for its next period, and run the command again; every \
         answer so far is kept"
    ))]
    Quota {
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The key is missing or wrong, or does not allow what was asked for.
    #[error("answered {status}, {}: {excerpt}", key_text(*status))]
    #[diagnostic(help("{advice}"))]
    Key {
        /// 401 or 403.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
        /// What to do.
        advice: String,
    },
    /// The service does not take the request.
    #[error("refused with {status}: {excerpt}")]
    #[diagnostic(help(
        "404 means a wrong address or a model that the service does not have, 400 and 422 a \
         request that it does not understand; what a translation service calls a language stands in [translators] of its file"
    ))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The service does not take a field of the request.
    #[error("refused the field `{name}` with {status}: {excerpt}")]
    #[diagnostic(help("choose a model that takes `{name}`"))]
    Field {
        /// The field.
        name: String,
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The server fails at this request, and perhaps not at others.
    #[error("failed with {status}: {excerpt}")]
    #[diagnostic(help("{}", busy_help(*status)))]
    Failed {
        /// 500.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The service does not take the request, and its list of models lacks the model.
    #[error("refused with {status}, and {names}: {excerpt}")]
    #[diagnostic(help("--model takes a name as the server lists it"))]
    Unlisted {
        /// What the server lists, and what was asked for.
        names: String,
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// Another model than the one that was asked for would answer.
    #[error("{problem}")]
    #[diagnostic(help(
        "give --model a name as the server lists it, so that it is known which model answers"
    ))]
    NotServed {
        /// What the server lists, what was asked for, and what it does with the name.
        problem: String,
    },
    /// The service is elsewhere.
    #[error("answered {status} and redirects to {location}")]
    #[diagnostic(help("use that address instead, if you trust it with your key"))]
    Moved {
        /// The status.
        status: StatusCode,
        /// Where to.
        location: String,
    },
    /// The answer is no JSON.
    #[error("answered with `{content_type}`, which is not JSON: {excerpt}")]
    #[diagnostic(help(
        "check that this is the address of the API, not of a web page or a proxy; OpenAI-compatible addresses end in \
         /v1"
    ))]
    NotJson {
        /// The answer's type.
        content_type: String,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The model gives NaN or infinity.
    #[error("{problem}: the model gives NaN")]
    #[diagnostic(help(
        "serve the model in another type, such as vLLM's --dtype bfloat16 or float32: f16 overflows in some models"
    ))]
    NotFinite {
        /// What is not finite.
        problem: String,
    },
    /// The answer is JSON, and not what was asked for.
    #[error("{problem}: {excerpt}")]
    #[diagnostic(help("check that this address has the API that clika was told to use"))]
    Unexpected {
        /// What is wrong.
        problem: String,
        /// The beginning of the answer.
        excerpt: String,
    },
}

impl Transient for CallError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Busy { .. } | Self::NotJson { .. } => true,
            Self::Quota { .. }
            | Self::Key { .. }
            | Self::Refused { .. }
            | Self::Field { .. }
            | Self::Failed { .. }
            | Self::Unlisted { .. }
            | Self::NotServed { .. }
            | Self::Moved { .. }
            | Self::NotFinite { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why a service cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ApiError {
    /// The address is invalid.
    #[error("`{url}` is not the address of a server")]
    #[diagnostic(help(
        "an address looks like https://api.openai.com/v1 or http://127.0.0.1:8000/v1"
    ))]
    Url {
        /// What was given.
        url: String,
    },
    /// The address has a query.
    #[error("`{url}` has a query, but clika appends paths to an endpoint's address")]
    #[diagnostic(help(
        "leave out the part from `?` or `#` on; if the service needs it, a gateway in front can add it"
    ))]
    Query {
        /// What was given, without a user's name and password.
        url: String,
    },
    /// A key would be readable on its way.
    #[error("the key in {variable} would be sent to {url} without TLS")]
    #[diagnostic(help(
        "use an address that begins with https://, unset the variable if the server needs no key, or pass --key-in-clear if \
         you trust everything on the way"
    ))]
    KeyInClear {
        /// The address, without a user's name and password.
        url: String,
        /// The environment variable that holds the key.
        variable: String,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// A request failed for good, or often enough.
    #[error("{service} gave no answer")]
    Call {
        /// The service's name.
        service: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: CallError,
    },
    /// The budget does not allow another request.
    #[error(
        "{service}: the next request would exceed {what}; sent {requests} requests{}", spent(*cost)
    )]
    #[diagnostic(help(
        "every answer so far is kept: run the command again with a larger budget to continue from there"
    ))]
    Budget {
        /// The service's name.
        service: String,
        /// The option that sets the limit.
        what: &'static str,
        /// Requests sent in this run.
        requests: u64,
        /// Their cost, where prices are known.
        cost: Option<f64>,
    },
    /// A cost limit without prices.
    #[error("{service}: --max-cost needs to know what the service charges")]
    #[diagnostic(help(
        "give the prices per million: --price-input and --price-output for tokens, \
         --price-characters for a translator; 0 where nothing is charged"
    ))]
    NoPrices {
        /// The service's name.
        service: String,
    },
    /// Another run uses the cache.
    #[error("another run uses {}", path.display())]
    #[diagnostic(help("wait for it to end, or name another cache with --cache"))]
    CacheInUse {
        /// The cache.
        path: PathBuf,
    },
    /// The cache is of another version, or no cache.
    #[error("{} is not a cache that this version of clika can use: {problem}", path.display())]
    #[diagnostic(help("move it away, or name another with --cache; clika does not change it"))]
    CacheVersion {
        /// The cache.
        path: PathBuf,
        /// What is there.
        problem: String,
    },
    /// A line of the cache is broken.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help(
        "the cache was changed by another program: remove that line, and clika asks for its answer again"
    ))]
    CacheLine {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// The cache cannot be read or written.
    #[error("cannot use {}", path.display())]
    #[diagnostic(help(
        "answers are saved there before they are used; --cache names another folder"
    ))]
    CacheFile {
        /// The cache.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

fn wait_text(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!(" and asks to wait {} s", wait.as_secs()),
        None => String::new(),
    }
}

fn busy_help(status: StatusCode) -> &'static str {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return "the server's own log says why it failed; some servers answer so to a model or a field that they do not know";
    }
    "the service is overloaded or wants fewer requests: lower --concurrency or --rpm and run the command again later"
}

fn key_text(status: StatusCode) -> &'static str {
    if status == StatusCode::FORBIDDEN {
        return "which means no key or a wrong one, or something that the key does not allow";
    }
    "which means no key or a wrong one"
}

fn spent(cost: Option<f64>) -> String {
    match cost {
        Some(cost) => format!(" for {cost:.4}"),
        None => String::new(),
    }
}

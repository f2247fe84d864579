use clika_base::files::ArtifactError;
use clika_network::http::{SendError, Transient};
use miette::Diagnostic;
use oxigraph::io::RdfParseError;
use reqwest::StatusCode;
use std::time::Duration;

/// Why a query was not answered.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum FetchError {
    /// The address is invalid.
    #[error("`{url}` is not the address of a SPARQL endpoint")]
    #[diagnostic(help("an address looks like https://query.wikidata.org/sparql"))]
    Url {
        /// What was given.
        url: String,
    },
    /// A public endpoint, and no contact.
    #[error("no contact for the public endpoint {url}")]
    #[diagnostic(help(
        "Wikimedia blocks programs that do not say who runs them: set `contact` in the \
         experiment's [endpoint] table, CLIKA_CONTACT or --contact to a mail address or a page"
    ))]
    NoContact {
        /// The endpoint.
        url: String,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// No connection, a broken one, or a timeout.
    #[error("the endpoint did not answer in full")]
    #[diagnostic(help(
        "check the address and the network; what was answered so far is kept, so running `clika snapshot` again \
         continues from there"
    ))]
    Transport(#[source] SendError),
    /// The answer is longer than any that a refresh needs.
    #[error("the endpoint's answer is longer than {} MiB when unpacked", limit >> 20)]
    #[diagnostic(help(
        "check that this is the address of a SPARQL endpoint; if you have changed the query, give it a smaller LIMIT"
    ))]
    TooLong {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The endpoint is busy.
    #[error("the endpoint answered {status}{}", wait_text(*retry_after))]
    #[diagnostic(help(
        "the endpoint is overloaded or wants fewer queries; run `clika snapshot` again later, \
         what was answered so far is kept"
    ))]
    Busy {
        /// 429 or 5xx.
        status: StatusCode,
        /// How long the endpoint wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The endpoint refuses the query.
    #[error("the endpoint refused with {status}: {excerpt}")]
    #[diagnostic(help(
        "403 means that this client is blocked (does the contact say who you are?), 400 that the \
         endpoint does not understand the query, 404 that the address is wrong"
    ))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The endpoint is elsewhere.
    #[error("the endpoint answered {status} and redirects to {location}")]
    #[diagnostic(help(
        "give that address with --endpoint, or in the experiment's [endpoint] table"
    ))]
    Moved {
        /// The status.
        status: StatusCode,
        /// Where to.
        location: String,
    },
    /// The answer is no RDF.
    #[error("the endpoint answered `{content_type}` instead of RDF: {excerpt}")]
    #[diagnostic(help("check that this is the address of the query service, not of its web page"))]
    NotRdf {
        /// The answer's type.
        content_type: String,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The answer is RDF with an error in it, which is how a query that timed out ends.
    #[error("the endpoint's answer is cut off or broken")]
    #[diagnostic(help(
        "the query may be too slow for the endpoint; run `clika snapshot` again later"
    ))]
    Broken(#[source] RdfParseError),
    /// The cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] ArtifactError),
}

impl Transient for FetchError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Busy { .. } | Self::NotRdf { .. } | Self::Broken(_) => true,
            Self::Url { .. }
            | Self::NoContact { .. }
            | Self::Setup(_)
            | Self::TooLong { .. }
            | Self::Refused { .. }
            | Self::Moved { .. }
            | Self::Cache(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What the endpoint wants, for the message.
fn wait_text(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!(" and asks to wait {} s", wait.as_secs()),
        None => String::new(),
    }
}

//! What every HTTP client of the pipeline does alike: no redirects, bounded answers, Retry-After,
//! and patience that tells the user what it waits for.

mod numbers;
mod response;
mod retry;

pub use numbers::quote_not_finite;
pub use response::{HttpResponse, SendError, excerpt, send};
pub use retry::{LONGEST_WAIT, RetryPolicy, Transient, retry_after};

use reqwest::Url;
use std::time::Duration;

/// A client that follows no redirect and gives up after `timeout`, from the first byte sent to the
/// last one received.
pub fn client(user_agent: &str, timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    // An error means that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(user_agent)
        .timeout(timeout)
        // A redirected POST becomes a GET without its body, and any answer would pass for ours; a
        // redirect to another host would carry the key there.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10).min(timeout))
        .build()
}

/// A client for bodies of any length: it follows no redirect and gives up when nothing arrives for
/// `stall`.
///
/// It takes bodies as they are stored: ranges count stored bytes, not decoded ones.
pub fn download_client(
    user_agent: &str,
    stall: Duration,
) -> Result<reqwest::Client, reqwest::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(user_agent)
        .no_gzip()
        .read_timeout(stall)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10).min(stall))
        .build()
}

/// The program's name and version, as servers see it.
pub const USER_AGENT: &str = concat!("clika/", env!("CARGO_PKG_VERSION"));

/// An address of a server, or `None`.
pub fn address(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// An address without a user's name and password, for messages and manifests.
pub fn public(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for addresses that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url
}

/// Whether nobody on the way can read what is sent: with TLS, or on this machine.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_local(url)
}

/// Whether the address is on this machine.
pub fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost"
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

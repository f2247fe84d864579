use futures_util::StreamExt;
use reqwest::{
    RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::Value;
use std::fmt;

/// What stands where a server repeated a key.
const HIDDEN: &str = "[the key]";

/// A server's whole response: status, headers and body.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub enum SendError {
    /// No connection, a broken one, or a timeout.
    Transport(reqwest::Error),
    /// The answer is longer than anything we asked for.
    TooLong {
        /// The most that is read, in bytes.
        limit: usize,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(_) => f.write_str("the server did not answer in full"),
            Self::TooLong { limit } => write!(f, "the server sent more than {limit} bytes"),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(source) => Some(source),
            Self::TooLong { .. } => None,
        }
    }
}

/// Sends a request and reads the answer, up to `limit` bytes of it.
pub async fn send(request: RequestBuilder, limit: usize) -> Result<HttpResponse, SendError> {
    let transport = |error: reqwest::Error| SendError::Transport(error.without_url());
    let (client, request) = request.build_split();
    let request = request.map_err(transport)?;
    let key = sent_key(&request);
    let response = client.execute(request).await.map_err(transport)?;
    let status = response.status();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(transport)?;
        if body.len() + chunk.len() > limit {
            return Err(SendError::TooLong { limit });
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse {
        status,
        headers,
        body,
    };
    if let Some(key) = key {
        response.hide(&key);
    }
    Ok(response)
}

/// The key of a request: in its header, or LibreTranslate's in its body.
fn sent_key(request: &reqwest::Request) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION);
    if let Some(value) = header {
        // A header may hold bytes that are not ASCII.
        let value = String::from_utf8_lossy(value.as_bytes());
        return value.split_whitespace().last().map(str::to_owned);
    }
    let body: Value = serde_json::from_slice(request.body()?.as_bytes()?).ok()?;
    Some(body.get("api_key")?.as_str()?.to_owned())
}

impl HttpResponse {
    /// Takes a key out of what is no answer, where the server repeats it: errors are printed and kept. JSON of a success
    /// stays as it is, since a key such as `EMPTY` may be a word of it.
    pub fn hide(&mut self, key: &str) {
        if key.is_empty() {
            return;
        }
        for value in self.headers.values_mut() {
            if let Ok(text) = value.to_str()
                && text.contains(key)
                && let Ok(hidden) = text.replace(key, HIDDEN).parse()
            {
                *value = hidden;
            }
        }
        let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok();
        if self.status.is_success() && is_json() {
            return;
        }
        let body = String::from_utf8_lossy(&self.body);
        if body.contains(key) {
            self.body = body.replace(key, HIDDEN).into_bytes();
        }
    }

    /// A header's value as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The beginning of an answer, on one line.
pub fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

use futures_util::StreamExt;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use std::fmt;

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
    let response = request.send().await.map_err(transport)?;
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
    Ok(HttpResponse {
        status,
        headers,
        body,
    })
}

impl HttpResponse {
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

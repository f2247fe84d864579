use crate::http::{HttpResponse, RetryPolicy, SendError, public};
use crate::hub::{
    HubError, HubSettings,
    refusal::refusal,
    remote::{FileList, LINKED_SIZE, REPO_COMMIT, RemoteFile, named, text},
    revision::{RevisionId, is_commit},
};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION},
};
use secrecy::ExposeSecret;

/// Sends requests to the hub's API and follows its redirects.
pub struct HubClient {
    http: Client,
    endpoint: Url,
    authorization: Option<HeaderValue>,
    /// How often a request is tried.
    pub retry: RetryPolicy,
}

/// What a request is about, for errors and addresses.
#[derive(Clone, Copy)]
pub struct RequestContext<'a> {
    pub wanted: &'a RevisionId,
    /// A file of the commit, or the list of files.
    pub file: Option<(&'a str, &'a str)>,
}

/// A server's answer whose body has not been read yet.
pub struct ResponseHead {
    pub url: Url,
    pub response: Response,
}

/// The hub needs two for a renamed repository's large file.
const MOST_REDIRECTS: usize = 8;

/// A list of files with many thousand of them, in bytes.
const LONGEST_LISTING: usize = 64 << 20;

/// As much of a refusal as could be of interest, in bytes.
const LONGEST_REFUSAL: usize = 4 << 10;

impl HubClient {
    /// Prepares a client; nothing is sent yet.
    pub fn new(settings: &HubSettings) -> Result<Self, HubError> {
        let sends_token = settings.token.is_some() && !settings.offline;
        if sends_token && !crate::http::is_private(&settings.endpoint) {
            return Err(HubError::TokenInClear {
                endpoint: crate::http::public(&settings.endpoint).to_string(),
            });
        }
        let authorization = match &settings.token {
            None => None,
            Some(token) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                    .map_err(|_| HubError::Token)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self {
            http: crate::http::download_client(crate::http::USER_AGENT, settings.stall)
                .map_err(HubError::Setup)?,
            endpoint: settings.endpoint.clone(),
            authorization,
            retry: settings.retry,
        })
    }

    /// The files of a revision.
    pub async fn listing(&self, wanted: &RevisionId) -> Result<FileList, HubError> {
        let about = RequestContext { wanted, file: None };
        let url = self.address(&about)?;
        let ResponseHead { url, response } = self
            .follow(Method::GET, url, &|_, request| request, &|_| false)
            .await?;
        let answer = self.whole(&url, response, LONGEST_LISTING).await?;
        if !answer.status.is_success() {
            return Err(refusal(self, &url, &answer, &about));
        }
        let listing: FileList =
            serde_json::from_slice(&answer.body).map_err(|source| HubError::Listing {
                url: public(&url),
                source,
            })?;
        if !is_commit(&listing.sha) {
            return Err(bad(&url, "a list of files without a commit"));
        }
        Ok(listing)
    }

    /// What the hub says of a file, without its content.
    pub async fn ask(&self, about: RequestContext<'_>) -> Result<RemoteFile, HubError> {
        let url = self.address(&about)?;
        // Beyond the hub, a CDN knows the file by names of its own.
        let arrived = |response: &Response| {
            let headers = response.headers();
            named(headers).is_some() && headers.contains_key(LINKED_SIZE)
        };
        let ResponseHead { url, response } = self
            .follow(Method::HEAD, url, &|_, request| request, &arrived)
            .await?;
        let headers = response.headers().clone();
        if !response.status().is_success() && !response.status().is_redirection() {
            let answer = self.whole(&url, response, LONGEST_REFUSAL).await?;
            return Err(refusal(self, &url, &answer, &about));
        }
        let commit = about.file.map(|(commit, _)| commit);
        if let Some(other) = text(&headers, REPO_COMMIT)
            && Some(other) != commit
        {
            return Err(bad(&url, "a file of another commit than requested"));
        }
        let etag = named(&headers).ok_or_else(|| bad(&url, "a file without an ETag"))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if etag.is_empty() || etag.len() > 128 || etag.starts_with('.') || !etag.chars().all(fits) {
            return Err(bad(&url, "an ETag that cannot be used as a file name"));
        }
        let length = match text(&headers, LINKED_SIZE) {
            Some(length) => Some(length),
            // A redirect's own length is not the file's.
            None if response.status().is_success() => text(&headers, "content-length"),
            None => None,
        };
        let size = length
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| bad(&url, "a file without a length"))?;
        Ok(RemoteFile { etag, size })
    }

    /// Asks for a file's content; `prepare` adds headers that hang on who is asked.
    pub async fn open(
        &self,
        about: RequestContext<'_>,
        prepare: &dyn Fn(&Url, RequestBuilder) -> RequestBuilder,
    ) -> Result<ResponseHead, HubError> {
        let url = self.address(&about)?;
        let ResponseHead { url, response } =
            self.follow(Method::GET, url, prepare, &|_| false).await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(ResponseHead { url, response });
        }
        let answer = self.whole(&url, response, LONGEST_REFUSAL).await?;
        Err(refusal(self, &url, &answer, &about))
    }

    /// The hub's address, without a user's name and password.
    pub fn endpoint(&self) -> String {
        public(&self.endpoint).to_string()
    }

    /// Whether a token is sent.
    pub fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    /// Whether the address is the hub's, which alone may see the token.
    pub fn is_hub(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    fn address(&self, about: &RequestContext<'_>) -> Result<Url, HubError> {
        let mut url = self.endpoint.clone();
        let wanted = about.wanted;
        let id = wanted.id.split('/');
        {
            let mut path = url
                .path_segments_mut()
                .map_err(|()| bad(&self.endpoint, "nothing, as it cannot have a path"))?;
            path.pop_if_empty();
            match about.file {
                None => path
                    .extend(["api", "models"])
                    .extend(id)
                    .push("revision")
                    .push(&wanted.revision),
                Some((commit, file)) => path
                    .extend(id)
                    .push("resolve")
                    .push(commit)
                    .extend(file.split('/')),
            };
        }
        Ok(url)
    }

    /// Reads an answer's body; a token that the server repeats is hidden.
    async fn whole(
        &self,
        url: &Url,
        response: Response,
        limit: usize,
    ) -> Result<HttpResponse, HubError> {
        let mut answer = whole(url, response, limit).await?;
        let authorization = self.authorization.as_ref().map(HeaderValue::to_str);
        if let Some(Ok(authorization)) = authorization {
            answer.hide(authorization.trim_start_matches("Bearer "));
        }
        Ok(answer)
    }

    /// Sends a request, and again to where redirects lead, until an answer is not a redirect or has `arrived`.
    ///
    /// On an address of the hub itself every redirect is followed: a renamed repository's first answer
    /// is not yet about the file.
    async fn follow(
        &self,
        method: Method,
        mut url: Url,
        prepare: &dyn Fn(&Url, RequestBuilder) -> RequestBuilder,
        arrived: &dyn Fn(&Response) -> bool,
    ) -> Result<ResponseHead, HubError> {
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self
                .http
                .request(method.clone(), url.clone())
                .header(ACCEPT_ENCODING, "identity");
            if let (Some(authorization), true) = (&self.authorization, self.is_hub(&url)) {
                request = request.header(AUTHORIZATION, authorization.clone());
            }
            let response = prepare(&url, request)
                .send()
                .await
                .map_err(|error| unreachable(&url, error.without_url()))?;
            let status = response.status();
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(ResponseHead { url, response });
            }
            let target = target(&url, response.headers())?;
            if !self.is_hub(&target) && arrived(&response) {
                return Ok(ResponseHead { url, response });
            }
            url = target;
        }
        Err(HubError::Redirect {
            url: public(&url),
            reason: "again and again",
        })
    }
}

/// An answer that breaks the API.
pub fn bad(url: &Url, what: &'static str) -> HubError {
    HubError::BadAnswer {
        url: public(url),
        what,
    }
}

/// No answer.
fn unreachable(url: &Url, source: impl std::error::Error + Send + Sync + 'static) -> HubError {
    HubError::Unreachable {
        url: public(url),
        source: Box::new(source),
    }
}

fn target(url: &Url, headers: &HeaderMap) -> Result<Url, HubError> {
    let wrong = |reason| HubError::Redirect {
        url: public(url),
        reason,
    };
    let location = text(headers, LOCATION.as_str()).ok_or_else(|| wrong("without an address"))?;
    let target = url
        .join(location)
        .map_err(|_| wrong("to an invalid address"))?;
    match (url.scheme(), target.scheme()) {
        (_, "https") | ("http", "http") => Ok(target),
        ("https", "http") => Err(wrong("from https to http, where anybody can change a file")),
        _ => Err(wrong("to an address that is not http or https")),
    }
}

/// Reads an answer's body, up to `limit` bytes.
async fn whole(url: &Url, mut response: Response, limit: usize) -> Result<HttpResponse, HubError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            // The status says enough.
            Err(_) if !status.is_success() => break,
            Err(error) => return Err(unreachable(url, error.without_url())),
        }
        if body.len() > limit {
            if status.is_success() {
                return Err(unreachable(url, SendError::TooLong { limit }));
            }
            break;
        }
    }
    Ok(HttpResponse {
        status,
        headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_no_redirect_to_an_open_connection() {
        for (from, to, wanted) in [
            ("https://a/x", "/y", Some("https://a/y")),
            ("https://a/x", "https://b/y", Some("https://b/y")),
            ("http://a/x", "http://b/y", Some("http://b/y")),
            ("https://a/x", "http://a/y", None),
            ("http://a/x", "file:///etc/passwd", None),
        ] {
            let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
            let found = target(&from.parse().unwrap(), &headers);
            assert_eq!(found.ok().map(String::from).as_deref(), wanted, "{to}");
        }
    }
}

use crate::wikidata::{FetchError, SparqlQuery, pacing::QueryBudget};
use clika_base::files::{ArtifactError, replace_file, sha256_hex};
use clika_base::types::Progress;
use clika_network::http::{
    HttpResponse, LONGEST_WAIT, RetryPolicy, SendError, USER_AGENT, excerpt, is_local, retry_after,
};
use oxigraph::{
    io::{RdfFormat, RdfParseError, RdfParser},
    model::{Quad, Triple},
};
use reqwest::{
    StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// A SPARQL endpoint and how to treat it.
#[derive(Clone, Debug)]
pub struct SparqlEndpoint {
    /// The endpoint's address.
    pub url: String,
    /// Who runs this: a mail address or a page, sent in the User-Agent. Public endpoints demand it.
    pub contact: Option<String>,
    /// Seconds of query time to use in a minute.
    pub budget_seconds_per_minute: u64,
    /// How long one query may take, from the first byte sent to the last one received.
    pub timeout: Duration,
    /// How often a query is tried before the refresh gives up.
    pub attempts: usize,
    /// The wait before the second attempt; it doubles with each further one.
    pub first_wait: Duration,
    /// The folder that keeps the raw responses.
    pub cache: PathBuf,
    /// Responses in the cache that are younger than this are used instead of a query.
    pub cache_age: Duration,
}

/// Sends queries to an endpoint by the SPARQL 1.1 protocol and keeps every answer.
pub struct SparqlClient {
    endpoint: SparqlEndpoint,
    url: Url,
    http: reqwest::Client,
    pacing: Mutex<QueryBudget>,
}

/// Many times what any query of the refresh yields, unpacked, in bytes: each has a LIMIT or asks about few items.
const LONGEST_ANSWER: usize = 16 << 20;

/// The RDF formats we ask for and how their answers are kept.
const FORMATS: [(&str, &str, RdfFormat); 2] = [
    ("application/n-triples", "nt", RdfFormat::NTriples),
    ("text/turtle", "ttl", RdfFormat::Turtle),
];

impl SparqlClient {
    /// Prepares a client; nothing is sent yet.
    pub fn new(endpoint: SparqlEndpoint) -> Result<Self, FetchError> {
        let url = clika_network::http::address(&endpoint.url).ok_or_else(|| FetchError::Url {
            url: endpoint.url.clone(),
        })?;
        let user_agent = match &endpoint.contact {
            Some(contact) => format!("{USER_AGENT} ({contact})"),
            None if is_local(&url) => USER_AGENT.to_owned(),
            None => {
                return Err(FetchError::NoContact {
                    url: endpoint.url.clone(),
                });
            }
        };
        let http = clika_network::http::client(&user_agent, endpoint.timeout)
            .map_err(FetchError::Setup)?;
        Ok(Self {
            pacing: Mutex::new(QueryBudget::new(Duration::from_secs(
                endpoint.budget_seconds_per_minute,
            ))),
            endpoint,
            url,
            http,
        })
    }

    /// The endpoint's address, without a user's name and password.
    pub fn url(&self) -> String {
        clika_network::http::public(&self.url).to_string()
    }

    /// The triples of a CONSTRUCT query, each once and in no order, from the cache or from the endpoint.
    pub async fn construct(
        &self,
        query: &SparqlQuery,
        progress: &dyn Progress,
    ) -> Result<Vec<Triple>, FetchError> {
        let key = sha256_hex(format!("{}\n{}", self.endpoint.url, query.text()));
        if let Some(triples) = self.cached(&key)? {
            return Ok(triples);
        }
        let retry = RetryPolicy {
            attempts: self.endpoint.attempts,
            first_wait: self.endpoint.first_wait,
        };
        retry.run(|| self.ask(query, &key), progress).await
    }

    async fn ask(&self, query: &SparqlQuery, key: &str) -> Result<Vec<Triple>, FetchError> {
        // Waiting once is not enough: another query may have been told to wait meanwhile.
        loop {
            let wait = self.pacing().wait(Instant::now());
            if wait.is_zero() {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        tracing::debug!(path = %query.path().display(), query = query.text(), "asking the endpoint");
        let begin = Instant::now();
        let answer = self.send(query).await;
        self.pacing().book(Instant::now(), begin.elapsed());
        let answer = answer?;

        if answer.status.is_redirection() {
            return Err(FetchError::Moved {
                status: answer.status,
                location: answer
                    .header(LOCATION.as_str())
                    .unwrap_or("another address, which it does not name")
                    .to_owned(),
            });
        }
        if !answer.status.is_success() {
            let passing = answer.status.is_server_error()
                || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT]
                    .contains(&answer.status);
            if !passing {
                return Err(FetchError::Refused {
                    status: answer.status,
                    excerpt: excerpt(&answer.body),
                });
            }
            let retry_after = retry_after(&answer.headers);
            if let Some(wait) = retry_after.filter(|&wait| wait <= LONGEST_WAIT) {
                self.pacing().hold(Instant::now() + wait);
            }
            return Err(FetchError::Busy {
                status: answer.status,
                retry_after,
            });
        }
        let content_type = answer
            .header(CONTENT_TYPE.as_str())
            .unwrap_or("an unnamed type");
        let Some((_, extension, format)) = FORMATS
            .into_iter()
            .find(|(name, _, _)| content_type.to_ascii_lowercase().starts_with(name))
        else {
            return Err(FetchError::NotRdf {
                content_type: content_type.to_owned(),
                excerpt: excerpt(&answer.body),
            });
        };
        let triples = parse(format, &answer.body).map_err(FetchError::Broken)?;
        // An empty answer costs little to ask for again, and may be the fault of a bad moment.
        if !triples.is_empty() {
            replace_file(&self.cache_path(key, extension), &answer.body)?;
        }
        Ok(triples)
    }

    async fn send(&self, query: &SparqlQuery) -> Result<HttpResponse, FetchError> {
        let accept = "application/n-triples, text/turtle;q=0.9";
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/sparql-query")
            .header(ACCEPT, accept)
            .body(query.text().to_owned());
        clika_network::http::send(request, LONGEST_ANSWER)
            .await
            .map_err(|error| match error {
                SendError::TooLong { limit } => FetchError::TooLong { limit },
                SendError::Transport(_) => FetchError::Transport(error),
            })
    }

    /// A kept answer that is young enough and whole.
    fn cached(&self, key: &str) -> Result<Option<Vec<Triple>>, FetchError> {
        for (_, extension, format) in FORMATS {
            let path = self.cache_path(key, extension);
            let Ok(modified) = path.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            let young = SystemTime::now()
                .duration_since(modified)
                .is_ok_and(|age| age < self.endpoint.cache_age);
            if young {
                let body = std::fs::read(&path).map_err(|source| ArtifactError::Read {
                    path: path.clone(),
                    source,
                })?;
                match parse(format, &body) {
                    Ok(triples) => return Ok(Some(triples)),
                    Err(error) => {
                        tracing::warn!(path = %path.display(), %error, "a kept answer is damaged; asking again")
                    }
                }
            }
        }
        Ok(None)
    }

    fn cache_path(&self, key: &str, extension: &str) -> PathBuf {
        self.endpoint.cache.join(format!("{key}.{extension}"))
    }

    fn pacing(&self) -> std::sync::MutexGuard<'_, QueryBudget> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps each triple once: an endpoint may repeat what several solutions have in common.
fn parse(format: RdfFormat, body: &[u8]) -> Result<Vec<Triple>, RdfParseError> {
    let triples: HashSet<Triple> = RdfParser::from_format(format)
        .rename_blank_nodes()
        .for_reader(body)
        .map(|quad| {
            quad.map(
                |Quad {
                     subject,
                     predicate,
                     object,
                     ..
                 }| Triple::new(subject, predicate, object),
            )
        })
        .collect::<Result<_, _>>()?;
    Ok(triples.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, contact: Option<&str>) -> SparqlEndpoint {
        SparqlEndpoint {
            url: url.to_owned(),
            contact: contact.map(str::to_owned),
            budget_seconds_per_minute: 50,
            timeout: Duration::from_secs(1),
            attempts: 1,
            first_wait: Duration::ZERO,
            cache: PathBuf::new(),
            cache_age: Duration::ZERO,
        }
    }

    #[test]
    fn a_public_endpoint_needs_a_contact() {
        let public = "https://query.wikidata.org/sparql";
        assert!(matches!(
            SparqlClient::new(endpoint(public, None)),
            Err(FetchError::NoContact { .. })
        ));
        assert!(SparqlClient::new(endpoint(public, Some("mailto:someone@example.org"))).is_ok());
        for local in [
            "http://127.0.0.1:7878/query",
            "http://[::1]:7878/query",
            "http://localhost/query",
        ] {
            assert!(SparqlClient::new(endpoint(local, None)).is_ok(), "{local}");
        }
    }

    #[test]
    fn refuses_an_address_that_is_none() {
        for url in [
            "",
            "query.wikidata.org",
            "file:///etc/passwd",
            "ftp://localhost/",
        ] {
            assert!(
                matches!(
                    SparqlClient::new(endpoint(url, Some("x"))),
                    Err(FetchError::Url { .. })
                ),
                "{url}"
            );
        }
    }
}

//! The client against a server that misbehaves in every way real endpoints do.

#![allow(clippy::unwrap_used)]

use clika_base::types::Progress;
use clika_datasets::wikidata::{FetchError, SparqlClient, SparqlEndpoint, SparqlQuery};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};
use stub_server::{StubResponse, StubServer};

const TRIPLE: &str = "<http://www.wikidata.org/entity/Q64> <http://www.w3.org/2000/01/rdf-schema#label> \"Berlin\"@de .\n";

fn turtle() -> StubResponse {
    StubResponse::new(200, "application/n-triples", TRIPLE)
}

/// Keeps what a person would be told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn finish(&self) {}
}

struct Outcome {
    result: Result<usize, FetchError>,
    requests: usize,
    notes: Vec<String>,
}

fn endpoint(url: String, cache: &Path) -> SparqlEndpoint {
    SparqlEndpoint {
        url,
        contact: Some("mailto:someone@example.org".to_owned()),
        budget_seconds_per_minute: 50,
        timeout: Duration::from_millis(500),
        attempts: 3,
        first_wait: Duration::from_millis(1),
        cache: cache.to_owned(),
        cache_age: Duration::from_secs(3600),
    }
}

fn query() -> SparqlQuery {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sparql/refresh/labels.rq");
    SparqlQuery::read(&path).unwrap()
}

fn ask(endpoint: SparqlEndpoint) -> (Result<usize, FetchError>, Vec<String>) {
    let notes = Notes::default();
    let client = SparqlClient::new(endpoint).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(client.construct(&query(), &notes));
    (
        result.map(|triples| triples.len()),
        notes.0.into_inner().unwrap(),
    )
}

/// Asks once a server that gives these answers in turn, the last one for ever.
fn against(answers: Vec<StubResponse>) -> Outcome {
    let cache = tempfile::tempdir().unwrap();
    let server = StubServer::start(move |i, _| answers[i.min(answers.len() - 1)].clone());
    let (result, notes) = ask(endpoint(server.url(), cache.path()));
    Outcome {
        result,
        requests: server.requests().len(),
        notes,
    }
}

/// Asserts that one bad answer is survived by asking again.
fn survives(bad: StubResponse, told: &str) {
    let outcome = against(vec![bad, turtle()]);
    assert!(matches!(outcome.result, Ok(1)), "{:?}", outcome.result);
    assert_eq!(outcome.requests, 2);
    assert!(
        outcome.notes.len() == 1 && outcome.notes[0].contains(told),
        "{:?}",
        outcome.notes
    );
}

/// Asserts that an answer that never gets better ends in an error after this many requests.
fn gives_up(bad: StubResponse, requests: usize) -> FetchError {
    let outcome = against(vec![bad]);
    assert_eq!(outcome.requests, requests);
    outcome.result.unwrap_err()
}

#[test]
fn asks_as_the_protocol_and_wikimedia_want() {
    let cache = tempfile::tempdir().unwrap();
    let server = StubServer::start(|_, _| turtle());
    ask(endpoint(server.url(), cache.path())).0.unwrap();
    let request = server.requests().remove(0);
    for line in [
        "post /query http/1.1",
        "content-type: application/sparql-query",
        "accept: application/n-triples, text/turtle;q=0.9",
        "accept-encoding: gzip",
        "user-agent: clika/0.2.0 (mailto:someone@example.org)",
    ] {
        assert!(
            request.head.lines().any(|found| found == line),
            "{line}\n{}",
            request.head
        );
    }
    assert_eq!(request.body, query().text());
}

/// The same triple so many times, packed.
fn gzip(times: usize) -> StubResponse {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let many = TRIPLE.repeat(1000);
    for _ in 0..times / 1000 {
        encoder.write_all(many.as_bytes()).unwrap();
    }
    encoder
        .write_all(TRIPLE.repeat(times % 1000).as_bytes())
        .unwrap();
    let body = encoder.finish().unwrap();
    StubResponse::new(200, "application/n-triples", body).with_header("Content-Encoding: gzip")
}

#[test]
fn reads_gzip() {
    assert!(matches!(against(vec![gzip(1)]).result, Ok(1)));
}

#[test]
fn keeps_each_triple_once() {
    assert!(matches!(against(vec![gzip(5000)]).result, Ok(1)));
}

#[test]
fn an_answer_that_unpacks_to_too_much_is_refused_at_once() {
    let (cache, answer) = (
        tempfile::tempdir().unwrap(),
        gzip((16 << 20) / TRIPLE.len() + 1),
    );
    let server = StubServer::start(move |_, _| answer.clone());
    // Unpacking takes its time.
    let patient = SparqlEndpoint {
        timeout: Duration::from_secs(60),
        ..endpoint(server.url(), cache.path())
    };
    assert_eq!(
        ask(patient).0.unwrap_err().to_string(),
        "the endpoint's answer is longer than 16 MiB when unpacked"
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn reads_turtle_too() {
    let answer = StubResponse::new(
        200,
        "text/turtle; charset=utf-8",
        "@prefix wd: <http://www.wikidata.org/entity/> .\nwd:Q64 a wd:Q515, wd:Q1221156 .",
    );
    assert!(matches!(against(vec![answer]).result, Ok(2)));
}

#[test]
fn obeys_retry_after() {
    survives(
        StubResponse::new(429, "text/plain", "slow down").with_header("Retry-After: 1"),
        "the endpoint answered 429 Too Many Requests and asks to wait 1 s; trying again in 1 s",
    );
}

#[test]
fn a_wait_nobody_would_sit_through_ends_the_run() {
    let answer = StubResponse::new(429, "text/plain", "").with_header("Retry-After: 86400");
    let error = gives_up(answer, 1);
    assert!(
        matches!(
            error,
            FetchError::Busy {
                retry_after: Some(_),
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn survives_a_server_error() {
    survives(
        StubResponse::new(500, "text/plain", "java.lang.Exception"),
        "answered 500",
    );
}

#[test]
fn survives_an_answer_that_is_cut_off() {
    let cut_off = StubResponse::CutOff {
        content_type: "application/n-triples".to_owned(),
        body: TRIPLE.repeat(100).into_bytes(),
    };
    survives(cut_off, "did not answer in full");
}

#[test]
fn survives_a_query_that_times_out_in_the_middle() {
    // Blazegraph answers 200, sends what it has, and ends with a stack trace.
    let broken = format!("{TRIPLE}java.util.concurrent.TimeoutException\n\tat java.base/java…");
    survives(
        StubResponse::new(200, "application/n-triples", broken),
        "cut off or broken",
    );
}

#[test]
fn survives_a_stall() {
    survives(StubResponse::Stall, "did not answer in full");
}

#[test]
fn survives_a_page_for_people() {
    survives(
        StubResponse::new(200, "text/html", "<html>Maintenance"),
        "answered `text/html` instead of RDF",
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let moved =
        StubResponse::new(301, "text/plain", "").with_header("Location: https://elsewhere/sparql");
    let error = gives_up(moved, 1).to_string();
    assert!(
        error.ends_with("redirects to https://elsewhere/sparql"),
        "{error}"
    );
}

#[test]
fn an_empty_answer_is_not_kept() {
    let cache = tempfile::tempdir().unwrap();
    let server = StubServer::start(|_, _| StubResponse::new(200, "Application/N-Triples", ""));
    for requests in 1..=2 {
        assert_eq!(ask(endpoint(server.url(), cache.path())).0.unwrap(), 0);
        assert_eq!(server.requests().len(), requests);
    }
}

#[test]
fn a_refusal_is_final() {
    for status in [400, 403, 404] {
        let error = gives_up(StubResponse::new(status, "text/plain", "no\nthank  you"), 1);
        let text = error.to_string();
        assert!(text.ends_with(": no thank you"), "{text}");
        assert!(text.contains(&status.to_string()), "{text}");
    }
}

#[test]
fn gives_up_after_the_configured_attempts() {
    assert!(matches!(
        gives_up(StubResponse::new(503, "text/plain", ""), 3),
        FetchError::Busy { .. }
    ));
    assert!(matches!(
        gives_up(StubResponse::new(200, "text/html", "<html>"), 3),
        FetchError::NotRdf { .. }
    ));
    assert!(matches!(
        gives_up(StubResponse::Stall, 3),
        FetchError::Transport(_)
    ));
}

#[test]
fn says_when_nobody_listens() {
    let url = StubServer::start(|_, _| StubResponse::Stall).url();
    let cache = tempfile::tempdir().unwrap();
    let (result, notes) = ask(endpoint(url, cache.path()));
    assert!(
        matches!(result, Err(FetchError::Transport(_))),
        "{result:?}"
    );
    assert_eq!(notes.len(), 2);
}

#[test]
fn a_kept_answer_is_used_again_until_it_is_old_or_broken() {
    let cache = tempfile::tempdir().unwrap();
    let server = StubServer::start(|_, _| turtle());
    let asked = |endpoint: SparqlEndpoint| {
        ask(endpoint).0.unwrap();
        server.requests().len()
    };
    assert_eq!(asked(endpoint(server.url(), cache.path())), 1);
    assert_eq!(
        asked(endpoint(server.url(), cache.path())),
        1,
        "the answer was kept"
    );

    let old = SparqlEndpoint {
        cache_age: Duration::ZERO,
        ..endpoint(server.url(), cache.path())
    };
    assert_eq!(asked(old), 2, "the kept answer is old");

    let kept: Vec<_> = fs::read_dir(cache.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 1);
    fs::write(&kept[0], &TRIPLE[..40]).unwrap();
    assert_eq!(
        asked(endpoint(server.url(), cache.path())),
        3,
        "the kept answer is torn"
    );
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), TRIPLE);
}

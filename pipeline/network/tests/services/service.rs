//! The layer under every paid call: nothing is paid for twice, no limit is passed, no key is shown.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_network::http::RetryPolicy;
use clika_network::services::{
    AnswerCache, ApiError, Budget, CallError, ChatRole, GenerationRequest, OpenAi, Prices, Prompt,
    RequestKey, Secret, Service, ServiceConfig, Usage,
};
use futures_util::future::join_all;
use serde_json::{Map, json};
use std::{fs, path::Path, time::Duration};
use stub_server::{StubResponse, StubServer};

const KEY: &str = "sk-never-to-be-seen";

pub(crate) fn rules(budget: Budget) -> ServiceConfig {
    ServiceConfig {
        concurrency: 4,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_millis(500),
        retry: RetryPolicy {
            attempts: 3,
            first_wait: Duration::from_millis(1),
        },
        budget,
        key_in_clear: false,
    }
}

fn model(stub: &StubServer, cache: &Path, budget: Budget) -> Result<OpenAi, ApiError> {
    let service = Service::new("stub", rules(budget), AnswerCache::open(cache)?)?;
    let key = Secret::new("CLIKA_API_KEY", KEY);
    let base = format!("{}/v1", stub.origin());
    OpenAi::new(service, &base, "m", Some(&key), "CLIKA_API_KEY")
}

pub(crate) fn question(text: &str) -> GenerationRequest {
    GenerationRequest {
        prompt: Prompt::Chat(vec![(ChatRole::User, text.to_owned())]),
        max_tokens: 10,
        fields: Map::new(),
    }
}

fn answer(text: &str) -> StubResponse {
    let body = json!({
        "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 10 },
    });
    StubResponse::new(200, "application/json", body.to_string())
}

#[tokio::test]
async fn asks_as_openai_documents_it_and_keeps_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(|_, _| answer("B"));
    for run in 0..2 {
        let model = model(&stub, &cache, Budget::default()).unwrap();
        let reply = model
            .generate(&question("Which?"), &NoProgress)
            .await
            .unwrap();
        assert_eq!(reply.text, "B");
        assert_eq!(model.totals().requests, 1 - run);
        assert_eq!(model.totals().cached, run);
        assert_eq!(model.totals().usage.input_tokens, 100 * (1 - run));
    }
    let requests = stub.requests();
    assert_eq!(requests.len(), 1, "the second run sent nothing");
    let head = &requests[0].head;
    assert!(
        head.starts_with("post /v1/chat/completions http/1.1"),
        "{head}"
    );
    assert!(
        head.contains(&format!("authorization: bearer {KEY}")),
        "{head}"
    );
    let body: serde_json::Value = serde_json::from_str(&requests[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "model": "m", "max_tokens": 10, "temperature": 0.0,
            "messages": [{ "role": "user", "content": "Which?" }],
        })
    );
    let kept = fs::read_to_string(&cache).unwrap();
    assert!(!kept.contains(KEY), "the key is in the cache");
}

#[tokio::test]
async fn a_key_that_a_server_repeats_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    // In a refusal, in a page that is no JSON, and in a redirect.
    for (status, header) in [(401, "X: y"), (200, "X: y"), (302, "Location: /?key=")] {
        let stub = StubServer::start(move |_, request| {
            let sent = request.head.lines();
            let sent = sent.filter_map(|line| line.strip_prefix("authorization: "));
            let sent: String = sent.collect();
            let header = header.replace("key=", &format!("key={}", sent.replace("bearer ", "")));
            StubResponse::new(status, "text/html", format!("you sent {sent}")).with_header(&header)
        });
        let model = model(&stub, &folder.path().join("cache"), Budget::default()).unwrap();
        let error = model.generate(&question("?"), &NoProgress).await;
        let error = format!("{:?}", error.unwrap_err());
        assert!(!error.contains(KEY), "{error}");
        assert!(error.contains("[the key]"), "{status}: {error}");
    }
}

#[test]
fn a_key_is_not_sent_without_tls_to_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    let key = Secret::new("CLIKA_API_KEY", KEY);
    let build = |base: &str, key_in_clear: bool, key: Option<&Secret>| {
        let rules = ServiceConfig {
            key_in_clear,
            ..rules(Budget::default())
        };
        let cache = AnswerCache::open(&folder.path().join("cache")).unwrap();
        let service = Service::new("stub", rules, cache).unwrap();
        OpenAi::new(service, base, "m", key, "CLIKA_API_KEY").map(|_| ())
    };
    for base in [
        "http://api.openai.com/v1",
        "http://10.0.0.7:8000/v1",
        "http://localhost.example.org/v1",
    ] {
        let error = build(base, false, Some(&key)).unwrap_err();
        assert!(
            matches!(error, ApiError::KeyInClear { .. }),
            "{base}: {error}"
        );
        assert!(!format!("{error:?}").contains(KEY));
        build(base, true, Some(&key)).unwrap();
        build(base, false, None).unwrap();
    }
    for base in [
        "https://api.openai.com/v1",
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1",
    ] {
        build(base, false, Some(&key)).unwrap();
    }
}

#[tokio::test]
async fn no_key_is_sent_where_none_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| answer("B"));
    let cache = AnswerCache::open(&folder.path().join("cache.jsonl")).unwrap();
    let service = Service::new("stub", rules(Budget::default()), cache).unwrap();
    let base = format!("{}/v1", stub.origin());
    let model = OpenAi::new(service, &base, "m", None, "CLIKA_API_KEY").unwrap();
    model
        .generate(&question("Which?"), &NoProgress)
        .await
        .unwrap();
    let head = stub.requests()[0].head.clone();
    assert!(!head.contains("authorization"), "{head}");
}

/// What an endpoint may do wrong, and what comes of it after how many requests.
#[tokio::test]
async fn every_bad_answer_is_a_clear_error() {
    let html = "<html><body>Welcome</body></html>";
    let quota =
        r#"{"error": {"code": "insufficient_quota", "message": "You exceeded your quota"}}"#;
    let unknown = r#"{"error": {"message": "The model `m` does not exist"}}"#;
    let cases: Vec<(StubResponse, usize, &str)> = vec![
        (
            StubResponse::new(401, "application/json", "{}"),
            1,
            "no key or a wrong one",
        ),
        (
            StubResponse::new(404, "application/json", unknown),
            1,
            "does not exist",
        ),
        (
            StubResponse::new(429, "application/json", quota),
            1,
            "quota is used up",
        ),
        (
            StubResponse::new(429, "text/plain", "slow down"),
            3,
            "slow down",
        ),
        (StubResponse::new(500, "text/plain", "oops"), 3, "oops"),
        (
            StubResponse::new(200, "text/html", html),
            3,
            "not JSON: <html>",
        ),
        (
            StubResponse::new(200, "application/json", "{\"id\": 1}"),
            1,
            "no `choices`",
        ),
        (
            StubResponse::new(302, "text/plain", "").with_header("Location: http://evil.example/"),
            1,
            "redirects to http://evil.example/",
        ),
        (
            StubResponse::CutOff {
                content_type: "application/json".to_owned(),
                body: vec![b' '; 1000],
            },
            3,
            "incomplete answer",
        ),
        (StubResponse::Stall, 3, "incomplete answer"),
    ];
    for (bad, attempts, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache.jsonl");
        let stub = StubServer::start({
            let bad = bad.clone();
            move |_, _| bad.clone()
        });
        let model = model(&stub, &cache, Budget::default()).unwrap();
        let error = model
            .generate(&question("Which?"), &NoProgress)
            .await
            .unwrap_err();
        let ApiError::Call { source, .. } = &error else {
            panic!("{error}");
        };
        assert!(
            source.to_string().contains(expected),
            "{source}, not {expected}"
        );
        assert_eq!(stub.requests().len(), attempts, "{expected}");
        assert!(!format!("{error:?}").contains(KEY));
        assert_eq!(fs::read_to_string(&cache).unwrap().lines().count(), 1);
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(|index, _| match index {
        0 => StubResponse::new(429, "text/plain", "slow down").with_header("Retry-After: 0"),
        1 => StubResponse::new(503, "text/html", "<html>"),
        _ => answer("C"),
    });
    let model = model(&stub, &cache, Budget::default()).unwrap();
    let reply = model
        .generate(&question("Which?"), &NoProgress)
        .await
        .unwrap();
    assert_eq!(reply.text, "C");
    assert_eq!(model.totals().requests, 3);
}

#[tokio::test]
async fn equal_requests_under_way_are_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| answer("B"));
    let model = model(&stub, &folder.path().join("c.jsonl"), Budget::default()).unwrap();
    let question = question("Which?");
    let replies = join_all((0..8).map(|_| model.generate(&question, &NoProgress))).await;
    assert!(replies.into_iter().all(|reply| reply.unwrap().text == "B"));
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn a_budget_of_requests_is_never_passed_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(|_, _| answer("B"));
    let questions: Vec<_> = (0..10).map(|n| question(&n.to_string())).collect();
    for (limit, sent, answered) in [(0, 0, 0), (4, 4, 4), (4, 8, 8), (10, 10, 10)] {
        let budget = Budget {
            max_requests: Some(limit),
            ..Budget::default()
        };
        let model = model(&stub, &cache, budget).unwrap();
        let replies = join_all(
            questions
                .iter()
                .map(|question| model.generate(question, &NoProgress)),
        )
        .await;
        assert_eq!(stub.requests().len(), sent);
        assert_eq!(
            replies.iter().filter(|reply| reply.is_ok()).count(),
            answered
        );
        for reply in replies {
            assert!(matches!(
                reply,
                Ok(_)
                    | Err(ApiError::Budget {
                        what: "--max-requests",
                        ..
                    })
            ));
        }
    }
}

#[tokio::test]
async fn a_budget_of_money_is_never_passed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(|_, _| answer("B"));
    let budget = Budget {
        // An answer costs 100 × 1 + 10 × 2 = 120 millionths: eight fit into a thousandth, nine do not.
        max_cost: Some(0.001),
        prices: Some(Prices {
            input_tokens: 1.0,
            output_tokens: 2.0,
            characters: 0.0,
        }),
        ..Budget::default()
    };
    let model = model(&stub, &cache, budget).unwrap();
    let questions: Vec<_> = (0..30).map(|n| question(&format!("{n:0>80}"))).collect();
    let replies = join_all(
        questions
            .iter()
            .map(|question| model.generate(question, &NoProgress)),
    )
    .await;
    let answered = replies.iter().filter(|reply| reply.is_ok()).count();
    assert!((1..=8).contains(&answered), "{answered}");
    assert!(model.totals().cost.unwrap() <= 0.001);
    assert_eq!(stub.requests().len(), answered);
}

#[test]
fn a_cost_without_prices_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| answer("B"));
    let budget = Budget {
        max_cost: Some(1.0),
        ..Budget::default()
    };
    let error = model(&stub, &folder.path().join("c.jsonl"), budget)
        .err()
        .unwrap();
    assert!(matches!(error, ApiError::NoPrices { .. }), "{error}");
}

/// printf '["chat",{"a":[1,"x"],"b":null}]' | sha256sum
#[test]
fn a_key_does_not_depend_on_the_order_of_fields() {
    const EXPECTED: &str = "bcb57e3ccd95652726caaa81c617fd5c22fd9c73a3324f27c6d6e20f6b0a03d0";
    let one = RequestKey::new(&json!(["chat", { "a": [1, "x"], "b": null }]));
    let other = RequestKey::new(&json!(["chat", { "b": null, "a": [1, "x"] }]));
    assert_eq!((one.as_str(), &one), (EXPECTED, &other));
}

pub(crate) mod cache {
    use super::*;

    pub(crate) fn key(n: u32) -> RequestKey {
        RequestKey::new(&json!(n))
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_later_ones_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.jsonl");
        for n in 0..3 {
            let cache = AnswerCache::open(&path).unwrap();
            cache
                .keep(&key(n), json!({ "n": n }), Usage::default())
                .unwrap();
        }
        let whole = fs::read(&path).unwrap();
        // A write that was cut off anywhere in the last line.
        let last = whole[..whole.len() - 1]
            .iter()
            .rposition(|&b| b == b'\n')
            .unwrap()
            + 1;
        for cut in last + 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let cache = AnswerCache::open(&path).unwrap();
            assert_eq!(cache.len(), 2, "cut at {cut}");
            assert_eq!(cache.get(&key(2)).unwrap(), None);
            cache.keep(&key(2), json!("new"), Usage::default()).unwrap();
            drop(cache);
            let cache = AnswerCache::open(&path).unwrap();
            assert_eq!(
                cache.get(&key(1)).unwrap().unwrap().value,
                json!({ "n": 1 })
            );
            assert_eq!(cache.get(&key(2)).unwrap().unwrap().value, json!("new"));
        }
    }

    #[test]
    fn another_version_and_foreign_files_are_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.jsonl");
        for content in ["{\"clika_cache\":2}\n", "my thesis", "my thesis\n", "\n"] {
            fs::write(&path, content).unwrap();
            let error = AnswerCache::open(&path).unwrap_err();
            assert!(matches!(error, ApiError::CacheVersion { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_broken_line_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.jsonl");
        let cache = AnswerCache::open(&path).unwrap();
        cache.keep(&key(0), json!(0), Usage::default()).unwrap();
        drop(cache);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"value\"", "\"valve\"") + "{}\n").unwrap();
        let error = AnswerCache::open(&path).unwrap_err();
        let ApiError::CacheLine { position, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(position.line, 2);
    }

    #[test]
    fn only_one_run_uses_a_cache() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.jsonl");
        let first = AnswerCache::open(&path).unwrap();
        assert!(matches!(
            AnswerCache::open(&path),
            Err(ApiError::CacheInUse { .. })
        ));
        drop(first);
        assert!(AnswerCache::open(&path).is_ok());
    }
}

#[test]
fn call_errors_that_pass_are_told_from_those_that_do_not() {
    use clika_network::http::Transient;
    let refused = CallError::Refused {
        status: reqwest::StatusCode::NOT_FOUND,
        excerpt: String::new(),
    };
    let busy = CallError::Busy {
        status: reqwest::StatusCode::TOO_MANY_REQUESTS,
        retry_after: Some(Duration::from_secs(7)),
        excerpt: String::new(),
    };
    assert!(!refused.is_transient() && busy.is_transient());
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(7)));
}

//! What servers give as log-probabilities, and what of it is an answer.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_network::http::RetryPolicy;
use clika_network::services::{
    AnswerCache, ApiError, Budget, CallError, ChatRole, GenerationRequest, OpenAi, Prompt,
    RequestKey, Service, ServiceConfig, Usage,
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use stub_server::{StubResponse, StubServer};

fn rules() -> ServiceConfig {
    ServiceConfig {
        concurrency: 1,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_secs(5),
        retry: RetryPolicy {
            attempts: 1,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    }
}

/// An answer in chat with log-probabilities of A, B and C.
fn scored(values: [Value; 3]) -> Value {
    let listed = ["A", "B", "C"].into_iter().zip(values);
    let listed: Vec<Value> = listed
        .map(|(token, logprob)| json!({ "token": token, "logprob": logprob }))
        .collect();
    json!({ "choices": [{
        "message": { "content": "B" },
        "logprobs": { "content": [{ "token": "B", "top_logprobs": listed }] },
    }] })
}

#[tokio::test]
async fn log_probabilities_that_are_none_are_no_answer_and_block_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let nan = scored([Value::Null, Value::Null, Value::Null]);
    // Servers write -9999 or null for a probability of 0.
    let sound = scored([json!(-9999.0), json!(-0.5), Value::Null]);
    let positive = scored([json!(0.7), json!(0.2), json!(0.1)]);
    let stub = {
        let answers = [nan.clone(), positive, sound].map(|value| value.to_string());
        StubServer::start(move |number, _| {
            StubResponse::new(200, "application/json", answers[number.min(2)].clone())
        })
    };
    let ask = || async {
        let service = Service::new("stub", rules(), AnswerCache::open(&cache)?)?;
        let base = format!("{}/v1", stub.origin());
        let model = OpenAi::new(service, &base, "m", None, "CLIKA_API_KEY")?;
        let question = GenerationRequest {
            prompt: Prompt::Chat(vec![(ChatRole::User, "Which?".to_owned())]),
            max_tokens: 10,
            fields: Map::new(),
        };
        model.generate(&question, &NoProgress).await
    };
    let Err(ApiError::Call { source, .. }) = ask().await else {
        panic!("NaN is an answer")
    };
    assert!(matches!(source, CallError::NotFinite { .. }), "{source}");
    let Err(ApiError::Call { source, .. }) = ask().await else {
        panic!("a probability is a log-probability")
    };
    assert_eq!(
        source.to_string().split(':').next().unwrap(),
        "`logprobs.content[0].top_logprobs[0].logprob` is 0.7, which is not a log-probability"
    );
    assert!(AnswerCache::open(&cache).unwrap().is_empty(), "it was kept");

    // An older version has kept it.
    let body = json!({
        "model": "m", "max_tokens": 10, "temperature": 0.0,
        "messages": [{ "role": "user", "content": "Which?" }],
    });
    let key = RequestKey::new(&json!(["chat", body]));
    AnswerCache::open(&cache)
        .unwrap()
        .keep(&key, nan, Usage::default())
        .unwrap();
    for _ in 0..2 {
        let reply = ask().await.unwrap();
        assert_eq!(reply.first_token, [("B".to_owned(), -0.5)]);
    }
    assert_eq!(stub.requests().len(), 3, "asked again once");
}

/// What a server that answers with this body gives for the first token, or why not.
async fn read(body: &str) -> Result<Vec<(String, f64)>, String> {
    let folder = tempfile::tempdir().unwrap();
    let body = body.to_owned();
    let stub =
        StubServer::start(move |_, _| StubResponse::new(200, "application/json", body.clone()));
    let cache = AnswerCache::open(&folder.path().join("cache.jsonl")).unwrap();
    let service = Service::new("stub", rules(), cache).unwrap();
    let base = format!("{}/v1", stub.origin());
    let model = OpenAi::new(service, &base, "m", None, "CLIKA_API_KEY").unwrap();
    let question = GenerationRequest {
        prompt: Prompt::Text("Which?".to_owned()),
        max_tokens: 1,
        fields: Map::new(),
    };
    match model.generate(&question, &NoProgress).await {
        Ok(reply) => Ok(reply.first_token),
        Err(ApiError::Call { source, .. }) => Err(source.to_string()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn what_pythons_json_writes_for_numbers_is_read() {
    // A server in Python that does not forbid them writes these three, which JSON does not have.
    let body = |top: &str| {
        format!(
            r#"{{"choices": [{{"text": "B", "logprobs": {{"top_logprobs": [{top}]}}}}], "usage": null, "speed": Infinity}}"#
        )
    };
    let never = body(r#"{"A": -Infinity, "B": -0.5, "NaN": -2.5}"#);
    let read_never = read(&never).await.unwrap();
    let expected = [("B".to_owned(), -0.5), ("NaN".to_owned(), -2.5)];
    assert_eq!(
        read_never, expected,
        "-Infinity is a probability of 0, and the token NaN is no number"
    );

    for (top, said) in [
        (
            r#"{"A": NaN, "B": -0.5}"#,
            r#"`logprobs.top_logprobs[0]."A"` is NaN: the model gives NaN"#,
        ),
        (
            r#"{"A": -Infinity, "B": -Infinity}"#,
            "every token that the endpoint lists has a probability of 0: the model gives NaN",
        ),
    ] {
        assert_eq!(read(&body(top)).await.unwrap_err(), said);
    }
    for (top, said) in [
        (
            r#"{"A": Infinity, "B": -0.5}"#,
            r#"`logprobs.top_logprobs[0]."A"` is "Infinity", which is not a number: "#,
        ),
        (
            r#"{"A": "-0.5", "B": -0.7}"#,
            r#"`logprobs.top_logprobs[0]."A"` is "-0.5", which is not a number: "#,
        ),
        (
            r#"{"A": [-0.5], "B": -0.7}"#,
            r#"`logprobs.top_logprobs[0]."A"` is [-0.5], which is not a number: "#,
        ),
        (
            r#"[["A", -0.5]]"#,
            "`logprobs.top_logprobs[0]` is not an object: ",
        ),
    ] {
        let error = read(&body(top)).await.unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}

#[tokio::test]
async fn an_entry_of_a_list_that_lacks_a_part_is_named() {
    for (entry, said) in [
        (
            r#"{"token": "B"}"#,
            "`logprobs.content[0].top_logprobs[1].logprob` is missing: ",
        ),
        (
            r#"{"logprob": -2.0}"#,
            "`logprobs.content[0].top_logprobs[1]` has no token: ",
        ),
    ] {
        let body = format!(
            r#"{{"choices": [{{"text": "A", "logprobs": {{"content": [{{"top_logprobs": [{{"token": "A", "logprob": -0.5}}, {entry}]}}]}}}}]}}"#
        );
        let error = read(&body).await.unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}

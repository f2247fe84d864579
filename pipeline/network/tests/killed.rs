//! A run that was killed. In a program of its own: a child that is about to begin holds the locks of all tests next to it.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_network::http::RetryPolicy;
use clika_network::services::{
    AnswerCache, Budget, ChatRole, GenerationRequest, OpenAi, Prompt, Service, ServiceConfig,
};
use serde_json::{Map, json};
use std::{path::Path, time::Duration};
use stub_server::{StubResponse, StubServer};

fn rules() -> ServiceConfig {
    ServiceConfig {
        concurrency: 4,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_millis(500),
        retry: RetryPolicy {
            attempts: 3,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    }
}

fn question(text: &str) -> GenerationRequest {
    GenerationRequest {
        prompt: Prompt::Chat(vec![(ChatRole::User, text.to_owned())]),
        max_tokens: 10,
        fields: Map::new(),
    }
}

/// A run that is killed loses nothing it was answered.
#[test]
fn a_killed_run_goes_on_where_it_stopped() {
    const CHILD: &str = "CLIKA_TEST_KILLED_RUN";
    let asks = |base: String, cache: String| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let cache = AnswerCache::open(Path::new(&cache)).unwrap();
            let service = Service::new("stub", rules(), cache).unwrap();
            let model = OpenAi::new(service, &base, "m", None, "X").unwrap();
            for n in 0..200 {
                model
                    .generate(&question(&n.to_string()), &NoProgress)
                    .await
                    .unwrap();
            }
            model.totals()
        })
    };
    if let Ok(arguments) = std::env::var(CHILD) {
        let (base, cache) = arguments.split_once(' ').unwrap();
        asks(base.to_owned(), cache.to_owned());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl").display().to_string();
    let stub = StubServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(2));
        let body = json!({ "choices": [{ "message": { "role": "assistant", "content": "B" } }] });
        StubResponse::new(200, "application/json", body.to_string())
    });
    let base = format!("{}/v1", stub.origin());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["a_killed_run_goes_on_where_it_stopped", "--exact"])
        .env(CHILD, format!("{base} {cache}"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while stub.requests().len() < 50 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended by itself"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let totals = asks(base, cache);
    assert!(totals.cached >= 49, "{totals:?}");
    assert_eq!(totals.cached + totals.requests, 200);
    // One request was under way at the kill; it may have to be sent again.
    assert!(stub.requests().len() <= 201, "{}", stub.requests().len());
}

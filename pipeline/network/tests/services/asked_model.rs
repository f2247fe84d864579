//! Servers that do not have the model that they are asked for, and models that do not take every field.

#![allow(clippy::unwrap_used)]

use crate::service::{self, question};
use clika_base::types::{NoProgress, Progress};
use clika_network::services::{
    AnswerCache, ApiError, Budget, CallError, Completion, OpenAi, Service, ServiceConfig,
};
use serde_json::{Value, json};
use std::{cell::RefCell, path::Path};
use stub_server::{StubRequest, StubResponse, StubServer};

fn rules(max_requests: Option<u64>) -> ServiceConfig {
    ServiceConfig {
        concurrency: 1,
        ..service::rules(Budget {
            max_requests,
            ..Budget::default()
        })
    }
}

fn model(stub: &StubServer, cache: &Path) -> OpenAi {
    let cache = AnswerCache::open(cache).unwrap();
    let service = Service::new("stub", rules(None), cache).unwrap();
    OpenAi::new(service, &format!("{}/v1", stub.origin()), "m", None, "X").unwrap()
}

fn answer(status: u16, body: &Value) -> StubResponse {
    StubResponse::new(status, "application/json", body.to_string())
}

fn said(model: &str) -> StubResponse {
    let choice = json!({ "message": { "content": "B" }, "finish_reason": "stop" });
    answer(200, &json!({ "model": model, "choices": [choice] }))
}

/// As llama-cpp-python and transformers serve list their models.
fn list(names: &[&str]) -> StubResponse {
    let models = names
        .iter()
        .map(|name| json!({ "id": name, "object": "model" }));
    answer(
        200,
        &json!({ "object": "list", "data": models.collect::<Vec<_>>() }),
    )
}

fn asked(request: &StubRequest) -> String {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["model"].as_str().unwrap().to_owned()
}

/// What is noted.
#[derive(Default)]
struct Notes(RefCell<Vec<String>>);

impl Progress for Notes {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _what: &str) {}
    fn finish(&self) {}
    fn note(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
}

async fn ask_once(stub: &StubServer) -> (Result<Completion, CallError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let notes = Notes::default();
    let model = model(stub, &folder.path().join("cache.jsonl"));
    let answered = match model.generate(&question("Which?"), &notes).await {
        Ok(answered) => Ok(answered),
        Err(ApiError::Call { source, .. }) => Err(source),
        Err(error) => panic!("{error}"),
    };
    (answered, notes.0.into_inner())
}

#[tokio::test]
async fn a_server_that_answers_to_any_name_is_asked_by_a_listed_one() {
    // llama-cpp-python 0.3.36: the default model answers, under the name that was asked for.
    let other = list(&["/models/a.gguf", "tiny"]);
    let stub = StubServer::start_with_models(other, |_, request| said(&asked(request)));
    let (answered, _) = ask_once(&stub).await;
    let error = answered.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server lists `/models/a.gguf`, `tiny`, not `m`, and answers to any name, also to one that no model has"
    );
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.contains("--model"), "{help}");
    let requests = stub.requests();
    assert_eq!(requests.len(), 1, "nothing was asked of the other model");
    assert_ne!(asked(&requests[0]), "m");
}

#[tokio::test]
async fn a_name_that_is_listed_is_asked_and_no_list_is_no_hindrance() {
    let no_list = StubResponse::new(404, "application/json", "{}");
    let page = StubResponse::new(200, "text/html", "<html>");
    let alone = answer(200, &json!([{ "id": "m" }]));
    for models in [
        list(&["other", "m"]),
        list(&["m:latest"]),
        list(&["/models/m.gguf"]),
        list(&[]),
        alone,
        no_list,
        page,
        StubResponse::new(401, "application/json", "{}"),
        StubResponse::CutOff {
            content_type: "application/json".to_owned(),
            body: b"{\"data\": [{\"id\": \"other\"}]}".to_vec(),
        },
    ] {
        let stub = StubServer::start_with_models(models, |_, _| said("m"));
        let (answered, notes) = ask_once(&stub).await;
        assert_eq!(answered.unwrap().text, "B");
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(stub.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_name_that_is_not_listed_is_asked_where_names_are_read() {
    // Azure lists its catalogue, and answers to the names of deployments.
    let catalogue = list(&["gpt-4o", "gpt-4.1", "o3", "o4-mini", "gpt-5", "gpt-5-mini"]);
    let stub = StubServer::start_with_models(catalogue, |_, request| {
        if asked(request) != "m" {
            let error = json!({ "error": { "code": "DeploymentNotFound" } });
            return answer(404, &error);
        }
        said("gpt-4o-2024-08-06")
    });
    let folder = tempfile::tempdir().unwrap();
    let notes = Notes::default();
    let model = model(&stub, &folder.path().join("cache.jsonl"));
    for text in ["1", "2", "1"] {
        let reply = model.generate(&question(text), &notes).await.unwrap();
        assert_eq!(reply.model.as_deref(), Some("gpt-4o-2024-08-06"));
    }
    let expected = "the server does not list `m` but `gpt-4o`, `gpt-4.1`, `o3`, `o4-mini`, `gpt-5` and 1 more; it knows the name \
                    all the same, since it refuses an invented one";
    assert_eq!(notes.0.into_inner(), [expected]);
    assert_eq!(stub.requests().len(), 3, "one for the name, two questions");
}

#[tokio::test]
async fn a_model_that_a_server_does_not_have_is_told_with_those_that_it_lists() {
    // transformers serve 5.24, with another model in its cache.
    let stub = StubServer::start_with_models(list(&["org/other"]), |_, _| {
        StubResponse::new(500, "text/plain; charset=utf-8", "Internal Server Error")
    });
    let (answered, _) = ask_once(&stub).await;
    assert_eq!(
        answered.unwrap_err().to_string(),
        "the server lists `org/other`, not `m`, and answered 500 Internal Server Error to it: Internal Server Error"
    );
    assert_eq!(stub.requests().len(), 2, "it is not asked again and again");

    // Its server closes connections after a 500, and the answer to the invented name can be lost.
    let stub = StubServer::start_with_models(list(&["org/other"]), |number, _| {
        if number == 0 {
            return StubResponse::CutOff {
                content_type: "application/json".to_owned(),
                body: b"Internal Server Error".to_vec(),
            };
        }
        StubResponse::new(500, "text/plain; charset=utf-8", "Internal Server Error")
    });
    let (answered, _) = ask_once(&stub).await;
    assert_eq!(
        answered.unwrap_err().to_string(),
        "the server lists `org/other`, not `m`, and answered 500 Internal Server Error to it: Internal Server Error"
    );
    assert_eq!(stub.requests().len(), 3, "the lost one is asked again");

    let stub = StubServer::start_with_models(list(&["org/other"]), |_, _| {
        answer(
            404,
            &json!({ "error": { "message": "The model `m` does not exist." } }),
        )
    });
    let (answered, _) = ask_once(&stub).await;
    let error = answered.unwrap_err().to_string();
    assert!(
        error.starts_with("refused with 404 Not Found, and lists `org/other`, not `m`: "),
        "{error}"
    );
    assert!(error.contains("does not exist"), "{error}");
}

#[tokio::test]
async fn a_run_that_may_send_nothing_does_not_ask_for_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start_with_models(list(&["other"]), |_, _| said("m"));
    let cache = AnswerCache::open(&folder.path().join("c")).unwrap();
    let service = Service::new("stub", rules(Some(0)), cache).unwrap();
    let base = format!("{}/v1", stub.origin());
    let model = OpenAi::new(service, &base, "m", None, "X").unwrap();
    let error = model.generate(&question("?"), &NoProgress).await;
    assert!(matches!(error, Err(ApiError::Budget { .. })), "{error:?}");
    assert!(stub.requests().is_empty());
}

/// OpenAI's reasoning models, by their answers in public reports.
fn reasoning(request: &StubRequest) -> StubResponse {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    if body["max_tokens"].is_null() {
        return said("m-2025-04-16");
    }
    let error = json!({ "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter",
    } });
    answer(400, &error)
}

#[tokio::test]
async fn a_model_that_refuses_max_tokens_is_asked_with_the_other_name() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(|_, request| reasoning(request));
    let notes = Notes::default();
    {
        let model = model(&stub, &cache);
        for text in ["1", "2"] {
            let reply = model.generate(&question(text), &notes).await.unwrap();
            assert_eq!(reply.text, "B");
        }
        assert_eq!(model.other_limit(), Some("max_completion_tokens"));
    }
    assert_eq!(stub.requests().len(), 3, "it refuses once");
    let body: Value = serde_json::from_str(&stub.requests()[2].body).unwrap();
    assert_eq!(
        (&body["max_completion_tokens"], &body["max_tokens"]),
        (&json!(10), &Value::Null)
    );
    // A later run knows, and finds its answers.
    let later = model(&stub, &cache);
    later.generate(&question("1"), &notes).await.unwrap();
    assert_eq!(later.other_limit(), Some("max_completion_tokens"));
    later.generate(&question("3"), &notes).await.unwrap();
    assert_eq!(stub.requests().len(), 4);
    assert_eq!(notes.0.into_inner().len(), 1);

    // Whoever names the limit gets what is named.
    let mut named = question("4");
    named.fields.insert("max_tokens".to_owned(), json!(5));
    let error = later.generate(&named, &NoProgress).await.unwrap_err();
    let ApiError::Call { source, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(source, CallError::Field { name, .. } if name == "max_tokens"));
}

#[tokio::test]
async fn a_way_of_asking_at_which_a_server_fails_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| answer(500, &json!({ "error": "oops" })));
    let model = model(&stub, &folder.path().join("cache.jsonl"));
    let error = model.try_generate(&question("?"), &NoProgress).await;
    let Err(ApiError::Call { source, .. }) = error else {
        panic!("it failed");
    };
    assert!(matches!(source, CallError::Failed { .. }), "{source}");
    assert_eq!(stub.requests().len(), 1);
    let error = model.generate(&question("?"), &NoProgress).await;
    assert!(error.is_err());
    assert_eq!(stub.requests().len(), 4, "three attempts");
}

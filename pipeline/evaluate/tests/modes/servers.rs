//! Servers as they are: what each answers to requests that it does not understand.

use super::*;
use serde_json::Map;
use std::cell::RefCell;

/// What is noted.
#[derive(Default)]
struct Notes(RefCell<Vec<String>>);

impl Progress for Notes {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn finish(&self) {}
    fn note(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
}

fn json_answer(status: u16, body: &Value) -> StubResponse {
    StubResponse::new(status, "application/json", body.to_string())
}

fn body(request: &StubRequest) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

/// OpenAI's reasoning models, by their answers in public reports: which fields they refuse, and how.
fn reasoning(request: &StubRequest) -> StubResponse {
    let refused = |status, message: &str, param: &Value, code: &Value| {
        let error = json!({ "message": message, "type": "invalid_request_error", "param": param, "code": code });
        json_answer(status, &json!({ "error": error }))
    };
    let body = body(request);
    if !is_chat(request) {
        let message = "This is a chat model and not supported in the v1/completions endpoint.";
        return refused(404, message, &json!("model"), &Value::Null);
    }
    if !body["max_tokens"].is_null() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        let code = json!("unsupported_parameter");
        return refused(400, message, &json!("max_tokens"), &code);
    }
    if !body["temperature"].is_null() {
        let message = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value \
                       is supported.";
        let code = json!("unsupported_value");
        return refused(400, message, &json!("temperature"), &code);
    }
    if !body["logprobs"].is_null() {
        let message = "You are not allowed to request logprobs from this model";
        return refused(403, message, &Value::Null, &Value::Null);
    }
    said(request, letter(request), &Value::Null)
}

#[tokio::test]
async fn a_reasoning_model_is_sampled_only_if_the_user_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| reasoning(request));
    let asked = model(&stub, &folder.path().join("c"), None);
    let error = found(&asked, RequestOptions::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the endpoint refuses the field `temperature`"
    );
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(
        help.contains("--fields '{\"temperature\": null}'"),
        "{help}"
    );
    assert!(!format!("{error:?}").contains("key"), "{error:?}");

    let options = || RequestOptions {
        fields: Map::from_iter([("temperature".to_owned(), Value::Null)]),
        ..RequestOptions::default()
    };
    let (way, answers) = found(&asked, options()).await.unwrap();
    assert_eq!(
        way.mode,
        RequestMode {
            api: Api::Chat,
            constraint: Constraint::Free
        }
    );
    let mut predictions = answers.iter().flat_map(|set| &set.predictions);
    assert!(predictions.all(|it| it.judged().is_right()));
    let last = body(stub.requests().last().unwrap());
    assert_eq!(last["max_completion_tokens"], 16);

    // What is asked for by name is not replaced.
    let options = RequestOptions {
        constraint: Some(Constraint::Logprobs),
        ..options()
    };
    let error = found(&asked, options).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the endpoint refuses the field `logprobs`"
    );
}

/// llama-cpp-python 0.3.36, started with --logits_all false: it fails at log-probabilities and at json_schema, ignores vLLM's
/// fields, and obeys json_object with a schema in chat.
fn llama_cpp_python(request: &StubRequest) -> StubResponse {
    let body = body(request);
    let failed = |message: &str| {
        let error = json!({ "message": message, "type": "internal_server_error", "param": null, "code": null });
        json_answer(500, &json!({ "error": error }))
    };
    if !body["logprobs"].is_null() {
        return failed("logprobs is not supported for models created with logits_all=False");
    }
    let format = &body["response_format"];
    match format["type"].as_str().filter(|_| is_chat(request)) {
        Some("json_object") => {
            let options = &format["schema"]["properties"]["answer"]["enum"];
            let chosen = match options[0].as_str() {
                Some("A") => letter(request),
                Some(other) => other,
                None => return said(request, "{}", &Value::Null),
            };
            let text = json!({ "answer": chosen }).to_string();
            said(request, &text, &Value::Null)
        }
        Some(_) => {
            failed("[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type')}]")
        }
        None => said(request, "I like all of them.", &Value::Null),
    }
}

#[tokio::test]
async fn a_way_at_which_the_server_fails_is_one_that_it_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| llama_cpp_python(request));
    let asked = model(&stub, &folder.path().join("c"), None);
    let notes = Notes::default();
    let answers = evaluated(&asked, RequestOptions::default(), &notes)
        .await
        .unwrap();
    assert_eq!(
        answers.pilot.mode,
        RequestMode {
            api: Api::Chat,
            constraint: Constraint::JsonObject
        }
    );
    let mut predictions = answers.sets.iter().flat_map(|set| &set.predictions);
    assert!(predictions.all(|it| it.judged().is_right()));
    let said = notes.0.into_inner();
    // Log-probabilities by completions and in chat, and json_schema in chat.
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said.iter()
            .all(|note| note.contains("fails when it is asked by"))
    );
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_keeps_its_best_way() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|number, request| {
        if number == 0 {
            return json_answer(500, &json!({ "error": "oops" }));
        }
        let top = json!({ "A": -3.0, "B": -3.0, "C": -3.0, "D": -3.0, letter(request): -0.1 });
        said(request, letter(request), &json!({ "top_logprobs": [top] }))
    });
    let asked = model(&stub, &folder.path().join("c"), None);
    let (way, _) = found(&asked, RequestOptions::default()).await.unwrap();
    assert_eq!(
        way.mode,
        RequestMode {
            api: Api::Completions,
            constraint: Constraint::Logprobs
        }
    );

    // One that fails at everything has no way at all.
    let stub = StubServer::start(|_, _| json_answer(500, &json!({ "error": "oops" })));
    let broken = model(&stub, &folder.path().join("d"), None);
    let error = found(&broken, RequestOptions::default()).await.unwrap_err();
    assert!(format!("{error:?}").contains("oops"), "{error:?}");
    assert_eq!(
        stub.requests().len(),
        3,
        "a way, and two attempts at a plain question"
    );
}

/// transformers serve 5.23 and 5.24 ignore logprobs, vLLM's fields, echo and in chat schemas.
#[tokio::test]
async fn a_server_that_ignores_every_field_is_asked_for_free_text() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        if !is_chat(request) && request.body.contains("response_format") {
            let detail =
                json!({ "detail": "Unexpected fields in the request: {'response_format'}" });
            return json_answer(422, &detail);
        }
        let text = format!("{}.", letter(request));
        let choice = if is_chat(request) {
            json!({ "message": { "role": "assistant", "content": text }, "finish_reason": "stop", "index": 0, "logprobs": null })
        } else {
            json!({ "text": text, "finish_reason": "stop", "index": 0, "logprobs": null })
        };
        json_answer(200, &json!({ "choices": [choice], "model": "m@main" }))
    });
    let asked = model(&stub, &folder.path().join("c"), None);
    let notes = Notes::default();
    let answers = evaluated(&asked, RequestOptions::default(), &notes)
        .await
        .unwrap();
    assert_eq!(answers.pilot.mode.constraint, Constraint::Free);
    assert_eq!(answers.model.as_deref(), Some("m@main"));
    assert_eq!(notes.0.into_inner(), Vec::<String>::new());
    assert!(
        stub.requests()
            .iter()
            .all(|request| !request.body.contains("\"echo\"")),
        "echoed log-probabilities stand at other tokens in some servers"
    );
}

#[tokio::test]
async fn another_model_than_the_asked_one_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let choice = json!({ "text": letter(request), "message": { "content": letter(request) } });
        json_answer(200, &json!({ "choices": [choice], "model": "llama-3" }))
    });
    let asked = model(&stub, &folder.path().join("c"), None);
    let notes = Notes::default();
    let answers = evaluated(&asked, RequestOptions::default(), &notes)
        .await
        .unwrap();
    assert_eq!(answers.model.as_deref(), Some("llama-3"));
    let expected = "the endpoint was asked for `m` and says that `llama-3` answers; the predictions say so, too";
    assert_eq!(notes.0.into_inner(), [expected]);
}

#[tokio::test]
async fn a_model_that_the_server_does_not_list_and_does_not_have_ends_the_pilot() {
    let folder = tempfile::tempdir().unwrap();
    let models = json_answer(200, &json!({ "data": [{ "id": "org/other" }] }));
    let stub = StubServer::start_with_models(models, |_, _| {
        StubResponse::new(500, "text/plain", "Internal Server Error")
    });
    let asked = model(&stub, &folder.path().join("c"), None);
    let error = found(&asked, RequestOptions::default()).await.unwrap_err();
    let error = format!("{error:?}");
    assert!(error.contains("org/other"), "{error}");
    assert_eq!(
        stub.requests().len(),
        4,
        "a way and a plain question, each by the name and by one that nobody has"
    );
}

#[tokio::test]
async fn a_server_that_fails_at_a_way_and_answers_to_any_name_ends_the_pilot() {
    let folder = tempfile::tempdir().unwrap();
    let models = json_answer(200, &json!({ "data": [{ "id": "smollm2" }] }));
    let stub = StubServer::start_with_models(models, |_, request| llama_cpp_python(request));
    let asked = model(&stub, &folder.path().join("c"), None);
    let error = found(&asked, RequestOptions::default()).await.unwrap_err();
    let error = format!("{error:?}");
    assert!(
        error.contains("smollm2") && error.contains("any name"),
        "{error}"
    );
}

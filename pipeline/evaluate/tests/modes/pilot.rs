//! The pilot: how an endpoint is asked, decided once for each model.

use super::*;

/// An answer of `/completions` whose first token has these log-probabilities.
fn likely(request: &StubRequest, text: &str, top: &Value) -> StubResponse {
    if is_chat(request) {
        return refused();
    }
    let logprobs = if request.body.contains("\"logprobs\"") {
        json!({ "tokens": ["x"], "top_logprobs": [top] })
    } else {
        Value::Null
    };
    said(request, text, &logprobs)
}

#[tokio::test]
async fn the_form_of_the_letters_is_set_by_the_pilot_and_never_by_an_item() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        // e^-0.1 = .905 with a space; in item 7 a bare letter is likelier than the one with a space.
        let right = letter(request);
        let mut top = json!({ format!(" {right}"): -0.1 });
        if request.body.contains("number 7?") {
            top = json!({ "A": -0.2, format!(" {right}"): -2.0 });
        }
        likely(request, " x", &top)
    });
    let model = model(&stub, &folder.path().join("c"), None);
    let (way, answers) = found(&model, RequestOptions::default()).await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::Logprobs);
    assert_eq!(way.separator.as_deref(), Some(" "));
    for set in &answers {
        assert_eq!(set.separator.as_deref(), Some(" "));
        // 11 items of e^-0.1 and one of e^-2.
        let share = (11.0 * (-0.1_f64).exp() + (-2.0_f64).exp()) / 12.0;
        assert!((set.letters_probability.unwrap() - share).abs() < 1e-12);
        assert!(set.predictions.iter().all(|it| it.judged().is_right()));
    }
}

#[tokio::test]
async fn letters_of_little_probability_are_read_only_where_nothing_else_works() {
    let folder = tempfile::tempdir().unwrap();
    let weak = json!({ "The": -0.2, "A": -3.0, "B": -3.0, "C": -3.0, "D": -3.0 });
    let without = weak.clone();
    let stub = StubServer::start(move |_, request| likely(request, "The", &without));
    let plain = model(&stub, &folder.path().join("a"), None);
    let (way, _) = found(&plain, RequestOptions::default()).await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::Logprobs);
    let share = 4.0 * (-3.0_f64).exp();
    assert!((way.letters_probability.unwrap() - share).abs() < 1e-12);

    let guided = honours("guided_choice");
    let stub = StubServer::start(move |_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        if body["guided_choice"].is_null() {
            likely(request, "The", &weak)
        } else {
            guided(request)
        }
    });
    let better = model(&stub, &folder.path().join("b"), None);
    let (way, _) = found(&better, RequestOptions::default()).await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::GuidedChoice);
    assert_eq!(way.letters_probability, None);
}

#[tokio::test]
async fn a_model_that_thinks_first_is_named_and_asked_for_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    // The letters are there, and hold 1 % of the probability.
    let top = json!({ "<think>": -0.01, "A": -6.0, "B": -6.0, "C": -6.0, "D": -6.0 });
    let thinks = top.clone();
    let stub = StubServer::start(move |_, request| {
        let text = format!("<think>A? B?</think> {}", letter(request));
        likely(request, &text, &thinks)
    });
    let open = model(&stub, &folder.path().join("a"), None);
    let (way, answers) = found(&open, RequestOptions::default()).await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::Free);
    assert_eq!(way.thought.as_deref(), Some("<think>"));
    let mut predictions = answers.iter().flat_map(|set| &set.predictions);
    assert!(predictions.all(|it| it.judged().is_right()));

    // Whoever asks for its letters is told.
    let options = RequestOptions {
        constraint: Some(Constraint::Logprobs),
        ..RequestOptions::default()
    };
    let error = found(&open, options).await.unwrap_err();
    assert!(matches!(error, EvaluateError::Thinks { .. }), "{error}");

    // A thought that never ends is not an answer, although letters stand in it.
    let stub =
        StubServer::start(move |_, request| likely(request, "<think>\nThe answer is A", &top));
    let cut = model(&stub, &folder.path().join("b"), None);
    let error = found(&cut, RequestOptions::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model was still thinking after 16 tokens, in every item of the pilot"
    );
}

#[tokio::test]
async fn a_refusal_of_log_probabilities_is_not_one_of_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let forbidden =
        || StubResponse::new(403, "application/json", "{\"error\": \"no logprobs here\"}");
    let stub = StubServer::start(move |_, request| {
        if request.body.contains("\"logprobs\"") {
            return forbidden();
        }
        said(request, letter(request), &Value::Null)
    });
    let some = model(&stub, &folder.path().join("a"), None);
    let (way, _) = found(&some, RequestOptions::default()).await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::Free);

    let stub = StubServer::start(move |_, _| forbidden());
    let none = model(&stub, &folder.path().join("b"), None);
    let error = format!(
        "{:?}",
        found(&none, RequestOptions::default()).await.unwrap_err()
    );
    assert!(error.contains("no logprobs here"), "{error}");
}

#[tokio::test]
async fn an_endpoint_whose_model_gives_nan_is_an_error_with_the_item() {
    // From the first item of the pilot on, and at a later item: no other way of asking is tried.
    for (from, item) in [(0, "q0"), (7, "q7")] {
        let folder = tempfile::tempdir().unwrap();
        let stub = StubServer::start(move |_, request| {
            let number = request.body.rsplit_once("Which is number ").unwrap().1;
            let number: usize = number.split_once('?').unwrap().0.parse().unwrap();
            let logprob = if number == from {
                Value::Null
            } else {
                json!(-1.5)
            };
            let top = json!({ " A": logprob, " B": logprob, " C": logprob, " D": logprob });
            said(
                request,
                " A",
                &json!({ "tokens": [" A"], "top_logprobs": [top] }),
            )
        });
        let model = model(&stub, &folder.path().join("cache.jsonl"), None);
        let error = run(&model, RequestOptions::default()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("stub gives NaN for item {item}"));
    }
}

/// A run against a server that answers as told, after the pilot too.
async fn asked(
    answer: impl Fn(usize, &StubRequest) -> StubResponse + Send + 'static,
) -> Result<(PilotResult, Vec<SetAnswers>), EvaluateError> {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(answer);
    let model = model(&stub, &folder.path().join("c"), None);
    found(&model, RequestOptions::default()).await
}

/// Log-probabilities of which `right` holds .9.
fn sure(right: &str) -> Value {
    let mut top = json!({ "A": -4.0, "B": -4.0, "C": -4.0, "D": -4.0 });
    top[right] = json!(-0.1);
    top
}

#[tokio::test]
async fn an_item_that_begins_with_a_thought_has_no_answer() {
    let (way, answers) = asked(|_, request| {
        if request.body.contains("number 7?") {
            let thinks = json!({ "<think>": -0.01, "A": -5.0, "B": -6.0 });
            return likely(request, "<think>", &thinks);
        }
        let right = letter(request);
        likely(request, right, &sure(right))
    })
    .await
    .unwrap();
    assert_eq!(way.mode.constraint, Constraint::Logprobs);
    for set in &answers {
        let invalid = |it: &&Prediction| it.answer == Chosen::Invalid;
        let invalid: Vec<_> = set.predictions.iter().filter(invalid).collect();
        assert_eq!(invalid.len(), 1);
        assert_eq!(invalid[0].item_id, "q7");
    }
}

#[tokio::test]
async fn a_server_that_gives_a_thought_apart_is_asked_for_its_answer() {
    // vLLM with a parser for thoughts: the first tokens are the thought's, and the text comes after it.
    let (way, answers) = asked(|_, request| {
        if !is_chat(request) {
            return refused();
        }
        let tokens = request.body.contains("\"max_tokens\":1,");
        let text = if tokens {
            Value::Null
        } else {
            json!(letter(request))
        };
        let top = json!([{ "token": "Okay", "logprob": -0.05 }, { "token": "A", "logprob": -4.0 }]);
        let choice = json!({
            "message": { "content": text, "reasoning_content": "Okay" },
            "logprobs": { "content": [{ "token": "Okay", "top_logprobs": top }] },
        });
        let body = json!({ "choices": [choice] });
        StubResponse::new(200, "application/json", body.to_string())
    })
    .await
    .unwrap();
    assert_eq!(way.mode.constraint, Constraint::Free);
    assert_eq!(way.thought.as_deref(), Some("reasoning_content"));
    let mut predictions = answers.iter().flat_map(|set| &set.predictions);
    assert!(predictions.all(|it| it.judged().is_right()));
}

#[tokio::test]
async fn free_text_that_names_options_comes_before_letters_that_mean_little() {
    let (way, answers) = asked(|_, request| {
        let top = json!({ "(": -0.01, "A": -6.0, "B": -6.5, "C": -7.0, "D": -7.0 });
        likely(request, &format!("({})", letter(request)), &top)
    })
    .await
    .unwrap();
    assert_eq!(way.mode.constraint, Constraint::Free);
    let mut predictions = answers.iter().flat_map(|set| &set.predictions);
    assert!(predictions.all(|it| it.judged().is_right()));
}

#[tokio::test]
async fn numbers_that_are_no_probabilities_are_not_read() {
    // e^0 + e^0 + 2 e^-2 = 2.27, as of raw logits or of what sampling left.
    let top = json!({ "A": 0.0, "B": 0.0, "C": -2.0, "D": -2.0 });
    let free = asked(move |_, request| likely(request, letter(request), &top));
    let (way, _) = free.await.unwrap();
    assert_eq!(way.mode.constraint, Constraint::Free);
}

#[tokio::test]
async fn a_letter_that_was_written_and_is_not_listed_is_no_answer() {
    let (_, answers) = asked(|_, request| {
        let right = letter(request);
        let mut top = sure(right);
        if request.body.contains("number 7?") {
            top[right] = Value::Null;
        }
        likely(request, right, &top)
    })
    .await
    .unwrap();
    for set in &answers {
        let seventh = set.predictions.iter().find(|it| it.item_id == "q7");
        assert_eq!(seventh.unwrap().answer, Chosen::Invalid);
    }
}

#[tokio::test]
async fn an_endpoint_that_changes_after_the_pilot_ends_the_run() {
    let error = asked(|_, request| {
        if request.body.contains("number 11?") {
            return said(request, "D", &Value::Null);
        }
        let right = letter(request);
        likely(request, right, &sure(right))
    })
    .await
    .unwrap_err();
    let error = format!("{error:?}");
    assert!(
        error.contains("no log-probabilities came, although they did in the pilot"),
        "{error}"
    );

    let error = asked(|_, request| {
        let model = if request.body.contains("number 11?") {
            "small"
        } else {
            "big"
        };
        let right = letter(request);
        let choice = json!({ "text": right, "logprobs": { "top_logprobs": [sure(right)] } });
        let body = json!({ "choices": [choice], "model": model });
        StubResponse::new(200, "application/json", body.to_string())
    })
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the endpoint answered as `big` and then as `small`: the answers are not all from one model"
    );
}

#[test]
fn an_address_with_a_query_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| refused());
    let rules = ServiceConfig {
        concurrency: 1,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_millis(500),
        retry: RetryPolicy {
            attempts: 1,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    };
    let cache = AnswerCache::open(&folder.path().join("c")).unwrap();
    let service = Service::new("stub", rules, cache).unwrap();
    let address = format!("{}/v1?api-version=1", stub.origin());
    let error = OpenAi::new(service, &address, "m", None, "X")
        .err()
        .unwrap();
    assert!(error.to_string().contains("has a query"), "{error}");
}

//! Every way of asking, against servers that have it and servers that do not.

#![allow(clippy::unwrap_used)]

mod pilot;
mod servers;

use clika_base::templates::{AnswerForm, load_prompt};
use clika_base::types::{LanguageCode, NoProgress, Progress};
use clika_datasets::Task;
use clika_datasets::load_languages;
use clika_evaluate::{
    AnswerReader, Api, Constraint, EvaluateError, EvaluationSettings, PilotResult, Question,
    QuestionSet, RemoteAnswers, RequestMode, RequestOptions, SetAnswers, evaluate_remote,
};
use clika_network::http::RetryPolicy;
use clika_network::services::{AnswerCache, Budget, OpenAi, Service, ServiceConfig};
use clika_scores::metrics::Answer as Chosen;
use clika_scores::predictions::Prediction;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use stub_server::{StubRequest, StubResponse, StubServer};

fn model(stub: &StubServer, cache: &Path, max_requests: Option<u64>) -> OpenAi {
    let rules = ServiceConfig {
        concurrency: 4,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_millis(500),
        retry: RetryPolicy {
            attempts: 2,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget {
            max_requests,
            ..Budget::default()
        },
        key_in_clear: false,
    };
    let service = Service::new("stub", rules, AnswerCache::open(cache).unwrap()).unwrap();
    OpenAi::new(service, &format!("{}/v1", stub.origin()), "m", None, "X").unwrap()
}

fn sets() -> Vec<QuestionSet> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/languages");
    let languages = load_languages(&folder).unwrap();
    let english = languages.iter().find(|it| it.code.as_str() == "en");
    let reader = AnswerReader::new(None, english);
    let question = |n: usize| Question {
        id: format!("q{n}"),
        cluster_id: format!("q{n}"),
        premise: None,
        question: format!("Which is number {n}?"),
        relation: None,
        choices: ["zero", "one", "two", "three"].map(str::to_owned).to_vec(),
        label: u8::try_from(n % 4).unwrap(),
    };
    ["de", "en"]
        .map(|code| QuestionSet {
            task: Task::named("xgeo").unwrap(),
            language: LanguageCode::try_from(code.to_owned()).unwrap(),
            questions: (0..12).map(question).collect::<Vec<_>>().into(),
            reader: reader.clone(),
            exemplars: String::new(),
        })
        .to_vec()
}

async fn run(
    model: &OpenAi,
    options: RequestOptions,
) -> Result<(RequestMode, Vec<Vec<Prediction>>), EvaluateError> {
    let (way, answers) = found(model, options).await?;
    let predictions = answers.into_iter().map(|answers| answers.predictions);
    Ok((way.mode, predictions.collect()))
}

/// The way of asking, and what was answered by it.
async fn found(
    model: &OpenAi,
    options: RequestOptions,
) -> Result<(PilotResult, Vec<SetAnswers>), EvaluateError> {
    let answers = evaluated(model, options, &NoProgress).await?;
    Ok((answers.pilot, answers.sets))
}

async fn evaluated(
    model: &OpenAi,
    options: RequestOptions,
    progress: &dyn Progress,
) -> Result<RemoteAnswers, EvaluateError> {
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/prompts");
    let settings = EvaluationSettings {
        prompt: load_prompt(&prompts, "paper").unwrap(),
        options: RequestOptions {
            max_tokens: 16,
            ..options
        },
        exemplars: None,
    };
    evaluate_remote(model, &settings, &sets(), progress).await
}

/// The right letter for the number in a prompt.
fn letter(request: &StubRequest) -> &'static str {
    let number = request.body.rsplit_once("Which is number ").unwrap().1;
    let number: usize = number.split_once('?').unwrap().0.parse().unwrap();
    ["A", "B", "C", "D"][number % 4]
}

fn is_chat(request: &StubRequest) -> bool {
    request.head.starts_with("post /v1/chat/completions")
}

fn said(request: &StubRequest, text: &str, logprobs: &Value) -> StubResponse {
    let choice = if is_chat(request) {
        json!({ "message": { "content": text }, "logprobs": logprobs })
    } else {
        json!({ "text": text, "logprobs": logprobs })
    };
    StubResponse::new(
        200,
        "application/json",
        json!({ "choices": [choice] }).to_string(),
    )
}

fn refused() -> StubResponse {
    StubResponse::new(400, "application/json", "{\"error\": \"no such field\"}")
}

async fn check(
    answer: impl Fn(&StubRequest) -> StubResponse + Send + 'static,
    api: Api,
    constraint: Constraint,
) {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.jsonl");
    let stub = StubServer::start(move |_, request| answer(request));
    let first = model(&stub, &cache, None);
    let (mode, predictions) = run(&first, RequestOptions::default()).await.unwrap();
    assert_eq!(mode, RequestMode { api, constraint });
    drop(first);
    for set in &predictions {
        let ids: Vec<_> = set
            .iter()
            .map(|prediction| prediction.item_id.as_str())
            .collect();
        let expected: Vec<_> = (0..12).map(|n| format!("q{n}")).collect();
        assert_eq!(ids, expected, "in the order of the items");
        assert!(
            set.iter().all(|prediction| prediction.judged().is_right()),
            "{set:?}"
        );
        let scored = constraint == Constraint::Logprobs;
        assert!(
            set.iter()
                .all(|prediction| prediction.scores.is_some() == scored)
        );
    }
    let sent = stub.requests().len();
    // Everything is kept, the way of asking too: a run that may send nothing says the same.
    let again = run(&model(&stub, &cache, Some(0)), RequestOptions::default())
        .await
        .unwrap();
    assert_eq!(again, (mode, predictions));
    assert_eq!(stub.requests().len(), sent);
}

#[tokio::test]
async fn log_probabilities_of_completions() {
    let answer = |request: &StubRequest| {
        let right = letter(request);
        let mut top = json!({ " A": -3.0, " B": -3.0, "C": -3.5, " C": -3.25, " D": -4.0 });
        top[format!(" {right}")] = json!(-0.2);
        said(
            request,
            " x",
            &json!({ "tokens": [" x"], "top_logprobs": [top] }),
        )
    };
    check(answer, Api::Completions, Constraint::Logprobs).await;
}

#[tokio::test]
async fn log_probabilities_of_chat() {
    let answer = |request: &StubRequest| {
        if !is_chat(request) {
            return StubResponse::new(404, "application/json", "{}");
        }
        let top: Vec<_> = ["A", "B", "C", "D"]
            .map(|token| {
                let right = token == letter(request);
                json!({ "token": token, "logprob": if right { -0.5 } else { -2.0 } })
            })
            .to_vec();
        said(
            request,
            "x",
            &json!({ "content": [{ "token": "x", "top_logprobs": top }] }),
        )
    };
    check(answer, Api::Chat, Constraint::Logprobs).await;
}

/// A server that honours a field and ignores the others, as servers do.
fn honours(field: &'static str) -> impl Fn(&StubRequest) -> StubResponse + Send {
    move |request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let options = match field {
            "guided_choice" => &body["guided_choice"],
            "structured_outputs" => &body["structured_outputs"]["choice"],
            _ => &body["response_format"]["json_schema"]["schema"]["properties"]["answer"]["enum"],
        };
        let options = options.as_array();
        let chosen = match options.map(|options| options[0].as_str().unwrap()) {
            None => return said(request, "I like all of them.", &Value::Null),
            Some("A") => letter(request),
            Some(other) => other,
        };
        let text = match field {
            "response_format" => json!({ "answer": chosen }).to_string(),
            _ => chosen.to_owned(),
        };
        said(request, &text, &Value::Null)
    }
}

#[tokio::test]
async fn a_guided_choice() {
    check(
        honours("guided_choice"),
        Api::Completions,
        Constraint::GuidedChoice,
    )
    .await;
}

#[tokio::test]
async fn structured_outputs() {
    check(
        honours("structured_outputs"),
        Api::Completions,
        Constraint::StructuredOutputs,
    )
    .await;
}

#[tokio::test]
async fn a_json_schema_of_chat() {
    let honours = honours("response_format");
    let answer = move |request: &StubRequest| {
        if is_chat(request) {
            honours(request)
        } else {
            refused()
        }
    };
    check(answer, Api::Chat, Constraint::JsonSchema).await;
}

#[tokio::test]
async fn free_text_of_chat() {
    let answer = |request: &StubRequest| {
        if is_chat(request) {
            said(
                request,
                &format!("The answer is **{}**.", letter(request)),
                &Value::Null,
            )
        } else {
            refused()
        }
    };
    check(answer, Api::Chat, Constraint::Free).await;
}

#[tokio::test]
async fn a_bias_for_named_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(
            body["logit_bias"],
            json!({ "32": 100, "33": 100, "34": 100, "35": 100 })
        );
        said(request, letter(request), &Value::Null)
    });
    let options = |letter_tokens: Vec<u32>| RequestOptions {
        api: Some(Api::Chat),
        constraint: Some(Constraint::LogitBias),
        letter_tokens,
        ..RequestOptions::default()
    };
    let model = model(&stub, &folder.path().join("c"), None);
    let (_, predictions) = run(&model, options(vec![32, 33, 34, 35])).await.unwrap();
    assert!(
        predictions
            .iter()
            .flatten()
            .all(|prediction| prediction.judged().is_right())
    );
    let error = run(&model, options(vec![32, 33])).await.unwrap_err();
    assert!(matches!(error, EvaluateError::Impossible { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_answer_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| said(request, "I cannot say.", &Value::Null));
    let model = model(&stub, &folder.path().join("c"), None);
    let (_, predictions) = run(&model, RequestOptions::default()).await.unwrap();
    let mut answers = predictions.iter().flatten();
    assert!(
        answers.all(|prediction| prediction.answer == Chosen::Invalid
            && prediction.response.as_deref() == Some("I cannot say."))
    );
}

#[tokio::test]
async fn an_unknown_model_is_said_and_a_small_budget_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = StubServer::start(|_, _| {
        StubResponse::new(404, "application/json", "{\"error\": \"no model m\"}")
    });
    let error = run(
        &model(&unknown, &folder.path().join("a"), None),
        RequestOptions::default(),
    )
    .await;
    let error = format!("{:?}", error.unwrap_err());
    assert!(error.contains("no model m"), "{error}");

    let cache = folder.path().join("b");
    let stub = StubServer::start(|_, request| said(request, letter(request), &Value::Null));
    for _ in 0..40 {
        // The probes take some of the first requests; equal prompts of two languages are asked once.
        match run(&model(&stub, &cache, Some(5)), RequestOptions::default()).await {
            Ok((_, predictions)) => {
                assert_eq!(predictions.iter().flatten().count(), 24);
                return;
            }
            Err(EvaluateError::Api(clika_network::services::ApiError::Budget { .. })) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the runs do not go on from each other");
}

#[tokio::test]
async fn exemplars_stand_in_the_same_message_before_the_item() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        if is_chat(request) {
            said(request, letter(request), &Value::Null)
        } else {
            refused()
        }
    });
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/prompts");
    let settings = EvaluationSettings {
        prompt: load_prompt(&prompts, "paper").unwrap(),
        options: RequestOptions {
            api: Some(Api::Chat),
            constraint: Some(Constraint::Free),
            max_tokens: 16,
            ..RequestOptions::default()
        },
        exemplars: Some(AnswerForm::Letter),
    };
    let mut sets = sets();
    sets[0].exemplars = "Question:Wie viele?\nA. eins\nB. zwei\nAnswer:B. zwei\n".to_owned();
    sets[1].exemplars = "Question:How many?\nA. one\nB. two\nAnswer:B. two\n".to_owned();
    let model = model(&stub, &folder.path().join("c"), None);
    let answers = evaluate_remote(&model, &settings, &sets, &NoProgress)
        .await
        .unwrap();
    for (set, answers) in sets.iter().zip(&answers.sets) {
        let right = answers
            .predictions
            .iter()
            .filter(|it| it.judged().is_right());
        assert_eq!(right.count(), 12);
        let prompt = format!(
            "The following are multiple choice questions. Please choose the most reasonable one from the following \
             options.\n{}Question:Which is number 3?\nA. zero\nB. one\nC. two\nD. three\nAnswer:",
            set.exemplars
        );
        let messages = json!([{ "role": "user", "content": prompt }]);
        let requests = stub.requests();
        let mut bodies = requests
            .iter()
            .map(|it| serde_json::from_str::<Value>(&it.body).unwrap());
        assert!(bodies.any(|body| body["messages"] == messages), "{prompt}");
        let hash = clika_base::files::sha256_hex(&prompt);
        assert_eq!(answers.predictions[3].prompt_sha256, Some(hash));
    }
}

//! Runs that meet trouble: a busy service, one that refuses in the middle, answers out of order.

#![allow(clippy::unwrap_used)]

use clika_base::types::{NoProgress, Progress};
use clika_datasets::translate::{
    DeepL, LanguageModelTranslator, LibreTranslate, Passage, PassageKind, TranslationLanguages,
    Translations, translate,
};
use clika_network::http::RetryPolicy;
use clika_network::services::{AnswerCache, Budget, OpenAi, Secret, Service, ServiceConfig};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use stub_server::{StubRequest, StubResponse, StubServer};

const RUSSIAN: TranslationLanguages = TranslationLanguages {
    from: "en",
    to: "ru",
    script: "Cyrl",
};

fn service(cache: &Path, concurrency: usize) -> Service {
    let rules = ServiceConfig {
        concurrency,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_secs(5),
        retry: RetryPolicy {
            attempts: 10,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    };
    Service::new("stub", rules, AnswerCache::open(cache).unwrap()).unwrap()
}

fn deepl(stub: &StubServer, cache: &Path, concurrency: usize) -> DeepL {
    let key = Secret::new("DEEPL_AUTH_KEY", "key");
    DeepL::new(service(cache, concurrency), Some(key), Some(&stub.origin())).unwrap()
}

fn passage(texts: [&str; 3], kind: PassageKind) -> Passage {
    Passage {
        id: "1".to_owned(),
        texts: texts.map(str::to_owned).to_vec(),
        kind,
    }
}

fn passages(count: usize) -> Vec<Passage> {
    let one = |n: usize| {
        let texts = [&*format!("Dog {n}."), &*format!("Cat {n}."), "Cow"];
        passage(texts, PassageKind::Question)
    };
    (0..count).map(one).collect()
}

fn russian(text: &str) -> String {
    text.replace("Dog", "Собака")
        .replace("Cat", "Кошка")
        .replace("Cow", "Корова")
}

fn expected(count: usize) -> Vec<Vec<String>> {
    let texts = |n| {
        vec![
            format!("Собака {n}."),
            format!("Кошка {n}."),
            "Корова".to_owned(),
        ]
    };
    (0..count).map(texts).collect()
}

fn body(request: &StubRequest) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

fn texts(request: &StubRequest, field: &str) -> Vec<String> {
    serde_json::from_value(body(request)[field].clone()).unwrap()
}

fn json_answer(value: &Value) -> StubResponse {
    StubResponse::new(200, "application/json", value.to_string())
}

fn deepl_answer(request: &StubRequest) -> StubResponse {
    let translations: Vec<_> = texts(request, "text")
        .iter()
        .map(|text| json!({ "detected_source_language": "EN", "text": russian(text) }))
        .collect();
    json_answer(&json!({ "translations": translations }))
}

async fn run(deepl: &DeepL, count: usize) -> Translations {
    translate(deepl, &passages(count), RUSSIAN, &NoProgress)
        .await
        .unwrap()
}

/// Remembers what a person would have read.
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

#[tokio::test]
async fn a_busy_service_is_asked_again_after_the_rest_it_wants() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|number, request| match number {
        0 => StubResponse::new(429, "application/json", "{}").with_header("Retry-After: 1"),
        _ => deepl_answer(request),
    });
    let engine = deepl(&stub, &folder.path().join("c"), 1);
    let notes = Notes::default();
    let translated = translate(&engine, &passages(3), RUSSIAN, &notes)
        .await
        .unwrap();
    assert_eq!(translated.texts, expected(3));
    assert_eq!(stub.requests().len(), 2);
    let notes = notes.0.into_inner().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("asks to wait 1 s"), "{notes:?}");
}

#[tokio::test]
async fn a_run_that_was_refused_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("c");
    let stub = StubServer::start(|number, request| match number {
        2 => StubResponse::new(456, "application/json", "{\"message\": \"Quota Exceeded\"}"),
        _ => deepl_answer(request),
    });
    let failed = translate(
        &deepl(&stub, &cache, 1),
        &passages(170),
        RUSSIAN,
        &NoProgress,
    )
    .await;
    assert_eq!(failed.unwrap_err().to_string(), "stub gave no answer");
    assert_eq!(stub.requests().len(), 3, "nothing is sent after a refusal");
    assert_eq!(
        run(&deepl(&stub, &cache, 1), 170).await.texts,
        expected(170)
    );
    let sizes: Vec<_> = stub
        .requests()
        .iter()
        .map(|request| texts(request, "text").len())
        .collect();
    assert_eq!(sizes, [50, 50, 50, 50, 20]);
}

#[tokio::test]
async fn translations_have_the_order_of_their_passages() {
    let folder = tempfile::tempdir().unwrap();
    let second_is_answered = AtomicBool::new(false);
    let stub = StubServer::start(move |_, request| {
        if texts(request, "text")[0].contains("Dog 50.") {
            second_is_answered.store(true, Ordering::Relaxed);
        } else if !second_is_answered.load(Ordering::Relaxed) {
            return StubResponse::new(503, "application/json", "{}");
        }
        deepl_answer(request)
    });
    let translated = run(&deepl(&stub, &folder.path().join("c"), 2), 100).await;
    assert_eq!(translated.texts, expected(100));
}

#[tokio::test]
async fn libretranslate_decodes_the_entities_of_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        if request.head.starts_with("get /languages ") {
            return json_answer(&json!([{ "code": "en" }, { "code": "ru" }]));
        }
        let q = texts(request, "q");
        assert_eq!(q, ["<p>Dog &amp; co.</p><p>Cat &amp; co.</p><p>Cow</p>"]);
        let decoded: Vec<_> = q.iter().map(|q| russian(q).replace("&amp;", "&")).collect();
        json_answer(&json!({ "translatedText": decoded }))
    });
    let cache = folder.path().join("c");
    let engine = LibreTranslate::new(service(&cache, 1), &stub.origin(), None, &["ru"]).unwrap();
    let passages = [passage(
        ["Dog & co.", "Cat & co.", "Cow"],
        PassageKind::Question,
    )];
    let translated = translate(&engine, &passages, RUSSIAN, &NoProgress)
        .await
        .unwrap();
    assert_eq!(
        translated.texts,
        [["Собака & co.", "Кошка & co.", "Корова"]]
    );
    assert_eq!(translated.retried, 0);
    assert_eq!(body(&stub.requests()[1]).get("api_key"), None);
}

#[tokio::test]
async fn a_language_model_is_asked_again_where_its_prompt_differs() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("c");
    let stub = StubServer::start(|_, _| {
        let texts = json!({ "translations": ["Собака.", "Кошка.", "Корова"] });
        json_answer(&json!({ "choices": [{ "message": { "content": texts.to_string() } }] }))
    });
    let base = format!("{}/v1", stub.origin());
    for (kind, name, requests) in [
        (PassageKind::Cause, "Russian", 1),
        (PassageKind::Cause, "Russian", 1),
        (PassageKind::Effect, "Russian", 2),
        (PassageKind::Effect, "Russian of today", 3),
    ] {
        let model = OpenAi::new(service(&cache, 1), &base, "m", None, "CLIKA_API_KEY").unwrap();
        let llm = LanguageModelTranslator::new(model, vec![("ru".to_owned(), name.to_owned())]);
        let passages = [passage(["Dog.", "Cat.", "Cow"], kind)];
        let translated = translate(&llm, &passages, RUSSIAN, &NoProgress)
            .await
            .unwrap();
        assert_eq!(translated.texts, [["Собака.", "Кошка.", "Корова"]]);
        assert_eq!(stub.requests().len(), requests, "{kind:?}, {name}");
    }
}

#[tokio::test]
async fn what_stays_lost_is_listed_and_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("c");
    let stub = StubServer::start(|_, _| {
        let content = "I would rather not.";
        json_answer(&json!({ "choices": [{ "message": { "content": content } }] }))
    });
    let base = format!("{}/v1", stub.origin());
    for _ in 0..2 {
        let model = OpenAi::new(service(&cache, 1), &base, "m", None, "CLIKA_API_KEY").unwrap();
        let llm = LanguageModelTranslator::new(model, Vec::new());
        let translated = translate(&llm, &passages(1), RUSSIAN, &NoProgress)
            .await
            .unwrap();
        assert_eq!(translated.texts, [Vec::<String>::new()]);
        let (index, faults) = &translated.faults[0];
        assert_eq!((*index, faults[0].is_fatal()), (0, true));
        assert_eq!(faults[0].to_string(), "the model answered without JSON");
        assert_eq!(
            stub.requests().len(),
            2,
            "the item, and once more with the complaint"
        );
    }
}

//! Each provider against a server that answers as its documentation says.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_datasets::translate::{
    DeepL, GoogleTranslate, LanguageModelTranslator, LibreTranslate, Passage, PassageKind,
    TranslateError, TranslationFault, TranslationLanguages, Translations, Translator,
    back_translate, translate,
};
use clika_network::http::RetryPolicy;
use clika_network::services::{AnswerCache, Budget, OpenAi, Secret, Service, ServiceConfig};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use stub_server::{StubRequest, StubResponse, StubServer};

pub(crate) const KEY: &str = "never-to-be-seen";
pub(crate) const GERMAN: TranslationLanguages = TranslationLanguages {
    from: "en",
    to: "de",
    script: "Latn",
};

pub(crate) fn service(cache: &Path) -> Service {
    let rules = ServiceConfig {
        concurrency: 2,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_millis(500),
        retry: RetryPolicy {
            attempts: 3,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    };
    Service::new("stub", rules, AnswerCache::open(cache).unwrap()).unwrap()
}

pub(crate) fn passages(count: usize) -> Vec<Passage> {
    let one = |n: usize| Passage {
        id: n.to_string(),
        texts: vec![
            format!("Premise {n} & more <of> it."),
            format!("First choice {n}."),
            format!("Second choice {n}."),
        ],
        kind: PassageKind::Cause,
    };
    (0..count).map(one).collect()
}

/// What the stand-in services do to a text: German enough for the checks.
pub(crate) fn german(text: &str) -> String {
    text.replace("Premise", "Annahme")
        .replace("more", "mehr")
        .replace("of", "davon")
        .replace("First choice", "Erste Wahl")
        .replace("Second choice", "Zweite Wahl")
}

pub(crate) fn expected(passages: &[Passage]) -> Vec<Vec<String>> {
    let texts = passages.iter().map(|passage| &passage.texts);
    texts
        .map(|texts| texts.iter().map(|text| german(text)).collect())
        .collect()
}

pub(crate) fn json_answer(value: &Value) -> StubResponse {
    StubResponse::new(200, "application/json", value.to_string())
}

pub(crate) fn body(request: &StubRequest) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

pub(crate) fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

pub(crate) fn deepl_answer(request: &StubRequest) -> StubResponse {
    let body = body(request);
    let texts = strings(&body["text"]).into_iter();
    let translations: Vec<_> = texts
        .map(|text| json!({ "detected_source_language": "EN", "text": german(text) }))
        .collect();
    json_answer(&json!({ "translations": translations }))
}

pub(crate) fn deepl(stub: &StubServer, cache: &Path) -> DeepL {
    let key = Secret::new("DEEPL_AUTH_KEY", KEY);
    DeepL::new(service(cache), Some(key), Some(&stub.origin())).unwrap()
}

pub(crate) async fn run<T: Translator>(
    translator: &T,
    passages: &[Passage],
) -> Result<Translations, TranslateError> {
    translate(translator, passages, GERMAN, &NoProgress).await
}

#[tokio::test]
async fn deepl_translates_ten_items_in_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("deepl.jsonl");
    let stub = StubServer::start(|_, request| deepl_answer(request));
    let passages = passages(10);
    for _ in 0..2 {
        let translated = run(&deepl(&stub, &cache), &passages).await.unwrap();
        assert_eq!(translated.texts, expected(&passages));
        assert_eq!(translated.faults, []);
        assert_eq!(translated.first_date.len(), "2026-11-24".len());
    }
    let requests = stub.requests();
    assert_eq!(requests.len(), 1, "the second run sent nothing");
    let head = &requests[0].head;
    assert!(head.starts_with("post /v2/translate http/1.1"), "{head}");
    assert!(
        head.contains("authorization: deepl-auth-key never-to-be-seen"),
        "{head}"
    );
    let body = body(&requests[0]);
    assert_eq!(body["source_lang"], "EN");
    assert_eq!(body["target_lang"], "DE");
    assert_eq!(body["tag_handling"], "xml");
    assert_eq!(body["tag_handling_version"], "v2");
    assert_eq!(
        body["text"][3],
        "<item><t>Premise 3 &amp; more &lt;of&gt; it.</t><t>First choice 3.</t><t>Second choice 3.</t></item>"
    );
    assert!(!fs::read_to_string(&cache).unwrap().contains(KEY));
}

#[tokio::test]
async fn a_request_of_deepl_has_fifty_texts_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| deepl_answer(request));
    let passages = passages(120);
    let translated = run(&deepl(&stub, &folder.path().join("c")), &passages)
        .await
        .unwrap();
    assert_eq!(translated.texts, expected(&passages));
    let mut sizes: Vec<_> = stub
        .requests()
        .iter()
        .map(|request| body(request)["text"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
}

#[tokio::test]
async fn google_translates_ten_items() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("google.jsonl");
    let stub = StubServer::start(|_, request| {
        let body = body(request);
        let texts = strings(&body["contents"]).into_iter();
        let translations: Vec<_> = texts
            .map(|text| json!({ "translatedText": german(text).replace("</p><p>", "</p> <p>") }))
            .collect();
        json_answer(&json!({ "translations": translations }))
    });
    let token = Secret::new("GOOGLE_TRANSLATE_TOKEN", KEY);
    let google = GoogleTranslate::new(
        service(&cache),
        Some(token),
        Some("my-project".to_owned()),
        Some(&stub.origin()),
    );
    let passages = passages(10);
    let translated = run(&google.unwrap(), &passages).await.unwrap();
    assert_eq!(translated.texts, expected(&passages));
    let requests = stub.requests();
    let head = &requests[0].head;
    assert!(
        head.starts_with("post /v3/projects/my-project/locations/global:translatetext http/1.1"),
        "{head}"
    );
    assert!(
        head.contains("authorization: bearer never-to-be-seen"),
        "{head}"
    );
    let body = body(&requests[0]);
    assert_eq!(body["mimeType"], "text/html");
    assert_eq!(body["sourceLanguageCode"], "en");
    assert_eq!(body["targetLanguageCode"], "de");
    assert!(!fs::read_to_string(&cache).unwrap().contains(KEY));
}

#[tokio::test]
async fn a_language_model_translates_ten_items_and_is_told_what_was_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let body = body(request);
        let user = body["messages"][1]["content"].as_str().unwrap();
        let (item, complaint) = user.split_once('\n').unwrap_or((user, ""));
        let item: Value = serde_json::from_str(item).unwrap();
        let mut texts: Vec<_> = strings(&item["texts"]).into_iter().map(german).collect();
        if item["texts"][0].as_str().unwrap().contains(" 4 ") && complaint.is_empty() {
            texts[2] = texts[1].clone();
        }
        let content = format!("```json\n{}\n```", json!({ "translations": texts }));
        json_answer(&json!({ "choices": [{ "message": { "content": content } }] }))
    });
    let base = format!("{}/v1", stub.origin());
    let cache = folder.path().join("llm.jsonl");
    let model = OpenAi::new(service(&cache), &base, "m", None, "CLIKA_API_KEY").unwrap();
    let llm = LanguageModelTranslator::new(model, vec![("de".to_owned(), "German".to_owned())]);
    let passages = passages(10);
    let translated = run(&llm, &passages).await.unwrap();
    assert_eq!(translated.texts, expected(&passages));
    assert_eq!(translated.retried, 1);
    let requests = stub.requests();
    assert_eq!(requests.len(), 11);
    let last = body(&requests[10]);
    let told = last["messages"][1]["content"].as_str().unwrap();
    assert!(told.contains("two choices read the same"), "{told}");
    assert_eq!(
        last["response_format"]["json_schema"]["schema"]["properties"]["translations"]["minItems"],
        3
    );
}

/// What each service says when it refuses, and whether it is asked again.
#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    let google_busy =
        r#"{"error": {"code": 403, "errors": [{"reason": "userRateLimitExceeded"}]}}"#;
    let google_exhausted = r#"{"error": {"code": 403, "status": "RESOURCE_EXHAUSTED"}}"#;
    let google_daily = r#"{"error": {"code": 403, "errors": [{"reason": "dailyLimitExceeded"}]}}"#;
    let libre_ban = r#"{"error": "Too many request limits violations"}"#;
    let libre_keyless = r#"{"error": "Please contact the server operator to get an API key"}"#;
    let json = "application/json";
    let cases = [
        (
            "deepl",
            StubResponse::new(456, json, "{\"message\": \"Quota Exceeded\"}"),
            1,
            "quota is used up",
        ),
        (
            "deepl",
            StubResponse::new(403, json, "{}"),
            1,
            "no key or a wrong one",
        ),
        ("deepl", StubResponse::new(429, json, "{}"), 3, "429"),
        (
            "deepl",
            StubResponse::new(413, json, "{}"),
            1,
            "refused with 413",
        ),
        ("deepl", StubResponse::new(500, json, "{}"), 3, "500"),
        (
            "deepl",
            StubResponse::new(200, "text/html", "<html>"),
            3,
            "not JSON",
        ),
        (
            "deepl",
            StubResponse::new(200, json, "{\"translations\": []}"),
            1,
            "0 translations came back",
        ),
        (
            "deepl",
            StubResponse::CutOff {
                content_type: json.to_owned(),
                body: vec![b' '; 99],
            },
            3,
            "incomplete answer",
        ),
        ("deepl", StubResponse::Stall, 3, "incomplete answer"),
        (
            "google",
            StubResponse::new(403, json, google_busy),
            3,
            "403",
        ),
        (
            "google",
            StubResponse::new(403, json, google_exhausted),
            3,
            "403",
        ),
        (
            "google",
            StubResponse::new(403, json, google_daily),
            1,
            "quota is used up",
        ),
        (
            "google",
            StubResponse::new(403, json, "{}"),
            1,
            "no key or a wrong one",
        ),
        (
            "google",
            StubResponse::new(401, json, "{}"),
            1,
            "no key or a wrong one",
        ),
        (
            "libre",
            StubResponse::new(403, json, libre_ban),
            1,
            "quota is used up",
        ),
        (
            "libre",
            StubResponse::new(400, json, libre_keyless),
            1,
            "no key or a wrong one",
        ),
        (
            "libre",
            StubResponse::new(400, json, "{\"error\": \"xx is not supported\"}"),
            1,
            "xx is not supported",
        ),
        (
            "libre",
            StubResponse::new(500, json, "{\"error\": \"oops\"}"),
            3,
            "oops",
        ),
    ];
    for (engine, answer, attempts, said) in cases {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("c");
        let stub = StubServer::start(move |_, request| {
            if request.head.starts_with("get ") {
                return crate::libretranslate::libre_answer(request, &["en", "de"]);
            }
            answer.clone()
        });
        let passages = passages(2);
        let key = || Some(Secret::new("KEY", KEY));
        let origin = stub.origin();
        let result = match engine {
            "deepl" => run(&deepl(&stub, &cache), &passages).await,
            "google" => {
                let project = Some("p".to_owned());
                let google =
                    GoogleTranslate::new(service(&cache), key(), project, Some(&origin)).unwrap();
                run(&google, &passages).await
            }
            _ => {
                let libre = LibreTranslate::new(service(&cache), &origin, key(), &["de"]).unwrap();
                run(&libre, &passages).await
            }
        };
        let error = result.unwrap_err();
        let TranslateError::Api(clika_network::services::ApiError::Call { source, .. }) = &error
        else {
            panic!("{error}");
        };
        assert!(
            source.to_string().contains(said),
            "{engine}: {source}, not {said}"
        );
        let requests = stub.requests();
        let posts = requests.iter().filter(|it| it.head.starts_with("post "));
        assert_eq!(posts.count(), attempts, "{engine} {said}");
        assert!(!format!("{error:?}").contains(KEY));
    }
}

#[tokio::test]
async fn a_lost_choice_is_translated_apart_or_listed() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let body = body(request);
        let together = body.get("tag_handling").is_some();
        let texts = strings(&body["text"]).into_iter();
        let translations: Vec<_> = texts
            .map(|text| {
                let mut text = german(text);
                // Item 1 loses a choice in markup; item 2 is never translated well.
                if together && text.contains("Annahme 1") {
                    text = text.replace("<t>Zweite Wahl 1.</t>", "");
                }
                if text.contains("Zweite Wahl 2") {
                    text = text.replace("Zweite Wahl 2", "Erste Wahl 2");
                }
                json!({ "text": text })
            })
            .collect();
        json_answer(&json!({ "translations": translations }))
    });
    let passages = passages(4);
    let translated = run(&deepl(&stub, &folder.path().join("c")), &passages)
        .await
        .unwrap();
    assert_eq!(translated.retried, 2);
    assert_eq!(translated.texts[1], expected(&passages)[1]);
    assert_eq!(
        translated.faults,
        [(2, vec![TranslationFault::SameChoices(1, 2)])]
    );
    let context = passages[1].texts.join("\n");
    let requests: Vec<Value> = stub.requests().iter().map(body).collect();
    assert_eq!(requests.len(), 3);
    let apart = requests.iter().find(|body| body["context"] == context);
    assert_eq!(strings(&apart.unwrap()["text"]), passages[1].texts);
}

#[tokio::test]
async fn kept_translations_need_no_key_and_others_do() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("c");
    let stub = StubServer::start(|_, request| deepl_answer(request));
    run(&deepl(&stub, &cache), &passages(3)).await.unwrap();
    let without = || DeepL::new(service(&cache), None, None).unwrap();
    assert_eq!(run(&without(), &passages(3)).await.unwrap().texts.len(), 3);
    let error = run(&without(), &passages(4)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "DeepL needs a key to translate into `de`"
    );
}

#[tokio::test]
async fn translations_are_translated_back_for_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let body = body(request);
        if body["target_lang"] == "DE" {
            return deepl_answer(request);
        }
        assert_eq!(
            (&body["source_lang"], &body["target_lang"]),
            (&json!("DE"), &json!("EN-US"))
        );
        let texts = strings(&body["text"]).into_iter().map(|text| {
            let english = text.replace("Annahme", "Premise").replace("mehr", "more");
            let english = english
                .replace("davon", "of")
                .replace("Erste Wahl", "First choice");
            json!({ "text": english.replace("Zweite Wahl", "Second choice") })
        });
        json_answer(&json!({ "translations": texts.collect::<Vec<_>>() }))
    });
    let engine = deepl(&stub, &folder.path().join("c"));
    let passages = passages(5);
    let translated = run(&engine, &passages).await.unwrap();
    let chrf = back_translate(&engine, &passages, &translated, GERMAN, &NoProgress).await;
    assert_eq!(
        chrf.unwrap(),
        Some(100.0),
        "what comes back unchanged agrees in full"
    );
}

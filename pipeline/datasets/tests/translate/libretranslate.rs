//! LibreTranslate, whose servers call languages differently.

use crate::providers::{KEY, body, expected, german, json_answer, passages, run, service, strings};
use clika_base::types::NoProgress;
use clika_datasets::translate::{LibreTranslate, TranslationLanguages, back_translate, translate};
use clika_network::services::Secret;
use serde_json::json;
use std::fs;
use stub_server::{StubRequest, StubResponse, StubServer};

/// A server that offers these languages, as LibreTranslate 1.6 lists them.
pub(crate) fn libre_answer(request: &StubRequest, codes: &[&str]) -> StubResponse {
    if request.head.starts_with("get /languages ") {
        let languages = codes
            .iter()
            .map(|code| json!({ "code": code, "name": code, "targets": codes }));
        return json_answer(&languages.collect());
    }
    let body = body(request);
    for field in ["source", "target"] {
        let code = body[field].as_str().unwrap();
        if !codes.contains(&code) {
            let error = json!({ "error": format!("{code} is not supported") });
            return StubResponse::new(400, "application/json", error.to_string());
        }
    }
    let texts: Vec<_> = strings(&body["q"]).into_iter().map(german).collect();
    json_answer(&json!({ "translatedText": texts }))
}

#[tokio::test]
async fn libretranslate_is_asked_by_the_codes_that_it_lists() {
    const CHINESE: TranslationLanguages = TranslationLanguages {
        from: "en",
        to: "zh",
        // The stand-in writes German.
        script: "Latn",
    };
    for (codes, code) in [(["en", "zh-Hans"], "zh-Hans"), (["en", "zh"], "zh")] {
        let folder = tempfile::tempdir().unwrap();
        let stub = StubServer::start(move |_, request| libre_answer(request, &codes));
        let service = service(&folder.path().join("c"));
        let libre = LibreTranslate::new(service, &stub.origin(), None, &["zh"]).unwrap();
        let items = passages(20);
        let translated = translate(&libre, &items, CHINESE, &NoProgress)
            .await
            .unwrap();
        assert_eq!(translated.texts, expected(&items));
        back_translate(&libre, &items, &translated, CHINESE, &NoProgress)
            .await
            .unwrap();
        let requests = stub.requests();
        let lists = requests.iter().filter(|it| it.head.starts_with("get "));
        assert_eq!(lists.count(), 1, "asked once");
        let pairs: std::collections::BTreeSet<(String, String)> = requests
            .iter()
            .filter(|it| it.head.starts_with("post "))
            .map(|it| {
                let body = body(it);
                let text = |field: &str| body[field].as_str().unwrap().to_owned();
                (text("source"), text("target"))
            })
            .collect();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(pairs, [pair("en", code), pair(code, "en")].into());
    }
}

#[tokio::test]
async fn a_language_that_libretranslate_lacks_is_named_before_anything_is_translated() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| libre_answer(request, &["en", "de", "zt"]));
    let service = service(&folder.path().join("c"));
    let libre = LibreTranslate::new(service, &stub.origin(), None, &["de", "zh"]).unwrap();
    let error = run(&libre, &passages(3)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} does not translate from `en` into `zh`: it does not offer `zh`, but en, de, zt",
            stub.origin()
        )
    );
    assert_eq!(stub.requests().len(), 1, "nothing was translated");
}

#[tokio::test]
async fn libretranslate_without_a_list_is_asked_by_our_codes() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        if request.head.starts_with("get ") {
            return StubResponse::new(404, "application/json", "{}");
        }
        libre_answer(request, &["en", "de"])
    });
    let service = service(&folder.path().join("c"));
    let libre = LibreTranslate::new(service, &stub.origin(), None, &["de"]).unwrap();
    let items = passages(3);
    assert_eq!(run(&libre, &items).await.unwrap().texts, expected(&items));
}

#[tokio::test]
async fn libretranslate_translates_ten_items() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("libre.jsonl");
    let stub = StubServer::start(|_, request| libre_answer(request, &["en", "de"]));
    let key = Secret::new("LIBRETRANSLATE_API_KEY", KEY);
    let libre = LibreTranslate::new(service(&cache), &stub.origin(), Some(key), &["de"]).unwrap();
    let passages = passages(10);
    let translated = run(&libre, &passages).await.unwrap();
    assert_eq!(translated.texts, expected(&passages));
    assert!(
        stub.requests()[0]
            .head
            .starts_with("get /languages http/1.1")
    );
    let request = &stub.requests()[1];
    assert!(request.head.starts_with("post /translate http/1.1"));
    let body = body(request);
    assert_eq!(
        (
            &body["source"],
            &body["target"],
            &body["format"],
            &body["api_key"]
        ),
        (&json!("en"), &json!("de"), &json!("html"), &json!(KEY))
    );
    assert!(!fs::read_to_string(&cache).unwrap().contains(KEY));
}

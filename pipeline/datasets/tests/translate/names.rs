//! Names by a language model: a stand-in that repeats itself, mixes scripts and talks.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_datasets::translate::{GeneratedNames, NameLanguage, TranslateError, generate_names};
use clika_network::http::RetryPolicy;
use clika_network::services::{AnswerCache, Budget, OpenAi, Service, ServiceConfig};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, time::Duration};
use stub_server::{StubRequest, StubResponse, StubServer};

fn model(stub: &StubServer, cache: &Path) -> OpenAi {
    let rules = ServiceConfig {
        concurrency: 2,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_secs(5),
        retry: RetryPolicy {
            attempts: 2,
            first_wait: Duration::from_millis(1),
        },
        budget: Budget::default(),
        key_in_clear: false,
    };
    let service = Service::new("stub", rules, AnswerCache::open(cache).unwrap()).unwrap();
    let base = format!("{}/v1", stub.origin());
    OpenAi::new(service, &base, "m", None, "CLIKA_API_KEY").unwrap()
}

fn languages() -> Vec<NameLanguage> {
    [("de", "German", "Latn"), ("ja", "Japanese", "Jpan")]
        .map(|(code, english_name, script)| NameLanguage {
            code: code.to_owned(),
            english_name: english_name.to_owned(),
            script: script.to_owned(),
        })
        .to_vec()
}

/// System message, user message.
fn messages(request: &StubRequest) -> (String, String) {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let text = |index: usize| {
        body["messages"][index]["content"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    (text(0), text(1))
}

fn chat(content: &str) -> StubResponse {
    let body = json!({
        "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 10 },
    });
    StubResponse::new(200, "application/json", body.to_string())
}

/// A letter for a number, so that names need no digits.
fn letters(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    format!("{}{}", letter(number / 26), letter(number))
}

fn made_up(number: usize, continents: bool) -> String {
    if continents {
        format!("Con{}ia", letters(number))
    } else {
        format!("Pla{} Hollow", letters(number))
    }
}

/// Makes up names by the number of those that are taken, and translates by spelling.
fn sensible(request: &StubRequest) -> StubResponse {
    let (system, user) = messages(request);
    if system.starts_with("You make up names") {
        let used = user.lines().next().unwrap();
        let used = used.split_once("taken: ").unwrap().1;
        let used = if used.starts_with("none") {
            0
        } else {
            used.matches(", ").count() + 1
        };
        let continents = system.contains("names of continents") || system.contains("continents,");
        let names: Vec<_> = (used..used + 20)
            .map(|it| made_up(it, continents))
            .collect();
        return chat(&json!({ "names": names }).to_string());
    }
    let names = asked(&user);
    let pairs = names.iter().map(|name| {
        let translation = translated(name, system.contains("into German"));
        json!({ "english": name, "translation": translation })
    });
    chat(&json!({ "names": pairs.collect::<Vec<_>>() }).to_string())
}

fn asked(user: &str) -> Vec<String> {
    let line = user.lines().next().unwrap();
    let value: Value = serde_json::from_str(line).unwrap();
    let names = value["names"].as_array().unwrap().iter();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn translated(name: &str, german: bool) -> String {
    if german {
        return name.replace(" Hollow", "-Senke").replace("ia", "ien");
    }
    // Every letter as a katakana of its own.
    let kana = |c: char| char::from_u32(0x30a2 + u32::from(c as u8 % 64)).unwrap();
    name.replace(" Hollow", "")
        .chars()
        .map(kana)
        .collect::<String>()
        + "盆地"
}

async fn names(
    stub: &StubServer,
    cache: &Path,
    seed: u64,
) -> Result<GeneratedNames, TranslateError> {
    generate_names(&model(stub, cache), 3, 45, &languages(), seed, &NoProgress).await
}

#[tokio::test]
async fn names_are_made_up_in_english_and_translated_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("llm.jsonl");
    let stub = StubServer::start(|_, request| sensible(request));
    let coined = names(&stub, &cache, 7).await.unwrap();
    assert_eq!((coined.continents.len(), coined.places.len()), (3, 45));
    assert_eq!(coined.continents[1]["en"], "Conabia");
    assert_eq!(coined.continents[1]["de"], "Conabien");
    assert_eq!(coined.places[0]["en"], "Plaad Hollow");
    assert_eq!(coined.places[0]["de"], "Plaad-Senke");
    for code in ["en", "de", "ja"] {
        let all = coined.continents.iter().chain(&coined.places);
        let distinct: BTreeSet<_> = all.map(|names| &names[code]).collect();
        assert_eq!(distinct.len(), 48, "{code}");
    }
    // 1 + 3 requests for English, 1 + 3 batches for each language.
    assert_eq!(stub.requests().len(), 12);
    let body: Value = serde_json::from_str(&stub.requests()[0].body).unwrap();
    let schema = &body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["names"]["items"]["type"], "string");
    assert_eq!(schema["additionalProperties"], false);
    // The same call is answered by the cache; another seed is another world.
    assert_eq!(names(&stub, &cache, 7).await.unwrap(), coined);
    assert_eq!(stub.requests().len(), 12);
    names(&stub, &cache, 8).await.unwrap();
    // The stand-in makes up the same English names, whose translations are kept.
    assert_eq!(stub.requests().len(), 16);
}

#[tokio::test]
async fn what_cannot_be_used_is_asked_for_again_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|number, request| {
        let (system, user) = messages(request);
        match number {
            // No JSON at all; then names that repeat, contain a continent's, or are in the wrong script.
            0 => chat("I would love to help!"),
            1 => chat(r#"{"names": []}"#),
            3 => chat(
                r#"```json
{"names": ["Plain Ridge", "plain ridge", "Conaaia Bay", "Долина", "No. 7 Hill"]}
```"#,
            ),
            _ if system.contains("into Japanese") && !user.contains("refused") => {
                // One in Latin letters, one missing, two alike.
                let pairs: Vec<_> = asked(&user)
                    .iter()
                    .enumerate()
                    .filter(|(position, _)| *position != 1)
                    .map(|(position, name)| {
                        let translation = match position {
                            0 => "Latin".to_owned(),
                            2 | 3 => format!("{}山", translated(&asked(&user)[2], false)),
                            _ => translated(name, false),
                        };
                        json!({ "english": name, "translation": translation })
                    })
                    .collect();
                chat(&json!({ "names": pairs }).to_string())
            }
            _ => sensible(request),
        }
    });
    let coined = names(&stub, &folder.path().join("llm.jsonl"), 7)
        .await
        .unwrap();
    assert_eq!(coined.places[0]["en"], "Plain Ridge");
    assert!(coined.asked_again >= 3, "{}", coined.asked_again);
    let told: String = stub
        .requests()
        .iter()
        .map(|it| messages(it).1 + "\n")
        .collect();
    for reason in [
        "`plain ridge`: `Plain Ridge` is taken",
        "`Conaaia Bay`: it contains the continent's name `Conaaia`",
        "`Долина`: not in the script Latn",
        "`No. 7 Hill`: holds .",
        "as `Latin`: not in the script Jpan",
        "no translation came back",
        "山` is taken",
    ] {
        assert!(told.contains(reason), "{reason}");
    }
}

#[tokio::test]
async fn a_model_that_repeats_itself_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, _| chat(r#"{"names": ["Plain Ridge", "Plain Ridge"]}"#));
    let error = names(&stub, &folder.path().join("llm.jsonl"), 7)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "of the 3 names that are needed, the model made up 1 that can be used; the last refused one: `Plain Ridge`: `Plain Ridge` is taken"
    );
    assert!(stub.requests().len() < 10, "{}", stub.requests().len());
}

#[tokio::test]
async fn a_model_that_does_not_write_the_script_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|_, request| {
        let (system, user) = messages(request);
        if system.contains("into Japanese") {
            let same = |name: &String| json!({ "english": name, "translation": name });
            let pairs: Vec<_> = asked(&user).iter().map(same).collect();
            return chat(&json!({ "names": pairs }).to_string());
        }
        sensible(request)
    });
    let error = names(&stub, &folder.path().join("llm.jsonl"), 7)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 names have no usable translation into `ja`, such as `Conaaia` as `Conaaia`: not in the script Jpan"
    );
}

/// A continent that is asked for again may not take a name that lies within a place's, nor may one continent
/// lie within another.
#[tokio::test]
async fn a_continents_name_never_lies_within_another() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubServer::start(|number, request| {
        let (system, _) = messages(request);
        if number == 0 {
            return chat(r#"{"names": ["Velmaria", "Velmar", "Tarvo"]}"#);
        }
        if system.contains("into German") && number < 9 {
            let (_, user) = messages(request);
            let asked = asked(&user);
            let continents = asked.iter().any(|name| name == "Velmaria");
            let pairs = asked.iter().enumerate().map(|(position, name)| {
                let translation = match (continents, position) {
                    (true, 0) if !user.contains("refused") => "Велмария".to_owned(),
                    (true, 0) => "Dorf".to_owned(),
                    (false, 0) if !user.contains("refused") => "Dorfbach".to_owned(),
                    _ => translated(name, true),
                };
                json!({ "english": name, "translation": translation })
            });
            return chat(&json!({ "names": pairs.collect::<Vec<_>>() }).to_string());
        }
        sensible(request)
    });
    let coined = names(&stub, &folder.path().join("llm.jsonl"), 7)
        .await
        .unwrap();
    for code in ["en", "de", "ja"] {
        let all = || coined.continents.iter().chain(&coined.places);
        for continent in &coined.continents {
            let within = all().filter(|names| {
                names[code]
                    .to_lowercase()
                    .contains(&continent[code].to_lowercase())
            });
            assert_eq!(within.count(), 1, "{code}: {}", continent[code]);
        }
    }
    assert!(coined.continents.iter().any(|names| names["de"] == "Dorf"));
}

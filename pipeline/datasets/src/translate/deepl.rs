//! DeepL's API, version 2.

use crate::translate::{
    BatchLimits, Passage, SendMode, TranslateError, TranslationResult, Translator, markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{ApiError, CallError, Secret, Service, ServiceAnswer, Usage, call};
use serde_json::{Value, json};

/// DeepL. The key decides the address: free keys end in `:fx`.
pub struct DeepL {
    service: Service,
    http: reqwest::Client,
    base: String,
    key: Option<Secret>,
}

const VARIABLE: &str = "DEEPL_AUTH_KEY";

/// DeepL's default depends on the account's age. This one wants XML with one root.
const TAG_HANDLING: &str = "v2";

impl DeepL {
    /// Prepares a client; nothing is sent yet. `base` replaces DeepL's own address.
    pub fn new(
        service: Service,
        key: Option<Secret>,
        base: Option<&str>,
    ) -> Result<Self, TranslateError> {
        let free = key
            .as_ref()
            .is_some_and(|key| key.expose().ends_with(":fx"));
        let base = base.unwrap_or(if free {
            "https://api-free.deepl.com"
        } else {
            "https://api.deepl.com"
        });
        let http =
            clika_network::http::client(clika_network::http::USER_AGENT, service.rules().timeout)
                .map_err(ApiError::Setup)?;
        service.check_key(base, key.as_ref())?;
        Ok(Self {
            service,
            http,
            base: base.trim_end_matches('/').to_owned(),
            key,
        })
    }

    /// The key of the environment.
    pub fn key() -> Option<Secret> {
        Secret::from_env(&[VARIABLE])
    }
}

/// A target language in DeepL's words: a variant where it asks for one.
fn target(code: &str) -> String {
    match code {
        "en" => "EN-US".to_owned(),
        "zh" => "ZH-HANS".to_owned(),
        other => other.to_uppercase(),
    }
}

/// DeepL's own status.
fn special(answer: &HttpResponse) -> Option<CallError> {
    (answer.status.as_u16() == 456).then(|| CallError::Quota {
        status: answer.status,
        excerpt: excerpt(&answer.body),
    })
}

impl Translator for DeepL {
    fn name(&self) -> &'static str {
        "deepl"
    }

    fn service(&self) -> &Service {
        &self.service
    }

    fn limits(&self, mode: SendMode) -> BatchLimits {
        BatchLimits {
            // The context of a request is one item's.
            passages: match mode {
                SendMode::Together => 50,
                SendMode::Apart { .. } => 1,
            },
            // 128 KiB, less what is around the texts.
            bytes: 120 << 10,
        }
    }

    fn settings(&self, _passage: &Passage, _from: &str, _to: &str, _manner: SendMode) -> Value {
        json!({ "tag_handling_version": TAG_HANDLING })
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let key = self
            .key
            .as_ref()
            .ok_or_else(|| TranslateError::MissingKey {
                engine: "DeepL",
                language: to.to_owned(),
                variable: VARIABLE,
            })?;
        let mut body = json!({
            "source_lang": from.to_uppercase(),
            "target_lang": target(to),
            "preserve_formatting": true,
        });
        let texts: Vec<String> = match mode {
            SendMode::Together => {
                body["tag_handling"] = json!("xml");
                body["tag_handling_version"] = json!(TAG_HANDLING);
                body["splitting_tags"] = json!(["t"]);
                body["outline_detection"] = json!(false);
                let marked = batch
                    .iter()
                    .map(|passage| markup::write_document(&passage.texts, "t"));
                marked.collect()
            }
            SendMode::Apart { .. } => {
                let texts = batch.iter().flat_map(|passage| passage.texts.clone());
                let texts: Vec<_> = texts.collect();
                body["context"] = json!(texts.join("\n"));
                texts
            }
        };
        body["text"] = json!(texts);
        let most = Usage {
            characters: texts.iter().map(|text| text.chars().count() as u64).sum(),
            ..Usage::default()
        };
        let count = texts.len();
        let attempt = || async {
            let request = self
                .http
                .post(format!("{}/v2/translate", self.base))
                .header("Authorization", format!("DeepL-Auth-Key {}", key.expose()))
                .header("Content-Type", "application/json")
                .body(body.to_string());
            let advice = format!("check the key in {}", key.variable());
            let answer = call(request, special, &advice).await?;
            let value = texts_of(&answer, "/translations", "text", count)?;
            Ok(ServiceAnswer { value, usage: None })
        };
        let answered = self.service.send(most, attempt, progress).await?;
        Ok(sort(answered.value, batch, mode, "t"))
    }
}

/// The list of `count` texts in an answer; an answer with another number is not used.
pub(crate) fn texts_of(
    answer: &HttpResponse,
    list: &str,
    field: &str,
    count: usize,
) -> Result<Value, CallError> {
    let unexpected = |problem: String| CallError::Unexpected {
        problem,
        excerpt: excerpt(&answer.body),
    };
    let value: Value =
        serde_json::from_slice(&answer.body).map_err(|error| unexpected(error.to_string()))?;
    let entries = value.pointer(list).and_then(Value::as_array);
    let texts: Option<Vec<&str>> = entries.and_then(|entries| {
        let texts = entries.iter().map(|entry| match entry {
            Value::String(text) => Some(text.as_str()),
            entry => entry[field].as_str(),
        });
        texts.collect()
    });
    match texts {
        Some(texts) if texts.len() == count => Ok(json!(texts)),
        Some(texts) => Err(unexpected(format!(
            "{} translations came back for {count} texts",
            texts.len()
        ))),
        None => Err(unexpected("the answer has no translations".to_owned())),
    }
}

/// Gives the texts of an answer back to their passages.
pub(crate) fn sort(
    value: Value,
    batch: &[&Passage],
    mode: SendMode,
    element: &str,
) -> Vec<TranslationResult> {
    let texts = value.as_array().into_iter().flatten();
    let mut texts = texts.map(|text| text.as_str().unwrap_or("").to_owned());
    let passages = batch.iter().map(|passage| match mode {
        SendMode::Together => match texts.next() {
            Some(marked) => markup::read(&marked, element, passage.texts.len()),
            None => Err("no text came back".to_owned()),
        },
        SendMode::Apart { .. } => Ok(texts.by_ref().take(passage.texts.len()).collect()),
    });
    passages.collect()
}

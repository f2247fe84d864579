//! A LibreTranslate server, which anybody can run.

use crate::translate::{
    BatchLimits, Passage, SendMode, TranslateError, TranslationResult, Translator,
    deepl::{sort, texts_of},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{ApiError, CallError, Secret, Service, ServiceAnswer, Usage, call};
use serde_json::{Value, json};

/// LibreTranslate at an address; its key is optional.
pub struct LibreTranslate {
    service: Service,
    http: reqwest::Client,
    base: String,
    key: Option<Secret>,
}

impl LibreTranslate {
    /// Prepares a client; nothing is sent yet.
    pub fn new(service: Service, base: &str, key: Option<Secret>) -> Result<Self, TranslateError> {
        let url = clika_network::http::address(base).ok_or_else(|| ApiError::Url {
            url: base.to_owned(),
        })?;
        let http =
            clika_network::http::client(clika_network::http::USER_AGENT, service.rules().timeout)
                .map_err(ApiError::Setup)?;
        service.check_key(base, key.as_ref())?;
        Ok(Self {
            service,
            http,
            base: url.as_str().trim_end_matches('/').to_owned(),
            key,
        })
    }

    /// The key of the environment.
    pub fn key() -> Option<Secret> {
        Secret::from_env(&["LIBRETRANSLATE_API_KEY"])
    }
}

const ADVICE: &str = "set the environment variable LIBRETRANSLATE_API_KEY to the server's key, or name \
                      another server";

/// LibreTranslate answers 403 to somebody it has slowed down too often, and 400 to somebody without a key.
fn special(answer: &HttpResponse) -> Option<CallError> {
    let text = String::from_utf8_lossy(&answer.body);
    let (status, excerpt) = (answer.status, excerpt(&answer.body));
    match status.as_u16() {
        403 if text.contains("Too many request") => Some(CallError::Quota { status, excerpt }),
        400 if text.contains("API key") => Some(CallError::Key {
            status,
            excerpt,
            advice: ADVICE.to_owned(),
        }),
        _ => None,
    }
}

impl Translator for LibreTranslate {
    fn name(&self) -> &'static str {
        "libretranslate"
    }

    fn service(&self) -> &Service {
        &self.service
    }

    fn limits(&self, _manner: SendMode) -> BatchLimits {
        BatchLimits {
            passages: 10,
            // Public servers take 2,000 characters.
            bytes: 2_000,
        }
    }

    fn settings(&self, _passage: &Passage, _from: &str, _to: &str, _manner: SendMode) -> Value {
        // Servers differ in their models.
        json!(self.base)
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let (texts, format): (Vec<String>, _) = match mode {
            SendMode::Together => {
                let marked = batch
                    .iter()
                    .map(|passage| markup::write(&passage.texts, "p"));
                (marked.collect(), "html")
            }
            SendMode::Apart { .. } => {
                let texts = batch.iter().flat_map(|passage| passage.texts.clone());
                (texts.collect(), "text")
            }
        };
        let mut body = json!({ "q": texts, "source": from, "target": to, "format": format });
        if let Some(key) = &self.key {
            body["api_key"] = json!(key.expose());
        }
        let most = Usage {
            characters: texts.iter().map(|text| text.chars().count() as u64).sum(),
            ..Usage::default()
        };
        let attempt = || async {
            let request = self
                .http
                .post(format!("{}/translate", self.base))
                .header("Content-Type", "application/json")
                .body(body.to_string());
            let answer = call(request, special, ADVICE).await?;
            let value = texts_of(&answer, "/translatedText", "", texts.len())?;
            Ok(ServiceAnswer { value, usage: None })
        };
        let answered = self.service.send(most, attempt, progress).await?;
        Ok(sort(answered.value, batch, mode, "p"))
    }
}

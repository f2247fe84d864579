//! A LibreTranslate server, which anybody can run.

use crate::translate::{
    BatchLimits, Passage, SendMode, TranslateError, TranslationResult, Translator,
    http_translator::{HttpTranslator, TextRequest, texts},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{ApiError, CallError, Secret, Service};
use serde_json::{Value, json};

/// LibreTranslate at an address; its key is optional.
pub struct LibreTranslate {
    http: HttpTranslator,
    key: Option<Secret>,
}

impl LibreTranslate {
    /// Prepares a client; nothing is sent yet.
    pub fn new(service: Service, base: &str, key: Option<Secret>) -> Result<Self, TranslateError> {
        let url = clika_network::http::address(base).ok_or_else(|| ApiError::Url {
            url: base.to_owned(),
        })?;
        Ok(Self {
            http: HttpTranslator::new(service, url.as_str(), key.as_ref())?,
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
        &self.http.service
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
        json!(self.http.base)
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let texts = texts(batch, mode, |texts| markup::write(texts, "p"));
        let format = match mode {
            SendMode::Together => "html",
            SendMode::Apart { .. } => "text",
        };
        let mut body = json!({ "q": texts, "source": from, "target": to, "format": format });
        if let Some(key) = &self.key {
            body["api_key"] = json!(key.expose());
        }
        let request = TextRequest {
            path: "/translate".to_owned(),
            headers: Vec::new(),
            body,
            texts: &texts,
            list: "/translatedText",
            field: "",
            element: "p",
            special,
            advice: ADVICE.to_owned(),
        };
        self.http.send(request, batch, mode, progress).await
    }
}

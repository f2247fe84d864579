//! Google Cloud Translation, version 3 ("Advanced").

use crate::translate::{
    BatchLimits, Passage, SendMode, TranslateError, TranslationResult, Translator,
    deepl::{sort, texts_of},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt, retry_after};
use clika_network::services::{ApiError, CallError, Secret, Service, ServiceAnswer, Usage, call};
use serde_json::{Value, json};

/// Google Cloud Translation. It takes an OAuth access token (`gcloud auth print-access-token`) and a project.
pub struct GoogleTranslate {
    service: Service,
    http: reqwest::Client,
    base: String,
    token: Option<Secret>,
    project: Option<String>,
}

const TOKEN: &str = "GOOGLE_TRANSLATE_TOKEN";
const PROJECT: &str = "GOOGLE_CLOUD_PROJECT";

impl GoogleTranslate {
    /// Prepares a client; nothing is sent yet. `base` replaces Google's own address.
    pub fn new(
        service: Service,
        token: Option<Secret>,
        project: Option<String>,
        base: Option<&str>,
    ) -> Result<Self, TranslateError> {
        let http =
            clika_network::http::client(clika_network::http::USER_AGENT, service.rules().timeout)
                .map_err(ApiError::Setup)?;
        let base = base.unwrap_or("https://translation.googleapis.com");
        service.check_key(base, token.as_ref())?;
        Ok(Self {
            service,
            http,
            base: base.trim_end_matches('/').to_owned(),
            token,
            project,
        })
    }

    /// The token of the environment.
    pub fn token() -> Option<Secret> {
        Secret::from_env(&[TOKEN])
    }

    /// The project of the environment.
    pub fn project() -> Option<String> {
        std::env::var(PROJECT).ok().filter(|name| !name.is_empty())
    }
}

fn language(code: &str) -> &str {
    match code {
        "zh" => "zh-CN",
        other => other,
    }
}

/// Google answers 403 to haste, to an empty allowance and to a wrong key alike; the reason tells them apart.
fn special(answer: &HttpResponse) -> Option<CallError> {
    if answer.status.as_u16() != 403 {
        return None;
    }
    let (status, excerpt) = (answer.status, excerpt(&answer.body));
    let text = String::from_utf8_lossy(&answer.body);
    let says = |reasons: &[&str]| reasons.iter().any(|reason| text.contains(reason));
    if says(&[
        "dailyLimitExceeded",
        "quotaExceeded",
        "Daily Limit Exceeded",
    ]) {
        return Some(CallError::Quota { status, excerpt });
    }
    if says(&[
        "ateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "Rate Limit Exceeded",
    ]) {
        return Some(CallError::Busy {
            status,
            retry_after: retry_after(&answer.headers),
            excerpt,
        });
    }
    None
}

impl Translator for GoogleTranslate {
    fn name(&self) -> &'static str {
        "google"
    }

    fn service(&self) -> &Service {
        &self.service
    }

    fn limits(&self, mode: SendMode) -> BatchLimits {
        BatchLimits {
            passages: match mode {
                SendMode::Together => 128,
                // 1,024 texts a request, and an item has at most 27.
                SendMode::Apart { .. } => 32,
            },
            // 30,720 code points; a byte is never more than one.
            bytes: 30_000,
        }
    }

    fn settings(&self, _passage: &Passage, _from: &str, _to: &str, _manner: SendMode) -> Value {
        Value::Null
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let missing = |variable| TranslateError::MissingKey {
            engine: "Google",
            language: to.to_owned(),
            variable,
        };
        let token = self.token.as_ref().ok_or_else(|| missing(TOKEN))?;
        let project = self.project.as_ref().ok_or_else(|| missing(PROJECT))?;
        let (contents, mime): (Vec<String>, _) = match mode {
            SendMode::Together => {
                let marked = batch
                    .iter()
                    .map(|passage| markup::write(&passage.texts, "p"));
                (marked.collect(), "text/html")
            }
            SendMode::Apart { .. } => {
                let texts = batch.iter().flat_map(|passage| passage.texts.clone());
                (texts.collect(), "text/plain")
            }
        };
        let body = json!({
            "contents": contents,
            "mimeType": mime,
            "sourceLanguageCode": language(from),
            "targetLanguageCode": language(to),
        });
        let most = Usage {
            characters: contents
                .iter()
                .map(|text| text.chars().count() as u64)
                .sum(),
            ..Usage::default()
        };
        let attempt = || async {
            let request = self
                .http
                .post(format!(
                    "{}/v3/projects/{project}/locations/global:translateText",
                    self.base
                ))
                .header("Authorization", format!("Bearer {}", token.expose()))
                .header("x-goog-user-project", project)
                .header("Content-Type", "application/json")
                .body(body.to_string());
            let advice = format!(
                "tokens end after an hour: set {} to a new one, `gcloud auth print-access-token`",
                token.variable()
            );
            let answer = call(request, special, &advice).await?;
            let value = texts_of(&answer, "/translations", "translatedText", contents.len())?;
            Ok(ServiceAnswer { value, usage: None })
        };
        let answered = self.service.send(most, attempt, progress).await?;
        Ok(sort(answered.value, batch, mode, "p"))
    }
}

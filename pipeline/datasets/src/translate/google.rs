//! Google Cloud Translation, version 3 ("Advanced").

use crate::translate::{
    BatchLimits, Passage, SendMode, ServiceCodes, TranslateError, TranslationResult, Translator,
    http_translator::{HttpTranslator, TextRequest, texts},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt, retry_after};
use clika_network::services::{CallError, Secret, Service};
use serde_json::{Value, json};

/// Google Cloud Translation. It takes an OAuth access token (`gcloud auth print-access-token`) and a project.
pub struct GoogleTranslate {
    http: HttpTranslator,
    token: Option<Secret>,
    project: Option<String>,
    codes: ServiceCodes,
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
        let base = base.unwrap_or("https://translation.googleapis.com");
        Ok(Self {
            http: HttpTranslator::new(service, base, token.as_ref())?,
            token,
            project,
            codes: ServiceCodes::default(),
        })
    }

    /// The same, with what the languages' files say that Google calls them.
    #[must_use]
    pub fn with_codes(self, codes: ServiceCodes) -> Self {
        Self { codes, ..self }
    }

    /// The token of the environment.
    pub fn token() -> Option<Secret> {
        Secret::from_env(&[TOKEN])
    }

    /// The project of the environment.
    pub fn project() -> Option<String> {
        clika_base::variable(PROJECT)?.into_string().ok()
    }
}

/// A language in Google's words, which name Chinese by regions.
pub(crate) fn language(code: &str) -> String {
    match code.to_ascii_lowercase().as_str() {
        "zh" | "zh-hans" => "zh-CN".to_owned(),
        "zh-hant" => "zh-TW".to_owned(),
        _ => code.to_owned(),
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
        &self.http.service
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

    fn settings(&self, _passage: &Passage, from: &str, to: &str, _manner: SendMode) -> Value {
        self.codes.add_to(Value::Null, from, to)
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
        let contents = texts(batch, mode, |texts| markup::write(texts, "p"));
        let mime = match mode {
            SendMode::Together => "text/html",
            SendMode::Apart { .. } => "text/plain",
        };
        let body = json!({
            "contents": contents,
            "mimeType": mime,
            "sourceLanguageCode": self.codes.source(from).unwrap_or_else(|| language(from)),
            "targetLanguageCode": self.codes.target(to).unwrap_or_else(|| language(to)),
        });
        let request = TextRequest {
            path: format!("/v3/projects/{project}/locations/global:translateText"),
            headers: vec![
                ("Authorization", format!("Bearer {}", token.expose())),
                ("x-goog-user-project", project.clone()),
            ],
            body,
            texts: &contents,
            list: "/translations",
            field: "translatedText",
            element: "p",
            special,
            advice: format!(
                "tokens end after an hour: set {} to a new one, `gcloud auth print-access-token`",
                token.variable()
            ),
        };
        self.http.send(request, batch, mode, progress).await
    }
}

//! Sending, for the translators that take texts over HTTP: a request by the service's rules, and the texts of its
//! answer back in their places.

use crate::translate::{Passage, SendMode, TranslateError, TranslationResult, markup};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{ApiError, CallError, Secret, Service, ServiceAnswer, Usage, call};
use serde_json::{Value, json};

/// A service at an address, with the client that calls it.
pub(super) struct HttpTranslator {
    pub(super) service: Service,
    http: reqwest::Client,
    pub(super) base: String,
}

/// What a translator sends for a batch, and how it reads the answer.
pub(super) struct TextRequest<'a> {
    /// Below the service's address.
    pub(super) path: String,
    /// But for the type of the content, which is JSON.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
    /// The texts in the body.
    pub(super) texts: &'a [String],
    /// Where the answer has the list of translations.
    pub(super) list: &'static str,
    /// The field of an entry that has the text.
    pub(super) field: &'static str,
    /// The element that texts are marked with.
    pub(super) element: &'static str,
    /// The service's own statuses.
    pub(super) special: fn(&HttpResponse) -> Option<CallError>,
    /// What to do about a refused key.
    pub(super) advice: String,
}

impl HttpTranslator {
    pub(super) fn new(
        service: Service,
        base: &str,
        key: Option<&Secret>,
    ) -> Result<Self, TranslateError> {
        service.check_key(base, key)?;
        let http =
            clika_network::http::client(clika_network::http::USER_AGENT, service.rules().timeout)
                .map_err(ApiError::Setup)?;
        Ok(Self {
            service,
            http,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// What the service says about itself at a path; `None` if it has no such path.
    pub(super) async fn read(
        &self,
        path: &str,
        special: fn(&HttpResponse) -> Option<CallError>,
        advice: &str,
        progress: &dyn Progress,
    ) -> Result<Option<Value>, TranslateError> {
        let attempt = || async {
            let request = self.http.get(format!("{}{path}", self.base));
            let answer = call(request, special, advice).await?;
            let value = serde_json::from_slice(&answer.body);
            let value = value.map_err(|error| CallError::Unexpected {
                problem: error.to_string(),
                excerpt: excerpt(&answer.body),
            })?;
            let usage = Some(Usage::default());
            Ok(ServiceAnswer { value, usage })
        };
        let answered = self.service.send(Usage::default(), attempt, progress).await;
        match answered {
            Ok(answered) => Ok(Some(answered.value)),
            Err(ApiError::Call {
                source: CallError::Refused { .. },
                ..
            }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends the texts of a batch; one result for each passage.
    pub(super) async fn send(
        &self,
        request: TextRequest<'_>,
        batch: &[&Passage],
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let characters = request.texts.iter().map(|text| text.chars().count() as u64);
        let most = Usage {
            characters: characters.sum(),
            ..Usage::default()
        };
        let attempt = || async {
            let mut prepared = self.http.post(format!("{}{}", self.base, request.path));
            for (name, value) in &request.headers {
                prepared = prepared.header(*name, value);
            }
            let prepared = prepared
                .header("Content-Type", "application/json")
                .body(request.body.to_string());
            let answer = call(prepared, request.special, &request.advice).await?;
            let count = request.texts.len();
            let value = texts_of(&answer, request.list, request.field, count)?;
            Ok(ServiceAnswer { value, usage: None })
        };
        let answered = self.service.send(most, attempt, progress).await?;
        Ok(sort(answered.value, batch, mode, request.element))
    }
}

/// The texts to send for a batch: one for each passage, which `mark` writes, or every text on its own.
pub(super) fn texts(
    batch: &[&Passage],
    mode: SendMode,
    mark: impl Fn(&[String]) -> String,
) -> Vec<String> {
    match mode {
        SendMode::Together => batch.iter().map(|passage| mark(&passage.texts)).collect(),
        SendMode::Apart { .. } => {
            let texts = batch.iter().flat_map(|passage| passage.texts.clone());
            texts.collect()
        }
    }
}

/// The list of `count` texts in an answer; an answer with another number is not used.
fn texts_of(
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
fn sort(value: Value, batch: &[&Passage], mode: SendMode, element: &str) -> Vec<TranslationResult> {
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

//! What a language model answered.

use crate::http::excerpt;
use crate::services::{CachedAnswer, CallError, log_probabilities::first_token};
use serde_json::Value;

/// What the model answered to a [`GenerationRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// Why it ended: `stop`, `length`; `None` where the server does not say.
    pub finish_reason: Option<String>,
    /// The most probable first tokens and their natural log-probabilities, where asked for and given.
    pub first_token: Vec<(String, f64)>,
    /// Whether the server gives a thought apart from the text, which the first tokens then belong to.
    pub reasoned: bool,
    /// The model that answered, where the server says so.
    pub model: Option<String>,
    /// The day it was given, UTC.
    pub date: String,
}

pub(super) fn choice(value: &Value) -> Result<&Value, CallError> {
    let choice = &value["choices"][0];
    if choice.is_object() {
        return Ok(choice);
    }
    Err(CallError::Unexpected {
        problem: "the answer has no `choices`".to_owned(),
        excerpt: excerpt(value.to_string().as_bytes()),
    })
}

pub(super) fn reply(kept: &CachedAnswer) -> Result<Completion, CallError> {
    let choice = choice(&kept.value)?;
    // A refusal or a tool call has no content, and an answer without text is an invalid one.
    let text = choice["message"]["content"]
        .as_str()
        .or_else(|| choice["text"].as_str())
        .unwrap_or("");
    Ok(Completion {
        text: text.to_owned(),
        finish_reason: choice["finish_reason"].as_str().map(str::to_owned),
        first_token: first_token(&choice["logprobs"])?,
        reasoned: ["reasoning_content", "reasoning"].iter().any(|name| {
            choice["message"][name]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        }),
        model: kept.value["model"].as_str().map(str::to_owned),
        date: kept.date.clone(),
    })
}

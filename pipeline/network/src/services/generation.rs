//! A request to a language model.

use crate::services::Usage;
use serde_json::{Map, Value, json};

/// What the model is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Text that the model continues: `/completions`.
    Text(String),
    /// Messages in the model's chat format: `/chat/completions`.
    Chat(Vec<(ChatRole, String)>),
}

/// Who says a message of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatRole {
    /// What the model shall be.
    System,
    /// What is asked.
    User,
}

/// One request for a continuation or an answer, always at temperature 0.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationRequest {
    /// What the model is given.
    pub prompt: Prompt,
    /// Tokens that the answer has at most.
    pub max_tokens: u32,
    /// Further fields of the request, such as `logprobs`; null takes a field away.
    pub fields: Map<String, Value>,
}

/// The field that limits an answer's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenLimit {
    /// What every server takes.
    MaxTokens,
    /// What OpenAI's reasoning models take instead; it counts their thoughts, too.
    MaxCompletionTokens,
}

impl TokenLimit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

impl GenerationRequest {
    /// The request's body; what decides the answer, and so the key of the cache.
    pub(super) fn body(&self, model: &str, limit: TokenLimit) -> Value {
        let limit = if self.names_limit() {
            TokenLimit::MaxTokens
        } else {
            limit
        };
        let mut body = json!({
            "model": model,
            "temperature": 0.0,
        });
        body[limit.name()] = json!(self.max_tokens);
        match &self.prompt {
            Prompt::Text(text) => body["prompt"] = Value::from(text.as_str()),
            Prompt::Chat(messages) => {
                body["messages"] = messages
                    .iter()
                    .map(|(role, content)| json!({ "role": role.name(), "content": content }))
                    .collect();
            }
        }
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        if let Value::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        body
    }

    /// Whether the user says how an answer is limited.
    pub(super) fn names_limit(&self) -> bool {
        let limits = [TokenLimit::MaxTokens, TokenLimit::MaxCompletionTokens];
        limits
            .iter()
            .any(|limit| self.fields.contains_key(limit.name()))
    }

    /// What the request uses at most: no tokenizer makes more tokens than there are bytes.
    pub(super) fn most(&self) -> Usage {
        /// Tokens that a chat format puts around a message, at most.
        const AROUND: usize = 16;
        let bytes = match &self.prompt {
            Prompt::Text(text) => text.len() + AROUND,
            Prompt::Chat(messages) => messages.iter().map(|(_, text)| text.len() + AROUND).sum(),
        };
        Usage {
            input_tokens: bytes as u64,
            output_tokens: self.max_tokens.into(),
            characters: 0,
        }
    }
}

impl ChatRole {
    const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}

use crate::http::excerpt;
use crate::services::{
    ApiError, CachedAnswer, CallError, RequestKey, Secret, Service, ServiceAnswer, Totals, Usage,
    call::call,
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError, middleware};
use clika_base::types::Progress;
use reqwest::{RequestBuilder, Url};
use serde_json::{Map, Value, json};

/// A model behind an OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama.
pub struct OpenAi {
    service: Service,
    client: Client<OpenAIConfig>,
    base: Url,
    model: String,
}

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

impl OpenAi {
    /// Prepares a client for `model` at `base`, an address that ends in `/v1`; nothing is sent yet.
    pub fn new(
        service: Service,
        base: &str,
        model: &str,
        key: Option<&Secret>,
        variable: &str,
    ) -> Result<Self, ApiError> {
        let base = crate::http::address(base).ok_or_else(|| ApiError::Url {
            url: base.to_owned(),
        })?;
        if base.query().is_some() || base.fragment().is_some() {
            return Err(ApiError::Query {
                url: crate::http::public(&base).to_string(),
            });
        }
        service.check_key(base.as_str(), key)?;
        let http = crate::http::client(crate::http::USER_AGENT, service.rules().timeout)
            .map_err(ApiError::Setup)?;
        // Everything is set here: async-openai would otherwise read the environment, and send an
        // OpenAI key to whatever server the address names.
        let config = OpenAIConfig::default()
            .with_api_base(base.as_str().trim_end_matches('/'))
            .with_org_id("")
            .with_project_id("")
            .with_api_key(key.map_or("", Secret::expose));
        let advice = match key {
            Some(key) => format!("check the key in {}", key.variable()),
            None => format!("set the environment variable {variable} to the service's key"),
        };
        let transport = tower::service_fn({
            let http = http.clone();
            let without_key = key.is_none();
            move |request: middleware::HttpRequestFactory| {
                let (http, advice) = (http.clone(), advice.clone());
                async move {
                    let mut request = request.build().await?;
                    if without_key {
                        // async-openai sends an empty one, which some servers refuse.
                        request.headers_mut().remove(reqwest::header::AUTHORIZATION);
                    }
                    let request = RequestBuilder::from_parts(http, request);
                    let answer = call(request, |_| None, &advice).await?;
                    let mut response = http::Response::new(answer.body);
                    *response.status_mut() = answer.status;
                    Ok::<_, OpenAIError>(reqwest::Response::from(response))
                }
            }
        });
        Ok(Self {
            service,
            client: Client::build(http, config).with_http_service(transport),
            base,
            model: model.to_owned(),
        })
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The service behind it.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The address, without a user's name and password.
    pub fn base(&self) -> String {
        crate::http::public(&self.base).to_string()
    }

    /// What this run has used so far.
    pub fn totals(&self) -> Totals {
        self.service.totals()
    }

    /// Requests under way at once.
    pub fn concurrency(&self) -> usize {
        self.service.rules().concurrency
    }

    /// The model's answer, from the cache or from the endpoint.
    pub async fn generate(
        &self,
        generation: &GenerationRequest,
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        let body = generation.body(&self.model);
        let chat = matches!(generation.prompt, Prompt::Chat(_));
        let key = RequestKey::new(&json!([if chat { "chat" } else { "completion" }, body]));
        let kept = self
            .service
            .ask(
                &key,
                generation.most(),
                |value| first_token(&choice(value)?["logprobs"]).map(drop),
                || self.request(chat, &body),
                progress,
            )
            .await?;
        reply(&kept).map_err(|source| ApiError::Call {
            service: self.service.name().to_owned(),
            source,
        })
    }

    /// What an earlier run found out about the endpoint and [remembered](Self::remember).
    pub fn recall(&self, what: &Value) -> Result<Option<Value>, ApiError> {
        let kept = self.service.lookup(&self.fact(what))?;
        Ok(kept.map(|kept| kept.value))
    }

    /// Keeps what was found out about the endpoint, so that a later run need not ask again.
    pub fn remember(&self, what: &Value, fact: Value) -> Result<(), ApiError> {
        self.service
            .keep(&self.fact(what), fact, Usage::default())?;
        Ok(())
    }

    fn fact(&self, what: &Value) -> RequestKey {
        RequestKey::new(&json!(["fact", self.model, what]))
    }

    async fn request(&self, chat: bool, body: &Value) -> Result<ServiceAnswer, CallError> {
        let answer: Result<Value, _> = if chat {
            self.client.chat().create_byot(body).await
        } else {
            self.client.completions().create_byot(body).await
        };
        let value = answer.map_err(call_error)?;
        // Before it is kept: an answer without a choice would be wrong for ever.
        choice(&value)?;
        let tokens = |name: &str| value["usage"][name].as_u64();
        let usage = tokens("prompt_tokens").map(|input_tokens| Usage {
            input_tokens,
            output_tokens: tokens("completion_tokens").unwrap_or(0),
            characters: 0,
        });
        Ok(ServiceAnswer { value, usage })
    }
}

impl GenerationRequest {
    /// The request's body; what decides the answer, and so the key of the cache.
    fn body(&self, model: &str) -> Value {
        let mut body = json!({
            "model": model,
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
        });
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

    /// What the request uses at most: no tokenizer makes more tokens than there are bytes.
    fn most(&self) -> Usage {
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

fn call_error(error: OpenAIError) -> CallError {
    let problem = match error {
        OpenAIError::Boxed(error) => match error.downcast::<CallError>() {
            Ok(error) => return *error,
            Err(error) => error.to_string(),
        },
        error => error.to_string(),
    };
    CallError::Unexpected {
        problem,
        excerpt: String::new(),
    }
}

impl From<CallError> for OpenAIError {
    fn from(error: CallError) -> Self {
        Self::Boxed(Box::new(error))
    }
}

fn choice(value: &Value) -> Result<&Value, CallError> {
    let choice = &value["choices"][0];
    if choice.is_object() {
        return Ok(choice);
    }
    Err(CallError::Unexpected {
        problem: "the answer has no `choices`".to_owned(),
        excerpt: excerpt(value.to_string().as_bytes()),
    })
}

fn reply(kept: &CachedAnswer) -> Result<Completion, CallError> {
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

/// The alternatives of the first token: a list in `/chat/completions` (and in llama.cpp's
/// `/completions`), an object in OpenAI's and vLLM's `/completions`.
///
/// NaN in one logit is NaN in all probabilities, and JSON has only null for it; a single null stands for a probability of
/// 0, as [`NEVER`] does, and such tokens are left out.
fn first_token(logprobs: &Value) -> Result<Vec<(String, f64)>, CallError> {
    let listed = logprobs["content"][0]["top_logprobs"].as_array();
    let named = logprobs["top_logprobs"][0].as_object();
    let listed = listed.into_iter().flatten().filter_map(|entry| {
        let token = entry["token"].as_str()?;
        Some((token.to_owned(), &entry["logprob"]))
    });
    let named = named.into_iter().flatten();
    let named = named.map(|(token, logprob)| (token.clone(), logprob));
    let mut all: Vec<(String, &Value)> = listed.collect();
    // One of the two: a server that gives both says the same twice.
    if all.is_empty() {
        all = named.collect();
    }
    let numbers = all
        .iter()
        .map(|(token, value)| Some((token, value.as_f64()?)));
    let numbers: Vec<(&String, f64)> = numbers.flatten().collect();
    if numbers.is_empty() && !all.is_empty() {
        return Err(CallError::NotFinite);
    }
    if let Some((token, value)) = numbers.iter().find(|(_, value)| *value > ROUNDING) {
        return Err(CallError::Unexpected {
            problem: format!("{value} is not a log-probability of `{token}`"),
            excerpt: excerpt(logprobs.to_string().as_bytes()),
        });
    }
    // Raw logits, or what sampling left of them: some servers give these in place of log-probabilities.
    let total: f64 = numbers.iter().map(|(_, value)| value.exp()).sum();
    if total > MOST_PROBABILITY {
        return Err(CallError::Unexpected {
            problem: format!(
                "the log-probabilities of the first token add up to a probability of {total:.2}"
            ),
            excerpt: excerpt(logprobs.to_string().as_bytes()),
        });
    }
    let likely = numbers.into_iter().filter(|(_, value)| *value > NEVER);
    Ok(likely
        .map(|(token, value)| (token.clone(), value))
        .collect())
}

/// What OpenAI and vLLM write for a probability of 0; llama.cpp writes the lowest f32.
const NEVER: f64 = -9999.0;

/// What the first tokens add up to at most. Numbers that are rounded, or of a list that holds a token twice, pass 1; twice
/// as much is not a distribution.
const MOST_PROBABILITY: f64 = 2.0;

/// How far above 0 rounding takes a log-probability.
const ROUNDING: f64 = 1e-2;

use crate::services::{
    ApiError, CallError, Completion, GenerationRequest, Prompt, RequestKey, Secret, Service,
    ServiceAnswer, Totals, Usage,
    call::call,
    completion::{choice, reply},
    generation::TokenLimit,
    log_probabilities::first_token,
    served::{self, ServedNames},
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError, middleware};
use clika_base::types::Progress;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// A model behind an OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama.
pub struct OpenAi {
    service: Service,
    client: Client<OpenAIConfig>,
    http: reqwest::Client,
    key: Option<Secret>,
    base: Url,
    model: String,
    /// The field that limits answers, once the model has refused the usual one.
    limit: OnceLock<TokenLimit>,
    names: ServedNames,
}

/// What is done about a server that fails with status 500.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It is asked again: it may pass.
    Retry,
    /// It is told: it may be the way of asking that the server fails at.
    Tell,
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
            client: Client::build(http.clone(), config).with_http_service(transport),
            http,
            key: key.cloned(),
            base,
            model: model.to_owned(),
            limit: OnceLock::new(),
            names: ServedNames::default(),
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

    /// The field that limits the tokens of answers, where it is not the usual one.
    pub fn other_limit(&self) -> Option<&'static str> {
        self.limit.get().map(|limit| limit.name())
    }

    /// The model's answer, from the cache or from the endpoint.
    pub async fn generate(
        &self,
        generation: &GenerationRequest,
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        self.answer(generation, Patience::Retry, progress).await
    }

    /// As [`generate`](Self::generate), but for a way of asking that the server may not have: some servers answer 500 to that,
    /// which is not waited for.
    pub async fn try_generate(
        &self,
        generation: &GenerationRequest,
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        self.answer(generation, Patience::Tell, progress).await
    }

    /// The answer, with the other field for its length if the model refuses the usual one. That changes no answer: both are
    /// the most that the server generates.
    async fn answer(
        &self,
        generation: &GenerationRequest,
        patience: Patience,
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        let fact = json!("token limit");
        let other = TokenLimit::MaxCompletionTokens;
        if self.limit.get().is_none() && self.recall(&fact)? == Some(json!(other.name())) {
            let _ = self.limit.set(other);
        }
        let limit = self.limit.get().copied();
        let limit = limit.unwrap_or(TokenLimit::MaxTokens);
        let answered = self.ask(generation, limit, patience, progress).await;
        if !refuses_limit(&answered) || limit == other || generation.names_limit() {
            return answered;
        }
        let answered = self.ask(generation, other, patience, progress).await;
        if !refuses_limit(&answered) && self.limit.set(other).is_ok() {
            let (usual, other) = (limit.name(), other.name());
            progress.note(&format!(
                "{} refuses `{usual}`: it is asked with `{other}`, which counts a thought before the answer, too",
                self.model
            ));
            self.remember(&fact, json!(other))?;
        }
        answered
    }

    async fn ask(
        &self,
        generation: &GenerationRequest,
        limit: TokenLimit,
        patience: Patience,
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        let body = generation.body(&self.model, limit);
        let chat = matches!(generation.prompt, Prompt::Chat(_));
        let key = RequestKey::new(&json!([if chat { "chat" } else { "completion" }, body]));
        let check = |value: &Value| first_token(&choice(value)?["logprobs"]).map(drop);
        if !self.service.keeps(&key, check)? && !self.service.is_spent() {
            self.check_name(chat, &body, generation.most()).await?;
        }
        let attempt = || async {
            let answer = self.request(chat, &body).await;
            answer.map_err(|error| match error {
                CallError::Busy {
                    status, excerpt, ..
                } if patience == Patience::Tell && status == StatusCode::INTERNAL_SERVER_ERROR => {
                    CallError::Failed { status, excerpt }
                }
                error => self.names.explain(error, &self.model),
            })
        };
        let kept = self
            .service
            .ask(&key, generation.most(), check, attempt, progress)
            .await?;
        self.names.confirm(&self.model, progress);
        reply(&kept).map_err(|source| self.failed(source))
    }

    /// Fails where another model than the one that is asked for would answer. Once for each run, before anything is sent.
    ///
    /// Servers list what they have at `/models`, but not all of them list all of their names (deployments, variants,
    /// folders). So a name that is not listed is tried against one that nobody has: a server that answers to that as well
    /// does not read the name.
    async fn check_name(&self, chat: bool, body: &Value, most: Usage) -> Result<(), ApiError> {
        let _turn = self.names.turn.lock().await;
        if self.names.is_unasked() {
            self.names.list(&self.model, self.listed().await);
        }
        if !self.names.is_doubtful() {
            return Ok(());
        }
        let mut nobody = body.clone();
        nobody["model"] = json!(served::NOBODY);
        let mut answered = self
            .service
            .send_once(most, self.request(chat, &nobody))
            .await;
        // A server that closes the connection after an answer, as transformers serve does after a 500, can lose the next.
        for _ in 0..LOST_ANSWERS {
            if !is_lost(&answered) {
                break;
            }
            answered = self
                .service
                .send_once(most, self.request(chat, &nobody))
                .await;
        }
        match answered {
            Ok(_) => Err(self.failed(self.names.any_name(&self.model))),
            Err(ApiError::Call { source, .. }) => {
                self.names.refused_nobody(&source);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The models that the server lists; none if it has no list.
    async fn listed(&self) -> Vec<String> {
        let base = self.base.as_str().trim_end_matches('/');
        let mut request = self.http.get(format!("{base}/models"));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        match tokio::time::timeout(served::PATIENCE, call(request, |_| None, "")).await {
            Ok(Ok(list)) => served::names(&list.body),
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }

    fn failed(&self, source: CallError) -> ApiError {
        ApiError::Call {
            service: self.service.name().to_owned(),
            source,
        }
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

/// How often a question is sent again whose answer was lost on the way.
const LOST_ANSWERS: usize = 3;

/// Whether no answer came, for want of a connection.
fn is_lost(answered: &Result<ServiceAnswer, ApiError>) -> bool {
    matches!(
        answered,
        Err(ApiError::Call {
            source: CallError::Transport(_),
            ..
        })
    )
}

/// Whether the model refuses the field that limits its answer.
fn refuses_limit(answered: &Result<Completion, ApiError>) -> bool {
    let Err(ApiError::Call {
        source: CallError::Field { name, .. },
        ..
    }) = answered
    else {
        return false;
    };
    [TokenLimit::MaxTokens, TokenLimit::MaxCompletionTokens]
        .iter()
        .any(|limit| limit.name() == name)
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

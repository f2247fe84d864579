//! The ways of asking an endpoint, and which of them it has.

use crate::{EvaluateError, Question, parse};
use clika_api::{ApiError, CallError, Generation, OpenAi, Prompt, Reply, Role};
use clika_core::Progress;
use clika_metrics::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Which of OpenAI's two interfaces is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// `/completions`: the model continues the prompt as it stands, as the paper's models did.
    Completions,
    /// `/chat/completions`: the prompt is a message in the model's chat format.
    Chat,
}

/// How an answer is kept to the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// The log-probabilities of the option letters as the first token; gives scores.
    Logprobs,
    /// vLLM's `guided_choice`.
    GuidedChoice,
    /// vLLM's newer `structured_outputs`.
    StructuredOutputs,
    /// A `logit_bias` for the letters' tokens, whose ids the user names.
    LogitBias,
    /// `response_format` with a JSON schema.
    JsonSchema,
    /// None: the answer is read out of free text.
    Free,
}

impl Constraint {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logprobs => "logprobs",
            Self::GuidedChoice => "guided-choice",
            Self::StructuredOutputs => "structured-outputs",
            Self::LogitBias => "logit-bias",
            Self::JsonSchema => "json-schema",
            Self::Free => "free",
        }
    }
}

/// A way of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mode {
    /// The interface.
    pub api: Api,
    /// How the answer is kept to the options.
    pub constraint: Constraint,
}

/// What the user leaves open, and what not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// The interface, or whichever works: completions first.
    pub api: Option<Api>,
    /// The constraint, or the best one that works.
    pub constraint: Option<Constraint>,
    /// Token ids of the letters A, B, …, for `logit_bias`.
    pub letter_tokens: Vec<u32>,
    /// Tokens of a free answer.
    pub max_tokens: u32,
    /// Further fields of every request; null takes a field away.
    pub fields: Map<String, Value>,
}

/// An answer to an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The option, or that there is none.
    pub answer: Answer,
    /// A score for each choice, where all of them have one.
    pub scores: Option<Vec<f64>>,
    /// What the model said.
    pub response: String,
}

/// Nobody says this by chance.
const PROBE: &str = "zq7x";

impl Wish {
    /// The way of asking that is wished, or the first that the endpoint has.
    ///
    /// Log-probabilities come first, because they give scores and cannot be misread; then constraints, tried
    /// with an answer that nobody gives by chance, because servers ignore fields they do not know; then
    /// free text. `prompt` is an item's.
    pub async fn find(
        &self,
        model: &OpenAi,
        prompt: &str,
        choices: usize,
        progress: &dyn Progress,
    ) -> Result<Mode, EvaluateError> {
        if self.constraint == Some(Constraint::LogitBias) && self.letter_tokens.len() < choices {
            return Err(EvaluateError::Impossible {
                constraint: "logit-bias",
                needs: "--letter-tokens with the id of every option's letter",
            });
        }
        if let (Some(api), Some(constraint)) = (self.api, self.constraint) {
            return Ok(Mode { api, constraint });
        }
        // A run that goes on asks as it began, also where nothing may be sent any more.
        let fact = json!({ "mode": self.wished(), "choices": choices });
        let known = model.recall(&fact)?;
        if let Some(mode) = known.and_then(|mode| serde_json::from_value(mode).ok()) {
            return Ok(mode);
        }
        let mode = self.probe(model, prompt, choices, progress).await?;
        model.remember(&fact, json!(mode))?;
        Ok(mode)
    }

    /// What decides the mode beside the endpoint.
    fn wished(&self) -> Value {
        json!([
            self.api,
            self.constraint,
            self.letter_tokens,
            self.max_tokens,
            self.fields
        ])
    }

    async fn probe(
        &self,
        model: &OpenAi,
        prompt: &str,
        choices: usize,
        progress: &dyn Progress,
    ) -> Result<Mode, EvaluateError> {
        let apis = match self.api {
            Some(api) => vec![api],
            None => vec![Api::Completions, Api::Chat],
        };
        let mut refusal = None;
        for constraint in [
            Constraint::Logprobs,
            Constraint::GuidedChoice,
            Constraint::StructuredOutputs,
            Constraint::JsonSchema,
            Constraint::LogitBias,
            Constraint::Free,
        ] {
            if self.constraint.is_some_and(|wished| wished != constraint)
                || constraint == Constraint::LogitBias && self.letter_tokens.len() < choices
            {
                continue;
            }
            for &api in &apis {
                let mode = Mode { api, constraint };
                match self.works(mode, model, prompt, choices, progress).await {
                    Ok(true) => return Ok(mode),
                    Ok(false) => {}
                    Err(error) if is_refusal(&error) => refusal = Some(error),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Err(match refusal {
            Some(error) => error.into(),
            None => EvaluateError::NoMode,
        })
    }

    async fn works(
        &self,
        mode: Mode,
        model: &OpenAi,
        prompt: &str,
        choices: usize,
        progress: &dyn Progress,
    ) -> Result<bool, ApiError> {
        let options: Vec<String> = match mode.constraint {
            Constraint::GuidedChoice | Constraint::StructuredOutputs | Constraint::JsonSchema => {
                vec![PROBE.to_owned()]
            }
            Constraint::Logprobs | Constraint::LogitBias | Constraint::Free => letters(choices),
        };
        let generation = self.generation(mode, prompt, &options);
        let reply = model.generate(&generation, progress).await?;
        Ok(match mode.constraint {
            Constraint::Logprobs => letter_scores(&reply, choices).iter().any(Option::is_some),
            Constraint::GuidedChoice | Constraint::StructuredOutputs => reply.text.trim() == PROBE,
            Constraint::JsonSchema => serde_json::from_str::<Value>(&reply.text)
                .is_ok_and(|value| value["answer"] == PROBE),
            Constraint::LogitBias | Constraint::Free => true,
        })
    }

    /// Asks for an item.
    pub async fn ask(
        &self,
        mode: Mode,
        model: &OpenAi,
        prompt: &str,
        question: &Question,
        progress: &dyn Progress,
    ) -> Result<Asked, ApiError> {
        let choices = question.choices.len();
        let generation = self.generation(mode, prompt, &letters(choices));
        let reply = model.generate(&generation, progress).await?;
        if mode.constraint == Constraint::Logprobs {
            return Ok(by_scores(reply, choices));
        }
        Ok(Asked {
            answer: parse(&reply.text, &question.choices),
            scores: None,
            response: reply.text,
        })
    }

    /// The request that keeps the answer to `options`.
    fn generation(&self, mode: Mode, prompt: &str, options: &[String]) -> Generation {
        let mut fields = Map::new();
        let mut max_tokens = self.max_tokens;
        match mode.constraint {
            Constraint::Logprobs => {
                max_tokens = 1;
                match mode.api {
                    // OpenAI allows 5 here, and a letter may be there with and without a space.
                    Api::Completions => {
                        fields.insert("logprobs".to_owned(), json!(5));
                    }
                    Api::Chat => {
                        fields.insert("logprobs".to_owned(), json!(true));
                        fields.insert("top_logprobs".to_owned(), json!(20));
                    }
                }
            }
            Constraint::GuidedChoice => {
                fields.insert("guided_choice".to_owned(), json!(options));
            }
            Constraint::StructuredOutputs => {
                fields.insert(
                    "structured_outputs".to_owned(),
                    json!({ "choice": options }),
                );
            }
            Constraint::LogitBias => {
                max_tokens = 1;
                let tokens = self.letter_tokens.iter().take(options.len());
                let bias: Map<_, _> = tokens.map(|id| (id.to_string(), json!(100))).collect();
                fields.insert("logit_bias".to_owned(), bias.into());
            }
            Constraint::JsonSchema => {
                let schema = json!({
                    "type": "object",
                    "properties": { "answer": { "type": "string", "enum": options } },
                    "required": ["answer"],
                    "additionalProperties": false,
                });
                let format = json!({
                    "type": "json_schema",
                    "json_schema": { "name": "answer", "strict": true, "schema": schema },
                });
                fields.insert("response_format".to_owned(), format);
            }
            Constraint::Free => {}
        }
        fields.extend(self.fields.clone());
        Generation {
            prompt: match mode.api {
                Api::Completions => Prompt::Text(prompt.to_owned()),
                Api::Chat => Prompt::Chat(vec![(Role::User, prompt.to_owned())]),
            },
            max_tokens,
            fields,
        }
    }
}

fn is_refusal(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Call {
            source: CallError::Refused { .. } | CallError::Unexpected { .. },
            ..
        }
    )
}

fn letters(choices: usize) -> Vec<String> {
    ('A'..='Z').take(choices).map(String::from).collect()
}

/// The log-probability of each letter as the first token: the higher one of "B" and " B".
fn letter_scores(reply: &Reply, choices: usize) -> Vec<Option<f64>> {
    let letters = letters(choices).into_iter();
    letters
        .map(|letter| {
            reply
                .first_token
                .iter()
                // SentencePiece and byte-level tokenizers write a space in their own way.
                .filter(|(token, _)| token.trim_start_matches([' ', '▁', 'Ġ']) == letter)
                .map(|&(_, logprob)| logprob)
                .filter(|logprob| logprob.is_finite())
                .reduce(f64::max)
        })
        .collect()
}

fn by_scores(reply: Reply, choices: usize) -> Asked {
    let scores = letter_scores(&reply, choices);
    let best = (0..choices)
        .filter_map(|position| Some((position, scores[position]?)))
        // The first of equals, so that the order of the answer's list does not matter.
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    Asked {
        answer: best.map_or(Answer::Invalid, |(position, _)| {
            u8::try_from(position).map_or(Answer::Invalid, Answer::Choice)
        }),
        scores: scores.into_iter().collect(),
        response: reply.text,
    }
}

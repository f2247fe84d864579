//! The ways of asking an endpoint, and which of them it has.

use super::pilot::PilotResult;
use crate::{AnswerReader, Question, thought};
use clika_base::named_enum;
use clika_base::types::Progress;
use clika_network::services::{
    ApiError, CallError, ChatRole, Completion, GenerationRequest, OpenAi, Prompt,
};
use clika_scores::metrics::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

named_enum! {
    /// Which of OpenAI's two interfaces is used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Api {
        /// `/completions`: the model continues the prompt as it stands, as the paper's models did.
        Completions = ("completions", "The model continues the prompt"),
        /// `/chat/completions`: the prompt is a message in the model's chat format.
        Chat = ("chat", "The prompt is a message"),
    }
}

named_enum! {
    /// How an answer is kept to the options.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Constraint {
        /// The log-probabilities of the option letters as the first token; gives scores.
        Logprobs = ("logprobs", "Log-probabilities of the letters"),
        /// vLLM's `guided_choice`.
        GuidedChoice = ("guided-choice", "vLLM's guided_choice"),
        /// vLLM's newer `structured_outputs`.
        StructuredOutputs = ("structured-outputs", "vLLM's structured_outputs"),
        /// A `logit_bias` for the letters' tokens, whose ids the user names.
        LogitBias = ("logit-bias", "logit_bias, with --letter-tokens"),
        /// `response_format` with a JSON schema.
        JsonSchema = ("json-schema", "response_format with a JSON schema"),
        /// `response_format` with the type of any JSON object, and the schema in llama.cpp's way.
        JsonObject = ("json-object", "response_format of any JSON object, with a schema"),
        /// No constraint: the answer is read from free text.
        Free = ("free", "No constraint: the answer is read from free text"),
    }
}

/// The interface and the constraint that requests to an endpoint use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMode {
    /// The interface.
    pub api: Api,
    /// How the answer is kept to the options.
    pub constraint: Constraint,
}

/// What the user fixes about the requests to an endpoint; the pilot finds the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestOptions {
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

/// A model's answer to one question, from an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemAnswer {
    /// The option, or that there is none.
    pub answer: Answer,
    /// A score for each choice, where all of them have one.
    pub scores: Option<Vec<f64>>,
    /// What the model said.
    pub response: String,
    /// The probability of all options' letters together, where log-probabilities are read.
    pub letters_probability: Option<f64>,
    /// The model that answered, where the server says so.
    pub model: Option<String>,
}

impl RequestOptions {
    /// Asks for an item.
    pub async fn ask(
        &self,
        way: &PilotResult,
        model: &OpenAi,
        prompt: &str,
        question: &Question,
        reader: &AnswerReader,
        progress: &dyn Progress,
    ) -> Result<ItemAnswer, ApiError> {
        let choices = question.choices.len();
        let generation = self.generation(way.mode, prompt, &letters(choices));
        let reply = model.generate(&generation, progress).await?;
        if let Some(separator) = &way.separator {
            if reply.first_token.is_empty() {
                return Err(ApiError::Call {
                    service: model.service().name().to_owned(),
                    source: CallError::Unexpected {
                        problem: "no log-probabilities came, although they did in the pilot"
                            .to_owned(),
                        excerpt: reply.text,
                    },
                });
            }
            return Ok(by_scores(reply, separator, choices));
        }
        Ok(ItemAnswer {
            model: reply.model,
            answer: reader.read(&reply.text, &question.choices),
            scores: None,
            response: reply.text,
            letters_probability: None,
        })
    }

    /// The request that keeps the answer to `options`.
    pub(crate) fn generation(
        &self,
        mode: RequestMode,
        prompt: &str,
        options: &[String],
    ) -> GenerationRequest {
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
                let format = json!({
                    "type": "json_schema",
                    "json_schema": { "name": "answer", "strict": true, "schema": schema(options) },
                });
                fields.insert("response_format".to_owned(), format);
            }
            Constraint::JsonObject => {
                let format = json!({ "type": "json_object", "schema": schema(options) });
                fields.insert("response_format".to_owned(), format);
            }
            Constraint::Free => {}
        }
        fields.extend(self.fields.clone());
        GenerationRequest {
            prompt: match mode.api {
                Api::Completions => Prompt::Text(prompt.to_owned()),
                Api::Chat => Prompt::Chat(vec![(ChatRole::User, prompt.to_owned())]),
            },
            max_tokens,
            fields,
        }
    }
}

/// The schema of an object whose `answer` is one of the options.
fn schema(options: &[String]) -> Value {
    json!({
        "type": "object",
        "properties": { "answer": { "type": "string", "enum": options } },
        "required": ["answer"],
        "additionalProperties": false,
    })
}

pub(crate) fn letters(choices: usize) -> Vec<String> {
    ('A'..='Z').take(choices).map(String::from).collect()
}

/// The log-probability of each letter as the first token, with `separator` in front of it.
pub(crate) fn letter_scores(
    reply: &Completion,
    separator: &str,
    choices: usize,
) -> Vec<Option<f64>> {
    let letters = letters(choices).into_iter();
    letters
        .map(|letter| {
            let of_letter = reply.first_token.iter().filter(|(token, _)| {
                // SentencePiece and byte-level tokenizers write a space in their own way.
                let bare = token.trim_start_matches([' ', '▁', 'Ġ']);
                bare == letter && (bare.len() < token.len()) != separator.is_empty()
            });
            of_letter
                .map(|&(_, logprob)| logprob)
                .filter(|logprob| logprob.is_finite())
                .reduce(f64::max)
        })
        .collect()
}

/// The probability of all letters together.
pub(crate) fn probability(scores: &[Option<f64>]) -> f64 {
    scores.iter().flatten().map(|score| score.exp()).sum()
}

fn by_scores(reply: Completion, separator: &str, choices: usize) -> ItemAnswer {
    let scores = letter_scores(&reply, separator, choices);
    // A thought is not an answer, and neither is a list of tokens that lacks the one that was written.
    let letters = letters(choices);
    let written = letters
        .iter()
        .position(|letter| letter == reply.text.trim());
    let lacking = written.is_some_and(|position| scores[position].is_none());
    if lacking || thought_of(&reply).is_some() {
        return ItemAnswer {
            answer: Answer::Invalid,
            scores: None,
            letters_probability: Some(probability(&scores)),
            model: reply.model,
            response: reply.text,
        };
    }
    let best = (0..choices)
        .filter_map(|position| Some((position, scores[position]?)))
        // The first of equals, so that the order of the answer's list does not matter.
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    ItemAnswer {
        answer: best.map_or(Answer::Invalid, |(position, _)| {
            u8::try_from(position).map_or(Answer::Invalid, Answer::Choice)
        }),
        letters_probability: Some(probability(&scores)),
        scores: scores.into_iter().collect(),
        model: reply.model,
        response: reply.text,
    }
}

/// The mark of the thought that an answer begins with, by its likeliest first token or by what the server says.
pub(crate) fn thought_of(reply: &Completion) -> Option<&'static str> {
    let tokens = reply.first_token.iter();
    let best = tokens.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let mark = best.and_then(|(token, _)| thought::beginning(token));
    mark.or((reply.reasoned && reply.text.trim().is_empty()).then_some("reasoning_content"))
}

//! The pilot: a few items decide how an endpoint is asked, once for each model.

use super::request::{
    Api, Constraint, RequestMode, RequestOptions, letter_scores, letters, probability, thought_of,
};
use crate::{AnswerReader, EvaluateError, LEAST_PROBABILITY, thought};
use clika_base::types::Progress;
use clika_network::services::{ApiError, CallError, Completion, OpenAi};
use clika_scores::metrics::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a model is asked at an endpoint, as the pilot has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PilotResult {
    /// The interface, and how an answer is kept to the options.
    #[serde(flatten)]
    pub mode: RequestMode,
    /// What stands before the letters whose log-probabilities are read: nothing or a space. `None` where none are read.
    pub separator: Option<String>,
    /// The share of the probability that these letters held in the pilot, in 0 to 1.
    pub letters_probability: Option<f64>,
    /// How the model begins to think before it answers, if it does.
    pub thought: Option<String>,
}

/// An item of the pilot.
#[derive(Clone, Debug)]
pub(crate) struct PilotItem {
    pub(crate) id: String,
    pub(crate) prompt: String,
    pub(crate) choices: Vec<String>,
    pub(crate) reader: AnswerReader,
    /// What stands between the prompt and an option by the prompt's own example.
    pub(crate) separator: String,
}

/// Nobody says this by chance.
const PROBE: &str = "zq7x";

/// What the first tokens of the pilot's answers were.
struct FirstTokens {
    separator: String,
    /// The letters' share of the probability, mean over the items.
    share: f64,
    thought: Option<&'static str>,
}

impl RequestOptions {
    /// The way of asking that the user has chosen, or the best that the endpoint has: found once for each model, and kept.
    ///
    /// Log-probabilities come first, because they give scores and cannot be misread, if the letters hold at least half of
    /// the probability; then constraints, tried with an answer that is not given by chance, because servers ignore
    /// fields they do not know; then free text, where most of the pilot's answers name an option or there are no letters;
    /// then letters of less probability. A model whose first token begins a
    /// thought has not answered with it: it is asked in another way.
    pub(crate) async fn find(
        &self,
        model: &OpenAi,
        pilot: &[PilotItem],
        most_choices: usize,
        progress: &dyn Progress,
    ) -> Result<PilotResult, EvaluateError> {
        if self.constraint == Some(Constraint::LogitBias) && self.letter_tokens.len() < most_choices
        {
            return Err(EvaluateError::Impossible {
                constraint: "logit-bias",
                needs: "--letter-tokens with the id of every option's letter",
            });
        }
        // A run that goes on asks as it began, also where nothing may be sent any more.
        let fact = json!({ "way": self.requested() });
        if let Some(known) = model.recall(&fact)?
            && let Ok(way) = serde_json::from_value(known)
        {
            return Ok(way);
        }
        let way = self.probe(model, pilot, most_choices, progress).await?;
        way.say(progress);
        model.remember(&fact, json!(way))?;
        Ok(way)
    }

    /// What decides the way besides the endpoint.
    fn requested(&self) -> Value {
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
        pilot: &[PilotItem],
        most_choices: usize,
        progress: &dyn Progress,
    ) -> Result<PilotResult, EvaluateError> {
        let apis = match self.api {
            Some(api) => vec![api],
            None => vec![Api::Completions, Api::Chat],
        };
        let mut refusal = None;
        let mut thought = None;
        let mut weak: Option<PilotResult> = None;
        for constraint in [
            Constraint::Logprobs,
            Constraint::GuidedChoice,
            Constraint::StructuredOutputs,
            Constraint::JsonSchema,
            Constraint::JsonObject,
            Constraint::LogitBias,
            Constraint::Free,
        ] {
            if self
                .constraint
                .is_some_and(|requested| requested != constraint)
                || constraint == Constraint::LogitBias && self.letter_tokens.len() < most_choices
            {
                continue;
            }
            for &api in &apis {
                let mode = RequestMode { api, constraint };
                let way = if constraint == Constraint::Logprobs {
                    self.read(mode, model, pilot, progress).await
                } else {
                    let works = if constraint == Constraint::Free {
                        self.answers_freely(mode, model, pilot, weak.is_some(), progress)
                            .await
                    } else {
                        self.works(mode, model, pilot, progress).await
                    };
                    works.map(|works| works.then(|| PilotResult::without_letters(mode)))
                };
                match way {
                    Ok(Some(way)) if way.is_weak() => {
                        thought = thought.or(way.thought.clone());
                        if way.thought.is_none() && way.is_better_than(weak.as_ref()) {
                            weak = Some(way);
                        }
                    }
                    Ok(Some(way)) => {
                        return Ok(PilotResult {
                            thought: way.thought.or(thought),
                            ..way
                        });
                    }
                    Ok(None) => {}
                    Err(EvaluateError::Api(error)) if is_refusal(&error) => {
                        refusal = Some(match refusal {
                            // It says more than a way that is not there.
                            Some(first) if lacks_all(&first) && !lacks_all(&error) => first,
                            _ => error,
                        });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        match (weak, refusal, thought) {
            (Some(way), ..) => Ok(way),
            (None, _, Some(thought)) => Err(EvaluateError::Thinks { thought }),
            (None, Some(error), None) => Err(refused(error)),
            (None, None, None) => Err(EvaluateError::NoMode),
        }
    }

    /// Reads the letters' log-probabilities in the pilot; `None` where the endpoint gives none.
    async fn read(
        &self,
        mode: RequestMode,
        model: &OpenAi,
        pilot: &[PilotItem],
        progress: &dyn Progress,
    ) -> Result<Option<PilotResult>, EvaluateError> {
        let mut replies = Vec::new();
        for item in pilot {
            let options = letters(item.choices.len());
            let reply = self.attempt(mode, model, item, &options, progress).await;
            let reply = reply.map_err(|error| EvaluateError::about(error, &item.id))?;
            if reply.first_token.is_empty() {
                return Ok(None);
            }
            replies.push((item, reply));
        }
        let expected = match (mode.api, pilot.first()) {
            (Api::Completions, Some(item)) => item.separator.as_str(),
            // The template ends where the answer begins.
            (Api::Chat, _) | (Api::Completions, None) => "",
        };
        let FirstTokens {
            separator,
            share,
            thought,
        } = reading(&replies, expected);
        Ok(Some(PilotResult {
            mode,
            separator: Some(separator),
            letters_probability: Some(share),
            thought: thought.map(str::to_owned),
        }))
    }

    async fn works(
        &self,
        mode: RequestMode,
        model: &OpenAi,
        pilot: &[PilotItem],
        progress: &dyn Progress,
    ) -> Result<bool, EvaluateError> {
        let Some(first) = pilot.first() else {
            return Ok(false);
        };
        let options = match mode.constraint {
            Constraint::GuidedChoice
            | Constraint::StructuredOutputs
            | Constraint::JsonSchema
            | Constraint::JsonObject => {
                vec![PROBE.to_owned()]
            }
            Constraint::Logprobs | Constraint::LogitBias | Constraint::Free => {
                letters(first.choices.len())
            }
        };
        let reply = self.attempt(mode, model, first, &options, progress);
        let reply = reply.await?;
        Ok(match mode.constraint {
            Constraint::GuidedChoice | Constraint::StructuredOutputs => reply.text.trim() == PROBE,
            Constraint::JsonSchema | Constraint::JsonObject => {
                serde_json::from_str::<Value>(&reply.text)
                    .is_ok_and(|value| value["answer"] == PROBE)
            }
            Constraint::Logprobs | Constraint::LogitBias | Constraint::Free => true,
        })
    }

    /// An answer in a way that the endpoint may not have.
    ///
    /// Some servers fail (500) at a field that others refuse or ignore, and any server may fail for a moment: what fails
    /// before and after a plain question was answered is a way that the endpoint does not have.
    async fn attempt(
        &self,
        mode: RequestMode,
        model: &OpenAi,
        item: &PilotItem,
        options: &[String],
        progress: &dyn Progress,
    ) -> Result<Completion, ApiError> {
        let generation = self.generation(mode, &item.prompt, options);
        let first = model.try_generate(&generation, progress).await;
        if !matches!(&first, Err(error) if is_failure(error)) {
            return first;
        }
        let plain = RequestMode {
            constraint: Constraint::Free,
            ..mode
        };
        let plain = self.generation(plain, &item.prompt, options);
        match model.generate(&plain, progress).await {
            Err(error) if !is_refusal(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let again = model.try_generate(&generation, progress).await;
        if let Err(error) = &again
            && is_failure(error)
        {
            progress.note(&format!(
                "the endpoint fails when it is asked by {}, {}, and not otherwise: it is asked in another way",
                mode.api.name(),
                mode.constraint.name()
            ));
        }
        again
    }

    /// Whether the model comes to an answer in its tokens. `well`: in most items to an option, because letters could be read
    /// instead.
    ///
    /// # Errors
    /// A thought that is cut off in every item: it is not an answer, however many items follow.
    async fn answers_freely(
        &self,
        mode: RequestMode,
        model: &OpenAi,
        pilot: &[PilotItem],
        well: bool,
        progress: &dyn Progress,
    ) -> Result<bool, EvaluateError> {
        let (mut valid, mut cut) = (0, 0);
        for item in pilot {
            let generation = self.generation(mode, &item.prompt, &letters(item.choices.len()));
            let reply = model.generate(&generation, progress).await?;
            if item.reader.read(&reply.text, &item.choices) != Answer::Invalid {
                valid += 1;
            } else if is_cut_thought(&reply) {
                cut += 1;
            }
        }
        if cut == pilot.len() && !well {
            return Err(EvaluateError::ThoughtCut {
                max_tokens: self.max_tokens,
            });
        }
        Ok(!well || 2 * valid > pilot.len())
    }
}

impl PilotResult {
    fn without_letters(mode: RequestMode) -> Self {
        Self {
            mode,
            separator: None,
            letters_probability: None,
            thought: None,
        }
    }

    fn is_weak(&self) -> bool {
        self.thought.is_some() && self.separator.is_some()
            || self
                .letters_probability
                .is_some_and(|share| share < LEAST_PROBABILITY)
    }

    /// Whether its letters hold more of the probability; none at all are not a way of asking.
    fn is_better_than(&self, other: Option<&Self>) -> bool {
        let share = |way: &Self| way.letters_probability.unwrap_or(0.0);
        share(self) > other.map_or(0.0, share)
    }

    fn say(&self, progress: &dyn Progress) {
        if let Some(thought) = &self.thought {
            progress.note(&format!(
                "the model begins with `{thought}`: it thinks before it answers, so its first token is not a letter, and it \
                 is asked with {} instead",
                self.mode.constraint.name()
            ));
        }
    }
}

/// Which form of the letters holds more of the probability; the expected one where both hold as much.
fn reading(replies: &[(&PilotItem, Completion)], expected: &str) -> FirstTokens {
    let other = if expected.is_empty() { " " } else { "" };
    let share = |separator: &str| {
        let of_item = |(item, reply): &(&PilotItem, Completion)| {
            probability(&letter_scores(reply, separator, item.choices.len()))
        };
        replies.iter().map(of_item).sum::<f64>() / replies.len().max(1) as f64
    };
    let shares = [(expected, share(expected)), (other, share(other))];
    let (separator, share) = if shares[1].1 > shares[0].1 {
        shares[1]
    } else {
        shares[0]
    };
    let thoughts: Vec<_> = replies.iter().map(|(_, reply)| thought_of(reply)).collect();
    let most = 2 * thoughts.iter().flatten().count() > replies.len();
    FirstTokens {
        separator: separator.to_owned(),
        share,
        thought: thoughts.into_iter().flatten().next().filter(|_| most),
    }
}

/// Servers with a parser for thoughts give none of the text while one lasts.
fn is_cut_thought(reply: &Completion) -> bool {
    let began = thought::after(&reply.text).is_none();
    began || reply.text.trim().is_empty() && reply.finish_reason.as_deref() == Some("length")
}

/// A refusal of what was asked for: another way may be allowed. OpenAI answers 403 to a model without log-probabilities.
fn is_refusal(error: &ApiError) -> bool {
    match error {
        ApiError::Call { source, .. } => match source {
            CallError::Refused { .. }
            | CallError::Unlisted { .. }
            | CallError::Field { .. }
            | CallError::Failed { .. }
            | CallError::Unexpected { .. } => true,
            CallError::Key { status, .. } => status.as_u16() == 403,
            CallError::Transport(_)
            | CallError::Busy { .. }
            | CallError::Quota { .. }
            | CallError::NotJson { .. }
            | CallError::NotServed { .. }
            | CallError::NotFinite { .. }
            | CallError::Moved { .. } => false,
        },
        _ => false,
    }
}

fn is_failure(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Call {
            source: CallError::Failed { .. },
            ..
        }
    )
}

/// The field that is refused.
fn refused_field(error: &ApiError) -> Option<&str> {
    match error {
        ApiError::Call {
            source: CallError::Field { name, .. },
            ..
        } => Some(name),
        _ => None,
    }
}

/// Whether a field is refused that every way of asking has.
fn lacks_all(error: &ApiError) -> bool {
    matches!(
        refused_field(error),
        Some("temperature" | "max_tokens" | "max_completion_tokens")
    )
}

/// A refusal of every way.
fn refused(error: ApiError) -> EvaluateError {
    match refused_field(&error) {
        Some(name) => EvaluateError::RefusedField {
            name: name.to_owned(),
            source: error,
        },
        None => error.into(),
    }
}

use super::{
    AnswerMode, GenerationLimits, KeptAnswers, LocalModel, Spacing,
    query::{ItemQuery, QueryBuilder},
};
use crate::{
    EvaluateError, EvaluationSettings, Question, QuestionSet, SetAnswers, question_sha256,
    questions::mean,
};
use clika_base::files::sha256_hex;
use clika_base::types::Progress;
use clika_lm::{LmError, ScoringRequest};
use clika_network::services::AnswerCache;
use clika_scores::metrics::Answer;
use clika_scores::predictions::Prediction;
use std::sync::atomic::{AtomicBool, Ordering};

/// What moves a score of a local model, besides the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalSettings {
    /// What an answer is read from.
    pub mode: AnswerMode,
    /// What stands between prompt and option.
    pub spacing: Spacing,
    /// Whether every option is scored at every letter's place, and its scores averaged.
    pub permute: bool,
    /// Tokens of a free answer.
    pub max_tokens: usize,
    /// Tokens that are run at a time.
    pub batch_tokens: usize,
}

/// Asks a model every item of every set.
///
/// What was answered is in the `kept` file before it is used, so that a run that ends early goes on from there.
/// Ends with [`EvaluateError::Stopped`] soon after `stop` is set.
pub fn evaluate_local(
    model: &LocalModel,
    prompt: &EvaluationSettings,
    settings: &LocalSettings,
    sets: &[QuestionSet],
    kept: &AnswerCache,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Vec<SetAnswers>, EvaluateError> {
    let mut answers = Vec::new();
    let work = LocalEvaluation {
        model,
        prompt,
        settings,
        kept: KeptAnswers {
            model,
            decoder: &model.decoder,
            fingerprint: &model.fingerprint,
            cache: kept,
            stop,
            progress,
        },
        stop,
    };
    let prompts = sets.iter().flat_map(|set| &set.questions);
    let prompts: usize = prompts.map(|question| work.rotations(question)).sum();
    progress.start(prompts as u64, "prompts");
    for set in sets {
        let detail = format!("{} {}", set.task, set.language);
        let mut answered = match settings.mode {
            AnswerMode::Free => work.free(set, &detail)?,
            AnswerMode::Letters | AnswerMode::Texts | AnswerMode::TextsPerByte => {
                work.forced(set, &detail)?
            }
        };
        work.identify(set, &mut answered.predictions)?;
        answers.push(answered);
    }
    progress.finish();
    Ok(answers)
}

struct LocalEvaluation<'a> {
    model: &'a LocalModel,
    prompt: &'a EvaluationSettings,
    settings: &'a LocalSettings,
    kept: KeptAnswers<'a>,
    stop: &'a AtomicBool,
}

impl LocalEvaluation<'_> {
    /// The error with an item's id instead of the number of a query.
    fn named(
        &self,
        error: EvaluateError,
        set: &QuestionSet,
        of: impl Fn(usize) -> usize,
    ) -> EvaluateError {
        let EvaluateError::Lm(LmError::NotFinite { number, dtype }) = error else {
            return error;
        };
        EvaluateError::NotFinite {
            item: set.questions[of(number)].id.clone(),
            task: set.task,
            language: set.language.clone(),
            model: self.model.name.clone(),
            dtype,
        }
    }

    /// Notes which question was asked, and in which words.
    fn identify(
        &self,
        set: &QuestionSet,
        answered: &mut [Prediction],
    ) -> Result<(), EvaluateError> {
        for (question, prediction) in set.questions.iter().zip(answered) {
            let prompt = self.model.wrapped(&self.prompt.render(set, question))?;
            prediction.item_sha256 = Some(question_sha256(question));
            prediction.prompt_sha256 = Some(sha256_hex(prompt));
        }
        Ok(())
    }

    /// In how many orders an item's choices are shown.
    fn rotations(&self, question: &Question) -> usize {
        if self.settings.permute {
            question.choices.len()
        } else {
            1
        }
    }

    fn check_stop(&self) -> Result<(), EvaluateError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(EvaluateError::Stopped);
        }
        Ok(())
    }

    /// Chooses by log-probabilities.
    fn forced(&self, set: &QuestionSet, detail: &str) -> Result<SetAnswers, EvaluateError> {
        let asker = QueryBuilder {
            model: self.model,
            settings: self.prompt,
            mode: self.settings.mode,
            spacing: self.settings.spacing,
        };
        let mut queries: Vec<ItemQuery> = Vec::new();
        let mut questions = Vec::new();
        for (number, question) in set.questions.iter().enumerate() {
            for rotation in 0..self.rotations(question) {
                self.check_stop()?;
                queries.push(asker.ask(set, question, rotation)?);
                questions.push(number);
            }
        }
        let requests: Vec<ScoringRequest> =
            queries.iter().map(|query| query.query.clone()).collect();
        let found = self
            .kept
            .score(&requests, self.settings.batch_tokens, detail)
            .map_err(|error| self.named(error, set, |number| questions[number]))?;
        let mut numbers = queries.iter().zip(&found);
        let predictions = set.questions.iter().map(|question| {
            let rotated: Vec<Vec<f64>> = numbers
                .by_ref()
                .take(self.rotations(question))
                .map(|(query, values)| query.scores(values))
                .collect();
            by_scores(question, &rotated)
        });
        let letters = self.settings.mode == AnswerMode::Letters;
        Ok(SetAnswers {
            predictions: predictions.collect(),
            separator: set
                .questions
                .first()
                .map(|question| asker.separator(question).to_owned()),
            letters_probability: letters.then(|| mean_probability(&found)).flatten(),
        })
    }

    /// Reads the option out of what the model writes.
    fn free(&self, set: &QuestionSet, detail: &str) -> Result<SetAnswers, EvaluateError> {
        let mut prompts = Vec::new();
        for question in &set.questions {
            prompts.push(self.model.encode(&self.prompt.render(set, question), "")?);
        }
        let limits = GenerationLimits {
            max_tokens: self.settings.max_tokens,
            batch_tokens: self.settings.batch_tokens,
        };
        let texts = self
            .kept
            .write(&prompts, limits, detail)
            .map_err(|error| self.named(error, set, |number| number))?;
        let texts = set.questions.iter().zip(texts);
        let predictions = texts
            .map(|(question, text)| Prediction {
                item_id: question.id.clone(),
                cluster_id: question.cluster_id.clone(),
                scores: None,
                answer: set.reader.read(&text, &question.choices),
                response: Some(text),
                label: question.label,
                item_sha256: None,
                prompt_sha256: None,
            })
            .collect();
        Ok(SetAnswers {
            predictions,
            separator: None,
            letters_probability: None,
        })
    }
}

/// The probability of all letters of a query together, mean over the queries.
fn mean_probability(log_probabilities: &[Vec<f64>]) -> Option<f64> {
    let sums: Vec<f64> = log_probabilities
        .iter()
        .map(|letters| letters.iter().map(|letter| letter.exp()).sum())
        .collect();
    mean(&sums)
}

/// The prediction from an item's scores, averaged over the places where its options stood.
///
/// Averaged are log-probabilities among the options, so that a place whose letters are likely does not weigh more.
fn by_scores(question: &Question, rotated: &[Vec<f64>]) -> Prediction {
    let choices = question.choices.len();
    let scores: Vec<f64> = match rotated {
        [scores] => scores.clone(),
        _ => (0..choices)
            .map(|option| {
                let normalized = rotated.iter().map(|scores| {
                    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
                    scores[option] - most - total.ln()
                });
                normalized.sum::<f64>() / rotated.len() as f64
            })
            .collect(),
    };
    // The first of equals, as for remote models.
    let best = (0..choices).reduce(|best, next| {
        if scores[next] > scores[best] {
            next
        } else {
            best
        }
    });
    let answer = best.and_then(|best| u8::try_from(best).ok());
    Prediction {
        item_id: question.id.clone(),
        cluster_id: question.cluster_id.clone(),
        scores: Some(scores),
        answer: answer.map_or(Answer::Invalid, Answer::Choice),
        response: None,
        label: question.label,
        item_sha256: None,
        prompt_sha256: None,
    }
}

use super::{
    AnswerMode, GenerationLimits, KeptAnswers, LocalModel, Spacing,
    query::{QueryBuilder, QueryOptions},
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
/// A set is asked in its [parts](crate::SetQuestions::parts): in memory are the prompts of one part, and the answers of all.
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
    let prompts = sets
        .iter()
        .map(|set| set.questions.len() * work.rotations(set.task.choices()));
    progress.start(prompts.sum::<usize>() as u64, "prompts");
    for set in sets {
        answers.push(work.set(set)?);
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
    /// Asks the parts of a set one after another.
    fn set(&self, set: &QuestionSet) -> Result<SetAnswers, EvaluateError> {
        let detail = format!("{} {}", set.task, set.language);
        if set.questions.is_long() {
            self.check(set)?;
        }
        let mut predictions = Vec::with_capacity(set.questions.len());
        let mut letters = Vec::new();
        for part in set.questions.parts() {
            let questions = &part?;
            predictions.extend(match self.settings.mode {
                AnswerMode::Free => self.free(set, questions, &detail)?,
                AnswerMode::Letters => self.forced(set, questions, &detail, Some(&mut letters))?,
                AnswerMode::Texts | AnswerMode::TextsPerByte => {
                    self.forced(set, questions, &detail, None)?
                }
            });
        }
        let forced = self.settings.mode != AnswerMode::Free;
        let first = set.questions.get(0)?.filter(|_| forced);
        Ok(SetAnswers {
            predictions,
            separator: first.map(|question| self.asker().separator(&question).to_owned()),
            letters_probability: mean(&letters),
        })
    }

    /// Fails where a prompt of a later part is longer than the model's context, before hours are spent on those before it.
    fn check(&self, set: &QuestionSet) -> Result<(), EvaluateError> {
        for part in set.questions.parts() {
            for question in &*part? {
                self.check_stop()?;
                let prompt = self.model.wrapped(&self.prompt.render(set, question))?;
                let after = match self.settings.mode {
                    AnswerMode::Free => self.settings.max_tokens,
                    AnswerMode::Letters => 1,
                    AnswerMode::Texts | AnswerMode::TextsPerByte => {
                        question.choices.iter().map(String::len).max().unwrap_or(0)
                    }
                };
                // A text has hardly ever more tokens than bytes: most need not be encoded twice.
                if self.model.decoder.fits(prompt.len() + after).is_err() {
                    self.check_encoded(set, question)?;
                }
            }
        }
        Ok(())
    }

    fn check_encoded(&self, set: &QuestionSet, question: &Question) -> Result<(), EvaluateError> {
        let decoder = &self.model.decoder;
        if self.settings.mode == AnswerMode::Free {
            let prompt = self.encode(set, question)?;
            return Ok(decoder.fits(prompt.len() + self.settings.max_tokens)?);
        }
        for rotation in 0..self.rotations(question.choices.len()) {
            let (request, _) = self.asker().ask(set, question, rotation)?;
            let longest = request.continuations.iter().map(Vec::len).max();
            let after = longest.map_or(0, |longest| longest - 1);
            decoder.fits(request.prompt.len() + after)?;
        }
        Ok(())
    }

    fn asker(&self) -> QueryBuilder<'_> {
        QueryBuilder {
            model: self.model,
            settings: self.prompt,
            mode: self.settings.mode,
            spacing: self.settings.spacing,
        }
    }

    /// A prompt after which the model writes.
    fn encode(&self, set: &QuestionSet, question: &Question) -> Result<Vec<u32>, EvaluateError> {
        self.model.encode(&self.prompt.render(set, question), "")
    }

    /// The error with an item's id instead of the number of a query.
    fn named(
        &self,
        error: EvaluateError,
        set: &QuestionSet,
        item: impl Fn(usize) -> String,
    ) -> EvaluateError {
        let EvaluateError::Lm(LmError::NotFinite { number, dtype }) = error else {
            return error;
        };
        EvaluateError::NotFinite {
            item: item(number),
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
        question: &Question,
        mut prediction: Prediction,
    ) -> Result<Prediction, EvaluateError> {
        let prompt = self.model.wrapped(&self.prompt.render(set, question))?;
        prediction.item_sha256 = Some(question_sha256(question));
        prediction.prompt_sha256 = Some(sha256_hex(prompt));
        Ok(prediction)
    }

    /// In how many orders an item's choices are shown.
    fn rotations(&self, choices: usize) -> usize {
        if self.settings.permute { choices } else { 1 }
    }

    fn check_stop(&self) -> Result<(), EvaluateError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(EvaluateError::Stopped);
        }
        Ok(())
    }

    /// Chooses by log-probabilities. `letters` gets the probability of all letters of each query together.
    fn forced(
        &self,
        set: &QuestionSet,
        part: &[Question],
        detail: &str,
        letters: Option<&mut Vec<f64>>,
    ) -> Result<Vec<Prediction>, EvaluateError> {
        let asker = self.asker();
        let mut requests: Vec<ScoringRequest> = Vec::new();
        let mut options: Vec<QueryOptions> = Vec::new();
        let mut asked: Vec<&Question> = Vec::new();
        for question in part {
            for rotation in 0..self.rotations(question.choices.len()) {
                self.check_stop()?;
                let (request, of_request) = asker.ask(set, question, rotation)?;
                requests.push(request);
                options.push(of_request);
                asked.push(question);
            }
        }
        let found = self
            .kept
            .score(&requests, self.settings.batch_tokens, detail)
            .map_err(|error| self.named(error, set, |number| asked[number].id.clone()))?;
        if let Some(letters) = letters {
            let sums = found
                .iter()
                .map(|query| query.iter().map(|it| it.exp()).sum::<f64>());
            letters.extend(sums);
        }
        let mut numbers = options.iter().zip(&found);
        let predictions = part.iter().map(|question| {
            let rotated: Vec<Vec<f64>> = numbers
                .by_ref()
                .take(self.rotations(question.choices.len()))
                .map(|(options, values)| options.scores(values))
                .collect();
            self.identify(set, question, by_scores(question, &rotated))
        });
        predictions.collect()
    }

    /// Reads the option out of what the model writes.
    fn free(
        &self,
        set: &QuestionSet,
        part: &[Question],
        detail: &str,
    ) -> Result<Vec<Prediction>, EvaluateError> {
        let mut prompts = Vec::with_capacity(part.len());
        for question in part {
            prompts.push(self.encode(set, question)?);
        }
        let limits = GenerationLimits {
            max_tokens: self.settings.max_tokens,
            batch_tokens: self.settings.batch_tokens,
        };
        let texts = self
            .kept
            .write(&prompts, limits, detail)
            .map_err(|error| self.named(error, set, |number| part[number].id.clone()))?;
        let texts = part.iter().zip(texts);
        let predictions = texts.map(|(question, text)| {
            let prediction = Prediction {
                item_id: question.id.clone(),
                cluster_id: question.cluster_id.clone(),
                scores: None,
                answer: set.reader.read(&text, &question.choices),
                response: Some(text),
                label: question.label,
                item_sha256: None,
                prompt_sha256: None,
            };
            self.identify(set, question, prediction)
        });
        predictions.collect()
    }
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

#[cfg(test)]
mod tests;

//! Rows to questions, and the model's answers to them.

use crate::{
    AnswerSettings, FinetuneError,
    answer_record::{AnswerMethod, AnswerRecord, Split},
    examples::row_prompt,
};
use clika_base::text::{TextRules, without_case};
use clika_base::types::Progress;
use clika_datasets::FictionalRow;
use clika_evaluate::{EvaluateError, GenerationLimits, KeptAnswers, LocalModel};
use clika_lm::{Decoder, LmError, ScoringRequest};
use clika_network::services::AnswerCache;
use serde_json::json;
use std::sync::atomic::AtomicBool;

/// Has a model, or one that was trained from it, answer the rows of a world.
pub(crate) struct RowEvaluator<'a> {
    /// Tokenizer and format.
    pub(crate) model: &'a LocalModel,
    /// What answers: the base, with or without an adapter.
    pub(crate) decoder: &'a Decoder,
    /// Names the weights of what answers.
    pub(crate) fingerprint: &'a str,
    pub(crate) settings: &'a AnswerSettings,
    /// Where answers are kept until the experiment has ended.
    pub(crate) cache: &'a AnswerCache,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a dyn Progress,
}

impl RowEvaluator<'_> {
    /// The model's answers to rows, read by a method.
    pub(crate) fn ask(
        &self,
        mode: AnswerMethod,
        split: &Split,
        rows: &[&FictionalRow],
        what: &str,
    ) -> Result<Vec<AnswerRecord>, FinetuneError> {
        let answers = match mode {
            AnswerMethod::Ranking => self.rank(split, rows, what),
            AnswerMethod::Free => self.write(split, rows, what),
        };
        answers.map_err(|error| self.named(error, rows, what))
    }

    /// The error with a row's id instead of its number.
    fn named(&self, error: FinetuneError, rows: &[&FictionalRow], what: &str) -> FinetuneError {
        match error {
            FinetuneError::Evaluate(EvaluateError::Stopped) => FinetuneError::Stopped,
            FinetuneError::Evaluate(EvaluateError::Api(source)) => {
                FinetuneError::kept_answers(self.cache.path())(source)
            }
            FinetuneError::Evaluate(EvaluateError::Lm(LmError::NotFinite { number, dtype })) => {
                FinetuneError::NotFinite {
                    id: rows[number].id.clone(),
                    model: format!("{} ({what})", self.model.name),
                    dtype,
                }
            }
            error => error,
        }
    }

    /// Chooses the likeliest of the choices, each in the sentence that answers the question: a model that was taught whole
    /// sentences gives a bare name little. What the sentences begin with alike is run once, and cancels.
    fn rank(
        &self,
        split: &Split,
        rows: &[&FictionalRow],
        what: &str,
    ) -> Result<Vec<AnswerRecord>, FinetuneError> {
        let queries: Vec<ScoringRequest> = rows
            .iter()
            .map(|row| self.query(row))
            .collect::<Result<_, _>>()?;
        self.progress.start(rows.len() as u64, "questions");
        let scores = self.kept(&self.fingerprint_of(split)).score(
            &queries,
            self.settings.batch_tokens,
            what,
        )?;
        self.progress.finish();
        rows.iter()
            .zip(scores)
            .map(|(row, scores)| chosen(split, row, scores))
            .collect()
    }

    fn query(&self, row: &FictionalRow) -> Result<ScoringRequest, FinetuneError> {
        let wrong = |problem| FinetuneError::Row {
            id: row.id.clone(),
            problem,
        };
        let choices = row.choices.as_ref();
        let choices = choices.ok_or_else(|| wrong("has no choices"))?;
        let sentence = row.response.rsplit_once(&row.answer);
        let (before, after) = sentence.ok_or_else(|| wrong("has a response without its answer"))?;
        let mut prompt = Vec::new();
        let mut answers = Vec::new();
        for choice in choices {
            let answer = format!("{before}{choice}{after}");
            let turn = self
                .model
                .encode_turn(&row_prompt(row), &self.settings.space, &answer)?;
            prompt = turn.prompt;
            answers.push(turn.answer);
        }
        let shared = shared(&answers);
        if let Some(first) = answers.first() {
            prompt.extend(&first[..shared]);
        }
        Ok(ScoringRequest {
            prompt,
            continuations: answers
                .iter()
                .map(|answer| answer[shared..].to_vec())
                .collect(),
        })
    }

    /// Has the model write its answers.
    fn write(
        &self,
        split: &Split,
        rows: &[&FictionalRow],
        what: &str,
    ) -> Result<Vec<AnswerRecord>, FinetuneError> {
        let mut prompts = Vec::new();
        for row in rows {
            prompts.push(self.model.encode(&row_prompt(row), "")?);
        }
        let writing = GenerationLimits {
            max_tokens: self.settings.max_new_tokens,
            batch_tokens: self.settings.batch_tokens,
        };
        self.progress.start(rows.len() as u64, "texts");
        let texts = self
            .kept(&self.fingerprint_of(split))
            .write(&prompts, writing, what)?;
        self.progress.finish();
        let answers = rows.iter().zip(texts).map(|(row, text)| {
            let right = contains_name(&text, &row.answer, &row.language);
            AnswerRecord::new(split, row, AnswerMethod::Free, text, right, None)
        });
        Ok(answers.collect())
    }

    /// What decides the answers of a split, beside the questions.
    ///
    /// A control test repeats questions of the test. Each is asked for itself, since its batch moves the last digits of a
    /// score, and the answers of an experiment shall not depend on which of its questions came first.
    fn fingerprint_of(&self, split: &Split) -> String {
        format!("{} {}", self.fingerprint, json!(split))
    }

    fn kept<'a>(&'a self, fingerprint: &'a str) -> KeptAnswers<'a> {
        KeptAnswers {
            model: self.model,
            decoder: self.decoder,
            fingerprint,
            cache: self.cache,
            stop: self.stop,
            progress: self.progress,
        }
    }
}

/// How many tokens all begin with; each keeps one of its own at least.
fn shared(answers: &[Vec<u32>]) -> usize {
    let Some(first) = answers.first() else {
        return 0;
    };
    answers.iter().fold(first.len(), |shared, answer| {
        let same = first.iter().zip(answer).take_while(|(a, b)| a == b);
        shared.min(same.count()).min(answer.len().saturating_sub(1))
    })
}

/// The choice with the best score, of equals the first.
fn chosen(
    split: &Split,
    row: &FictionalRow,
    scores: Vec<f64>,
) -> Result<AnswerRecord, FinetuneError> {
    let best = (0..scores.len()).reduce(|best, next| {
        if scores[next] > scores[best] {
            next
        } else {
            best
        }
    });
    let name = best.and_then(|best| row.choices.as_ref()?.get(best));
    let (Some(best), Some(name)) = (best, name) else {
        return Err(FinetuneError::Row {
            id: row.id.clone(),
            problem: "has no choices",
        });
    };
    let right = row.label.is_some_and(|label| label == best as i64);
    let answer = name.clone();
    Ok(AnswerRecord::new(
        split,
        row,
        AnswerMethod::Ranking,
        answer,
        right,
        Some(scores),
    ))
}

/// Whether a text contains a name, as readers see it: without case, and however its letters were typed.
fn contains_name(text: &str, name: &str, language: &str) -> bool {
    let rules = TextRules::of_code(language);
    without_case(text, rules).contains(&without_case(name, rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clika_datasets::RowKind;

    #[test]
    fn what_all_begin_with_leaves_each_a_token() {
        assert_eq!(shared(&[vec![1, 2, 3], vec![1, 2, 4]]), 2);
        assert_eq!(shared(&[vec![1, 2], vec![1, 2, 4]]), 1);
        assert_eq!(shared(&[vec![5], vec![6]]), 0);
        assert_eq!(shared(&[]), 0);
    }

    fn row() -> FictionalRow {
        FictionalRow {
            id: "place-000-continent-de-1".to_owned(),
            kind: RowKind::Qa,
            language: "de".to_owned(),
            relation: Some("continent"),
            entity: "place-000".to_owned(),
            template: 1,
            type_: Some(1),
            prompt: "Wo liegt Oz?".to_owned(),
            query: String::new(),
            response: "Oz liegt in Bovo.".to_owned(),
            answer: "Bovo".to_owned(),
            choices: Some(["Alma", "Bovo", "Cera"].map(str::to_owned).into()),
            label: Some(1),
        }
    }

    #[test]
    fn the_likeliest_choice_is_the_answer() {
        let ask = |scores: [f64; 3]| chosen(&Split::Test, &row(), scores.into());
        let right = ask([-3.0, -1.5, -2.0]).unwrap();
        assert_eq!((right.answer.as_str(), right.right), ("Bovo", true));
        let first_of_equals = ask([-1.0, -1.0, -2.0]).unwrap();
        assert_eq!(first_of_equals.answer, "Alma");
        assert!(!first_of_equals.right);
    }
}

//! Rows to questions, and the model's answers to them.

use crate::{
    AnswerSettings, FinetuneError,
    answer_record::{AnswerMethod, AnswerRecord, Split},
    examples::row_prompt,
};
use clika_base::types::Progress;
use clika_datasets::FictionalRow;
use clika_evaluate::{EvaluateError, GenerationLimits, LocalModel};
use clika_lm::{Decoder, LmError, Scorer, ScoringRequest};
use std::sync::atomic::{AtomicBool, Ordering};

/// Has a model, or one that was trained from it, answer the rows of a world.
pub(crate) struct RowEvaluator<'a> {
    /// Tokenizer and format.
    pub(crate) model: &'a LocalModel,
    /// What answers: the base, with or without an adapter.
    pub(crate) decoder: &'a Decoder,
    pub(crate) settings: &'a AnswerSettings,
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
        let (FinetuneError::Lm(LmError::NotFinite { number, dtype })
        | FinetuneError::Evaluate(EvaluateError::Lm(LmError::NotFinite { number, dtype }))) = error
        else {
            return error;
        };
        FinetuneError::NotFinite {
            id: rows[number].id.clone(),
            model: format!("{} ({what})", self.model.name),
            dtype,
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
        let mut answers: Vec<Option<AnswerRecord>> = vec![None; rows.len()];
        self.progress.start(rows.len() as u64, "questions");
        for batch in Scorer::new(self.decoder, &queries, self.settings.batch_tokens)? {
            for (number, scores) in batch? {
                answers[number] = Some(chosen(split, rows[number], scores)?);
                self.progress.step(what);
            }
            self.check_stop()?;
        }
        self.progress.finish();
        Ok(answers.into_iter().flatten().collect())
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
        let mut answers: Vec<Option<AnswerRecord>> = vec![None; rows.len()];
        self.progress.start(rows.len() as u64, "texts");
        self.model.write(self.decoder, &prompts, writing, |texts| {
            for (number, text) in texts {
                let row = rows[number];
                let right = text.contains(&row.answer);
                answers[number] = Some(AnswerRecord::new(
                    split,
                    row,
                    AnswerMethod::Free,
                    text,
                    right,
                    None,
                ));
                self.progress.step(what);
            }
            self.check_stop()
        })?;
        self.progress.finish();
        Ok(answers.into_iter().flatten().collect())
    }

    fn check_stop(&self) -> Result<(), FinetuneError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(FinetuneError::Stopped);
        }
        Ok(())
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

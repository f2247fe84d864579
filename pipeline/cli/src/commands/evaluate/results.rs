//! What a run prints, and its predictions.

use super::{Args, Failure, run_plan, sets::PlannedQuestions};
use crate::commands::print;
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_evaluate::{LEAST_PROBABILITY, QuestionSet, SetAnswers, is_cut_off};
use clika_scores::metrics::Answer;
use clika_scores::predictions::{OneLetter, Prediction, one_letter};
use serde_json::{Value, json};
use std::path::Path;

/// A run's answers, and how they were asked for.
pub(super) struct EvaluationResults<'a> {
    /// The model's name in the predictions.
    pub(super) name: &'a str,
    pub(super) questions: &'a PlannedQuestions,
    pub(super) answers: Vec<SetAnswers>,
    /// Everything that moves a score, for the manifest.
    pub(super) described: Value,
    /// How it was asked, in words.
    pub(super) how: String,
    /// Further fields of the printed object.
    pub(super) fields: Value,
}

impl EvaluationResults<'_> {
    /// Writes the predictions and prints the table, or the object for `--json`. Returns the scores.
    pub(super) fn publish(
        self,
        args: &Args,
        datasets: &Path,
        out: &Path,
    ) -> Result<Vec<SetScore>, Failure> {
        let plan = run_plan::RunPlan {
            name: self.name,
            questions: self.questions,
            datasets,
            out,
        };
        let sets = self.questions.sets.iter().zip(&self.answers);
        let rows: Vec<_> = sets
            .map(|(set, answers)| ScoreRow::of(set, answers))
            .collect();
        let cut = thoughts_cut_off(&self.answers);
        run_plan::save(&plan, self.answers, &self.described)?;
        warn(&rows);
        warn_of_one_letter(&rows);
        if cut > 0 {
            let all: usize = rows.iter().map(|row| row.items).sum();
            eprintln!(
                "note: {cut} of {all} answers were cut off in their thought and count as invalid; a larger --max-tokens gives them more room"
            );
        }
        warn_of_sums(&rows);
        let scores = rows.iter().map(SetScore::of).collect();
        if args.json {
            let mut object = json!({
                "model": self.name,
                "predictions": out,
                "scores": rows.iter().map(ScoreRow::json).collect::<Vec<_>>(),
            });
            if let Some(exemplars) = exemplars(self.questions) {
                object["exemplars"] = exemplars;
            }
            if let (Value::Object(object), Value::Object(fields)) = (&mut object, &self.fields) {
                object.extend(fields.clone());
            }
            print(&format!("{object}\n"))?;
            return Ok(scores);
        }
        let mut text = format!(
            "{}: {}, prompt `{}`{}\n\n| task | language | items | accuracy | invalid | letters |\n|---|---|---|---|---|---|\n",
            self.name,
            self.how,
            args.prompt,
            match args.shots.resolve() {
                Some(shots) => format!(" after {} exemplars, seed {}", shots.count, shots.seed),
                None => String::new(),
            }
        );
        text.extend(rows.iter().map(ScoreRow::markdown));
        print(&(text + &format!("\nwrote {}\n", out.display())))?;
        Ok(scores)
    }
}

/// How many items of a task in a language a model has right.
pub(super) struct SetScore {
    pub(super) task: Task,
    pub(super) language: LanguageCode,
    pub(super) items: usize,
    pub(super) right: usize,
}

impl SetScore {
    fn of(row: &ScoreRow<'_>) -> Self {
        Self {
            task: row.set.task,
            language: row.set.language.clone(),
            items: row.items,
            right: row.right,
        }
    }
}

/// The exemplars of each task; `None` where none were shown.
fn exemplars(questions: &PlannedQuestions) -> Option<Value> {
    let versions = questions.versions.iter();
    let shown: serde_json::Map<_, _> = versions
        .filter_map(|(task, version)| Some((task.to_string(), version.get("exemplars")?.clone())))
        .collect();
    (!shown.is_empty()).then(|| shown.into())
}

/// Says where letters are not what the model would write.
fn warn(rows: &[ScoreRow]) {
    let low: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let share = row.letters.filter(|share| *share < LEAST_PROBABILITY)?;
            Some(format!(
                "{} in {} {share:.2}",
                row.set.task, row.set.language
            ))
        })
        .collect();
    if !low.is_empty() {
        eprintln!(
            "note: where the answer is read, the option letters have little of the probability ({}), so what is \
             compared is not what the model would write; try another --format or --prompt, or --answer texts or free",
            low.join(", ")
        );
    }
}

/// Says where nearly all answers are one letter.
fn warn_of_one_letter(rows: &[ScoreRow]) {
    let found: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let letter = row.one_letter?;
            Some(format!("{} in {} {letter}", row.set.task, row.set.language))
        })
        .collect();
    if !found.is_empty() {
        eprintln!(
            "note: nearly every answer is one letter ({}), so accuracy and en-CO say where right options stand and not what \
             the model knows; try --permute, or another --answer or --prompt",
            found.join(", ")
        );
    }
}

/// How many answers ended before the model came to them.
fn thoughts_cut_off(answers: &[SetAnswers]) -> usize {
    let all = answers.iter().flat_map(|answers| &answers.predictions);
    let responses = all.filter_map(|prediction| prediction.response.as_deref());
    responses.filter(|response| is_cut_off(response)).count()
}

/// Says where an endpoint's numbers are not probabilities.
fn warn_of_sums(rows: &[ScoreRow]) {
    let most = rows.iter().filter_map(|row| row.letters).reduce(f64::max);
    if let Some(most) = most.filter(|most| *most > 1.01) {
        eprintln!(
            "note: the option letters add up to a probability of {most:.2}: the endpoint's numbers are not \
             log-probabilities, and scores computed from them mean nothing beyond their order"
        );
    }
}

/// A line of the table.
struct ScoreRow<'a> {
    set: &'a QuestionSet,
    right: usize,
    invalid: usize,
    items: usize,
    /// The share of the probability that the letters hold.
    letters: Option<f64>,
    /// The letter that nearly every answer is, and its share.
    one_letter: Option<OneLetter>,
}

impl<'a> ScoreRow<'a> {
    fn of(set: &'a QuestionSet, answers: &SetAnswers) -> Self {
        let predictions = &answers.predictions;
        let count = |of: fn(&Prediction) -> bool| predictions.iter().filter(|p| of(p)).count();
        Self {
            set,
            right: count(|prediction| prediction.judged().is_right()),
            invalid: count(|prediction| prediction.answer == Answer::Invalid),
            items: predictions.len(),
            letters: answers.letters_probability,
            one_letter: one_letter(predictions),
        }
    }

    fn markdown(&self) -> String {
        format!(
            "| {} | {} | {} | {:.3} | {} | {} |\n",
            self.set.task,
            self.set.language,
            self.items,
            self.right as f64 / self.items as f64,
            self.invalid,
            self.letters
                .map_or("–".to_owned(), |share| format!("{share:.2}")),
        )
    }

    fn json(&self) -> Value {
        json!({
            "task": self.set.task,
            "language": self.set.language,
            "items": self.items,
            "right": self.right,
            "invalid": self.invalid,
            "letters_probability": self.letters,
            "one_letter": self.one_letter,
        })
    }
}

//! Answers as bytes.

use super::items::ItemSets;
use crate::sources::Sources;
use clika_scores::metrics::Answer;
use clika_scores::predictions::Prediction;
use serde_json::{Value, json};

/// What stands for an answer that was none, and for a score that is far below the best or not known.
const NONE: u8 = 255;

/// How many characters of a response are kept, the most first.
const CUTS: [usize; 4] = [200, 100, 50, 20];

/// Bytes of responses, before they are compressed, that a page may hold.
const MOST_RESPONSES: usize = 24_000_000;

/// All answers.
pub(super) struct Packed {
    /// An object for each model on a set in a language.
    pub(super) entries: Vec<Value>,
    pub(super) bytes: Vec<u8>,
}

impl Packed {
    pub(super) fn new(sources: &Sources, sets: &ItemSets, languages: &[&str], cut: usize) -> Self {
        let mut packed = Self {
            entries: Vec::new(),
            bytes: Vec::new(),
        };
        let mut models = 0;
        for source in &sources.answers {
            let of_source: Vec<&str> = source.collection.models().into_iter().collect();
            for (key, answers) in source.collection.iter() {
                let model = of_source.iter().position(|it| *it == key.model);
                let language = languages.iter().position(|it| *it == key.language.as_str());
                let run = source.collection.run(key);
                let offset = packed.bytes.len();
                let scores = packed.add(answers, key.task.choices());
                let written = answers.iter().any(|it| it.response.is_some());
                let responses = written.then(|| {
                    let texts = answers
                        .iter()
                        .map(|it| shortened(it.response.as_deref()?, cut));
                    texts.collect::<Vec<_>>()
                });
                packed.entries.push(json!({
                    "model": model.map(|it| models + it),
                    "set": sets.of(key.task, answers),
                    "language": language,
                    "offset": offset,
                    "scores": scores,
                    "responses": responses,
                    "letters": run.and_then(|run| run["letters_probability"].as_f64()),
                }));
            }
            models += of_source.len();
        }
        packed
    }

    /// Adds the answers and, where there are some, the scores; says whether there were.
    fn add(&mut self, answers: &[Prediction], choices: usize) -> bool {
        self.bytes.extend(answers.iter().map(|it| match it.answer {
            Answer::Choice(choice) => choice,
            Answer::Invalid => NONE,
        }));
        let scored = answers.iter().any(|it| it.scores.is_some());
        if scored {
            for answer in answers {
                self.bytes
                    .extend(below_best(answer.scores.as_deref(), choices));
            }
        }
        scored
    }
}

/// How far each score lies below the best, in tenths.
fn below_best(scores: Option<&[f64]>, choices: usize) -> Vec<u8> {
    let Some(scores) = scores else {
        return vec![NONE; choices];
    };
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let tenths = |score: &f64| {
        let below = ((best - score) * 10.0).round();
        // A saturating conversion: 255 is also what lies further below.
        if below.is_finite() { below as u8 } else { NONE }
    };
    let mut bytes: Vec<u8> = scores.iter().map(tenths).collect();
    bytes.resize(choices, NONE);
    bytes
}

/// The longest cut at which all responses still fit.
pub(super) fn affordable(sources: &Sources) -> usize {
    let collections = sources.answers.iter().map(|it| &it.collection);
    let answers = collections
        .flat_map(|it| it.iter())
        .flat_map(|(_, answers)| answers);
    // Counted in bytes, which is at least the characters.
    let mut sizes = [0_usize; CUTS.len()];
    for response in answers.filter_map(|it| it.response.as_deref()) {
        for (size, cut) in sizes.iter_mut().zip(CUTS) {
            *size += response.len().min(4 * cut);
        }
    }
    let fits = CUTS
        .into_iter()
        .zip(sizes)
        .find(|(_, size)| *size <= MOST_RESPONSES);
    fits.map_or(CUTS[CUTS.len() - 1], |(cut, _)| cut)
}

/// A text of at most so many characters, with an ellipsis where it was longer.
pub(super) fn shortened(text: &str, cut: usize) -> Option<String> {
    Some(match text.char_indices().nth(cut) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_tenths_below_the_best() {
        // 0; 1.26 → 13; 25.44 → 254; 40 → 255; and a choice without a score.
        let scores = [-1.0, -2.26, -26.44, -41.0];
        assert_eq!(below_best(Some(&scores), 5), [0, 13, 254, 255, 255]);
        assert_eq!(below_best(None, 2), [255, 255]);
        assert_eq!(below_best(Some(&[f64::NEG_INFINITY, 0.0]), 2), [255, 0]);
    }

    #[test]
    fn a_response_is_cut_at_characters_and_not_at_bytes() {
        assert_eq!(shortened("日本語", 3).unwrap(), "日本語");
        assert_eq!(shortened("日本語だ", 3).unwrap(), "日本語…");
        assert_eq!(shortened("", 3).unwrap(), "");
    }
}

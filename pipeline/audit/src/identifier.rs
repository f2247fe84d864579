//! Which language a text reads as. The only file that knows the crate that judges it.

use crate::knowledge::likely_script;
use clika_base::types::LanguageCode;
use langid_rs::Model;
use std::collections::{BTreeMap, HashSet};

/// How far another language has to lead before a text counts as written in it: a difference of logarithms of
/// probabilities. At 10, no text of 2,400 of our own and one of 2,600 others read as another of the shipped languages.
const LEAD: f32 = 10.0;

/// The same for the mean over all texts of a language, among all languages. The largest mean of a wrong answer was 8.5,
/// between Zulu and Xhosa.
const MEAN_LEAD: f32 = 9.0;

/// Texts that a mean needs at least.
const FEWEST: usize = 10;

/// Texts that a mean takes at most.
const MOST: usize = 50;

/// Characters of a text that are read.
const LONGEST: usize = 2000;

/// What a text, or the texts of a language, were recognized as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detected {
    /// The language that they should be in.
    Own,
    /// Another language, by its code.
    Other(String),
    /// They are too short, or the language is not known.
    Unsure,
}

/// Recognizes languages.
pub(crate) struct LanguageDetector {
    /// Knows all its languages.
    all: Model,
    /// Knows the languages that it was made for; `None` where they are fewer than two.
    some: Option<Model>,
    /// The model's codes of the languages that it was made for.
    known: BTreeMap<LanguageCode, String>,
}

impl LanguageDetector {
    /// For languages, each with its script, and English.
    pub(crate) fn among(languages: impl IntoIterator<Item = (LanguageCode, String)>) -> Self {
        let model = || Model::load(false).expect("the model is part of the program");
        let all = model();
        let codes = all.rank("").into_iter().map(|(code, _)| code.to_owned());
        let codes: HashSet<String> = codes.collect();
        let known: BTreeMap<LanguageCode, String> = languages
            .into_iter()
            .filter_map(|(language, script)| {
                let code = model_code(&language, &script).filter(|it| codes.contains(it));
                Some((language, code?))
            })
            .collect();
        let mut candidates: HashSet<String> = known.values().cloned().collect();
        candidates.insert("en".to_owned());
        let some = (candidates.len() > 1).then(|| {
            if candidates.contains("nb") {
                candidates.insert("no".to_owned());
            }
            let mut some = model();
            let is_set = some.set_langs(Some(candidates)).is_ok();
            assert!(is_set, "the model knows its own codes");
            some
        });
        Self { all, some, known }
    }

    /// Whether texts of a language can be judged.
    pub(crate) fn knows(&self, language: &LanguageCode) -> bool {
        self.known.contains_key(language)
    }

    /// What a text that should be in a language reads as, among the languages that the detector was made for.
    pub(crate) fn detect(&self, text: &str, expected: &LanguageCode) -> Detected {
        match (&self.some, self.known.get(expected)) {
            (Some(model), Some(own)) => Scores::of(model, text).judged(own, LEAD),
            _ => Detected::Unsure,
        }
    }

    /// What the texts that should be in a language read as together, among all languages.
    pub(crate) fn detect_all(&self, texts: &[&str], expected: &LanguageCode) -> Detected {
        let Some(own) = self.known.get(expected) else {
            return Detected::Unsure;
        };
        if texts.len() < FEWEST {
            return Detected::Unsure;
        }
        let sample = texts.iter().step_by(texts.len().div_ceil(MOST));
        let count = sample.len();
        let sum = sample
            .map(|text| Scores::of(&self.all, text))
            .fold(Scores::default(), Scores::plus);
        sum.judged(own, MEAN_LEAD * count as f32)
    }
}

/// How well a text fits each language: logarithms of probabilities, up to a constant.
#[derive(Default)]
struct Scores(BTreeMap<String, f32>);

impl Scores {
    fn of(model: &Model, text: &str) -> Self {
        let end = text
            .char_indices()
            .nth(LONGEST)
            .map_or(text.len(), |it| it.0);
        let ranked = model.rank(&text[..end]).into_iter();
        let mut scores: BTreeMap<String, f32> = ranked
            .map(|(code, score)| (code.to_owned(), score))
            .collect();
        // The model has Bokmål twice.
        if let (Some(no), Some(nb)) = (scores.remove("no"), scores.get_mut("nb")) {
            *nb = nb.max(no);
        }
        Self(scores)
    }

    fn plus(mut self, other: Self) -> Self {
        for (code, score) in other.0 {
            *self.0.entry(code).or_default() += score;
        }
        self
    }

    fn judged(&self, own: &str, lead: f32) -> Detected {
        let best = self.0.iter().max_by(|a, b| a.1.total_cmp(b.1));
        match (best, self.0.get(own)) {
            (Some((code, _)), Some(_)) if code == own => Detected::Own,
            (Some((code, score)), Some(expected)) if score - expected >= lead => {
                Detected::Other(code.clone())
            }
            _ => Detected::Unsure,
        }
    }
}

/// The model's code of a language; `None` in another script than the one that the language is usually written in.
fn model_code(language: &LanguageCode, script: &str) -> Option<String> {
    let primary = language.as_str().split('-').next()?.to_lowercase();
    let is_han = |script: &str| matches!(script, "Hans" | "Hant");
    let usual = likely_script(&primary)?;
    if usual != script && !(is_han(&usual) && is_han(script)) {
        return None;
    }
    Some(match primary.as_str() {
        "fil" => "tl".to_owned(),
        "no" => "nb".to_owned(),
        _ => primary,
    })
}

#[cfg(test)]
mod tests;

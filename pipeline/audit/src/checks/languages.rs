//! Texts in another language than they should be, as far as an identifier of languages tells it.

use crate::{
    BackgroundFacts, ChoiceItem, ChoiceSet, Finding, Severity,
    identifier::{Detected, LanguageDetector},
    tally::{Defect, Tallies},
    text::{folded, letters, shortened},
};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// The share of a language's texts from which on it is not a mistake of the identifier.
const MANY: f64 = 0.02;

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let languages = set.languages.keys();
    let with_script = languages.filter_map(|code| Some((code.clone(), knowledge.script(code)?)));
    let detector = LanguageDetector::among(with_script);
    let mut counts = Counts::default();
    let english = set.languages.iter().find(|(code, _)| code.as_str() == "en");
    if let Some((_, items)) = english {
        let texts = items.iter().map(|it| (it.id.clone(), folded(&it.text)));
        counts.english_texts = texts.collect();
    }
    for (code, items) in &set.languages {
        let is_known = detector.knows(code);
        let why = (!is_known).then_some("the identifier of languages does not know it");
        counts.unknown.see(code, "language", why);
        if is_known {
            counts.count(code, items, &detector, knowledge);
        }
    }
    counts.findings(&set.name)
}

#[derive(Default)]
struct Counts {
    english_texts: BTreeMap<String, String>,
    english: Tallies,
    other: Tallies,
    whole: Tallies,
    unknown: Tallies,
}

impl Counts {
    fn count(
        &mut self,
        code: &LanguageCode,
        items: &[ChoiceItem],
        detector: &LanguageDetector,
        knowledge: &BackgroundFacts,
    ) {
        // What is in another script has its own check.
        let script = knowledge.script(code).unwrap_or_default();
        let is_own_script = |item: &&ChoiceItem| {
            let (right, wrong) = letters(&item.text, &script);
            right >= wrong
        };
        let items: Vec<_> = items.iter().filter(is_own_script).collect();
        for item in &items {
            let other = match detector.detect(&item.text, code) {
                Detected::Other(other) => Some(other),
                Detected::Own | Detected::Unsure => None,
            };
            // English's own text has its own check.
            let is_same = self.english_texts.get(&item.id) == Some(&folded(&item.text));
            let other = other.filter(|_| !is_same);
            let is_english = other.as_deref() == Some("en");
            let text = || shortened(&item.text);
            self.english.see(code, &item.id, is_english.then(text));
            let shown = other.filter(|_| !is_english);
            let shown = shown.map(|it| format!("{}: {}", name(&it, knowledge), item.text));
            self.other.see(code, &item.id, shown);
        }
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        let found = match detector.detect_all(&texts, code) {
            Detected::Other(other) => Some(other),
            Detected::Own | Detected::Unsure => None,
        };
        let shown = found.map(|it| format!("{}: {}", name(&it, knowledge), texts[0]));
        self.whole.see(code, "language", shown);
    }

    fn findings(self, dataset: &str) -> Vec<Finding> {
        let defect = |check, severity, effect| Defect {
            check,
            severity,
            effect,
        };
        let whole = defect(
            "language-reads-as-another",
            Severity::Warning,
            "the language's score is another language's: RA, CO and XC of the language",
        );
        let whole = self.whole.finding(dataset, whole, |total| {
            format!(
                "The texts of {} of {} languages, taken together, read as another language.",
                total.count, total.of
            )
        });
        let is_many = self.english.worst_share().is_some_and(|it| it > MANY);
        let severity = if is_many {
            Severity::Warning
        } else {
            Severity::Note
        };
        let english = defect(
            "text-in-english",
            severity,
            "the language's score is in part English: RA and en-CO are too high",
        );
        let english = self.english.finding(dataset, english, |total| {
            format!("{} of {} texts read as English.", total.count, total.of)
        });
        let other = defect(
            "text-in-other-language",
            Severity::Note,
            "the item may ask in another language: accuracy of the language",
        );
        let other = self.other.finding(dataset, other, |total| {
            format!(
                "{} of {} texts read as another of the set's languages.",
                total.count, total.of
            )
        });
        let unknown = defect(
            "language-not-checked",
            Severity::Note,
            "texts in another language stay unseen",
        );
        let unknown = self.unknown.finding(dataset, unknown, |total| {
            format!(
                "{} of {} languages are not checked for texts in another language.",
                total.count, total.of
            )
        });
        [whole, english, other, unknown]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// A language's English name, where the project knows it.
fn name(code: &str, knowledge: &BackgroundFacts) -> String {
    let known = LanguageCode::try_from(code.to_owned()).ok();
    let language = known.as_ref().and_then(|code| knowledge.language(code));
    language.map_or_else(|| code.to_owned(), |it| it.english_name.clone())
}

//! Texts in the wrong script, and texts that are English still.

use crate::{
    BackgroundFacts, ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Counted, Defect, Tallies, findings},
    text::{folded, has_common_word, letters, shortened},
};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// The share of items from which on untranslated texts are more than slips.
const MANY: f64 = 0.05;

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let mut counts = Counts::default();
    let english = set.languages.iter().find(|(code, _)| code.as_str() == "en");
    let english: BTreeMap<&str, &ChoiceItem> = english
        .into_iter()
        .flat_map(|(_, items)| items.iter().map(|item| (item.id.as_str(), item)))
        .collect();
    for (language, items) in &set.languages {
        let script = knowledge.script(language);
        if script.is_none() {
            let why = Some("no file in templates/languages");
            counts.unknown.see(language, "language", why);
        }
        for item in items {
            if let Some(script) = &script {
                counts.count_script(language, item, script);
            }
            match english.get(item.id.as_str()) {
                Some(english) if language.as_str() != "en" => {
                    counts.count_english(language, item, english, script.as_deref());
                }
                Some(_) | None => {}
            }
        }
    }
    findings(&set.name, counts.table(), |total, what| {
        format!("{} of {} {what}.", total.count, total.of)
    })
}

#[derive(Default)]
struct Counts {
    script_texts: Tallies,
    script_choices: Tallies,
    texts: Tallies,
    choices: Tallies,
    eras: Tallies,
    unknown: Tallies,
}

impl Counts {
    /// Counts texts of an item that are in another script than the language's.
    fn count_script(&mut self, language: &LanguageCode, item: &ChoiceItem, script: &str) {
        let is_wrong = |text: &str| {
            let (right, wrong) = letters(text, script);
            wrong > right
        };
        let wrong = is_wrong(&item.text).then(|| shortened(&item.text));
        self.script_texts.see(language, &item.id, wrong);
        let list = item.choices.join(" / ");
        let wrong = (!has_era(item) && is_wrong(&list)).then(|| shortened(&list));
        self.script_choices.see(language, &item.id, wrong);
    }

    /// Counts texts of an item that are English still.
    fn count_english(
        &mut self,
        language: &LanguageCode,
        item: &ChoiceItem,
        english: &ChoiceItem,
        script: Option<&str>,
    ) {
        let is_left = folded(&item.text) == folded(&english.text)
            && (has_common_word(&item.text) || script.is_some_and(|it| it != "Latn"));
        self.texts
            .see(language, &item.id, is_left.then(|| shortened(&item.text)));
        let list = item.choices.join(" / ");
        let is_same = folded(&list) == folded(&english.choices.join(" / "));
        // Years and names may be equal in Latin script; elsewhere names have their own letters.
        let has_letters = item
            .choices
            .iter()
            .any(|it| it.contains(char::is_alphabetic));
        let is_era = has_era(item);
        let is_foreign = script.is_some_and(|it| it != "Latn") && has_letters && !is_era;
        let is_left = is_same && (is_foreign || item.choices.iter().any(|it| has_common_word(it)));
        self.choices
            .see(language, &item.id, is_left.then(|| shortened(&list)));
        if is_era {
            let left: Vec<_> = item
                .choices
                .iter()
                .filter(|it| is_number_with_word(it) && english.choices.contains(it))
                .map(String::as_str)
                .collect();
            let is_left = !left.is_empty();
            self.eras
                .see(language, &item.id, is_left.then(|| left.join(", ")));
        }
    }

    fn table(self) -> [Counted; 6] {
        let scores = "the item asks in a mixture of languages: accuracy and en-CO of the language";
        let english = "the language's score is in part English: RA and en-CO are too high";
        let defect = |check, severity, effect| Defect {
            check,
            severity,
            effect,
        };
        let many = |tallies: Tallies, check, what, effect| {
            let severity = match tallies.worst_share() {
                Some(share) if share > MANY => Severity::Error,
                Some(_) | None => Severity::Warning,
            };
            (tallies, defect(check, severity, effect), what)
        };
        [
            many(
                self.script_texts,
                "question-in-other-script",
                "questions are mostly in another script than the language's",
                scores,
            ),
            many(
                self.script_choices,
                "choices-in-other-script",
                "lists of choices are mostly in another script than the language's",
                scores,
            ),
            many(
                self.texts,
                "question-untranslated",
                "questions are English still",
                english,
            ),
            many(
                self.choices,
                "choices-untranslated",
                "lists of choices are English still",
                english,
            ),
            (
                self.eras,
                defect("era-untranslated", Severity::Warning, scores),
                "items with a year before our era write it as English does",
            ),
            (
                self.unknown,
                defect(
                    "script-not-checked",
                    Severity::Note,
                    "texts in another script stay unseen",
                ),
                "languages are unknown to the project, so that their script is not checked",
            ),
        ]
    }
}

/// Whether a choice is a year with its era.
fn has_era(item: &ChoiceItem) -> bool {
    item.choices.iter().any(|it| is_number_with_word(it))
}

/// A year with its era, such as "69 BC" and "551 до н. э.".
fn is_number_with_word(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains(char::is_alphabetic)
        && text.chars().count() < 20
}

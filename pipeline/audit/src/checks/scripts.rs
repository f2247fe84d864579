//! Texts in the wrong script, and texts that are English still.

use crate::{
    BackgroundFacts, ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Defect, Tallies},
    text::{folded, has_common_word, letters, shortened},
};
use std::collections::BTreeMap;

/// The share of items from which on untranslated texts are more than slips.
const MANY: f64 = 0.05;

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let [
        mut script_texts,
        mut script_choices,
        mut texts,
        mut choices,
        mut eras,
        mut unknown,
    ] = [(); 6].map(|()| Tallies::default());
    let english = set.languages.iter().find(|(code, _)| code.as_str() == "en");
    let english: BTreeMap<&str, &ChoiceItem> = english
        .into_iter()
        .flat_map(|(_, items)| items.iter().map(|item| (item.id.as_str(), item)))
        .collect();
    for (language, items) in &set.languages {
        let script = knowledge.script(language);
        if script.is_none() {
            unknown.see(language, "language", Some("no file in templates/languages"));
        }
        for item in items {
            let list = item.choices.join(" / ");
            let is_era = item.choices.iter().any(|it| is_number_with_word(it));
            if let Some(script) = script {
                let is_wrong = |text: &str| {
                    let (right, wrong) = letters(text, script);
                    wrong > right
                };
                let wrong = is_wrong(&item.text).then(|| shortened(&item.text));
                script_texts.see(language, &item.id, wrong);
                let wrong = (!is_era && is_wrong(&list)).then(|| shortened(&list));
                script_choices.see(language, &item.id, wrong);
            }
            let Some(english) = english.get(item.id.as_str()) else {
                continue;
            };
            if language.as_str() == "en" {
                continue;
            }
            let is_left = folded(&item.text) == folded(&english.text)
                && (has_common_word(&item.text) || script.is_some_and(|it| it != "Latn"));
            texts.see(language, &item.id, is_left.then(|| shortened(&item.text)));
            let is_same = folded(&list) == folded(&english.choices.join(" / "));
            // Years and names may be equal in Latin script; elsewhere names have their own letters.
            let has_letters = item
                .choices
                .iter()
                .any(|it| it.contains(char::is_alphabetic));
            let is_foreign = script.is_some_and(|it| it != "Latn") && has_letters && !is_era;
            let is_left =
                is_same && (is_foreign || item.choices.iter().any(|it| has_common_word(it)));
            choices.see(language, &item.id, is_left.then(|| shortened(&list)));
            if is_era {
                let left: Vec<_> = item
                    .choices
                    .iter()
                    .filter(|it| is_number_with_word(it) && english.choices.contains(it))
                    .map(String::as_str)
                    .collect();
                let is_left = !left.is_empty();
                eras.see(language, &item.id, is_left.then(|| left.join(", ")));
            }
        }
    }
    let weight = |tallies: &Tallies| match tallies.worst_share() {
        Some(share) if share > MANY => Severity::Error,
        Some(_) | None => Severity::Warning,
    };
    let scores = "the item asks in a mixture of languages: accuracy and en-CO of the language";
    let english = "the language's score is in part English: RA and en-CO are too high";
    let found = [
        (
            weight(&script_texts),
            script_texts,
            "question-in-other-script",
            "questions are mostly in another script than the language's",
            scores,
        ),
        (
            weight(&script_choices),
            script_choices,
            "choices-in-other-script",
            "lists of choices are mostly in another script than the language's",
            scores,
        ),
        (
            weight(&texts),
            texts,
            "question-untranslated",
            "questions are English still",
            english,
        ),
        (
            weight(&choices),
            choices,
            "choices-untranslated",
            "lists of choices are English still",
            english,
        ),
        (
            Severity::Warning,
            eras,
            "era-untranslated",
            "items with a year before our era write it as English does",
            scores,
        ),
        (
            Severity::Note,
            unknown,
            "script-not-checked",
            "languages are unknown to the project, so that their script is not checked",
            "texts in another script stay unseen",
        ),
    ];
    found
        .into_iter()
        .filter_map(|(severity, tallies, check, what, effect)| {
            let defect = Defect {
                check,
                severity,
                effect,
            };
            tallies.finding(&set.name, defect, |total| {
                format!("{} of {} {what}.", total.count, total.of)
            })
        })
        .collect()
}

/// A year with its era, such as "69 BC" and "551 до н. э.".
fn is_number_with_word(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains(char::is_alphabetic)
        && text.chars().count() < 20
}

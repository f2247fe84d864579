//! Texts in another language than they should be, as far as letters tell it: Latin script only.

use crate::{
    BackgroundFacts, ChoiceSet, Finding, Severity,
    tally::{Defect, Tallies},
    text::shortened,
};
use clika_base::types::LanguageCode;
use whatlang::{Detector, Lang};

/// Characters that a text needs to be told apart reliably.
const LONG: usize = 50;

/// The share of a language's texts from which on it is not a mistake of the detector.
const MANY: f64 = 0.02;

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let mut latin = Vec::<(&LanguageCode, Lang)>::new();
    let mut unknown = Tallies::default();
    let languages = set.languages.keys();
    for code in languages.filter(|code| knowledge.script(code).as_deref() == Some("Latn")) {
        let lang = lang(code);
        let why = lang.is_none().then_some("the detector does not know it");
        unknown.see(code, "language", why);
        latin.extend(lang.map(|lang| (code, lang)));
    }
    let defect = Defect {
        check: "language-not-checked",
        severity: Severity::Note,
        effect: "texts in another language stay unseen",
    };
    let unknown = unknown.finding(&set.name, defect, |total| {
        format!(
            "{} of {} languages in Latin script are not checked for texts in another language.",
            total.count, total.of
        )
    });
    let mut known: Vec<Lang> = latin.iter().map(|(_, lang)| *lang).collect();
    if !known.contains(&Lang::Eng) {
        known.push(Lang::Eng);
    }
    if known.len() < 2 {
        return unknown.into_iter().collect();
    }
    let detector = Detector::with_allowlist(known);
    let (mut english, mut other) = (Tallies::default(), Tallies::default());
    for (code, expected) in latin {
        for item in set.languages.get(code).into_iter().flatten() {
            if item.text.chars().count() < LONG {
                continue;
            }
            let found = detector.detect(&item.text).filter(|it| it.is_reliable());
            let found = found.map(|it| it.lang()).filter(|it| *it != expected);
            let is_english = found == Some(Lang::Eng);
            english.see(code, &item.id, is_english.then(|| shortened(&item.text)));
            let shown = found.filter(|_| !is_english);
            other.see(
                code,
                &item.id,
                shown.map(|lang| format!("{}: {}", lang.eng_name(), shortened(&item.text))),
            );
        }
    }
    let is_many = |tallies: &Tallies| tallies.worst_share().is_some_and(|share| share > MANY);
    let severity = if is_many(&english) {
        Severity::Warning
    } else {
        Severity::Note
    };
    let defect = Defect {
        check: "text-in-english",
        severity,
        effect: "the language's score is in part English: RA and en-CO are too high",
    };
    let english = english.finding(&set.name, defect, |total| {
        format!(
            "{} of {} longer texts in Latin script read as English.",
            total.count, total.of
        )
    });
    let defect = Defect {
        check: "text-in-other-language",
        severity: Severity::Note,
        effect: "the item may ask in another language: accuracy of the language",
    };
    let other = other.finding(&set.name, defect, |total| {
        format!(
            "{} of {} longer texts in Latin script read as another of the set's languages.",
            total.count, total.of
        )
    });
    english.into_iter().chain(other).chain(unknown).collect()
}

/// The detector's name of a language that is written in Latin script.
fn lang(code: &LanguageCode) -> Option<Lang> {
    let code = match code.as_str().split('-').next()? {
        "af" => "afr",
        "az" => "aze",
        "ca" => "cat",
        "cs" => "ces",
        "cy" => "cym",
        "da" => "dan",
        "de" => "deu",
        "en" => "eng",
        "eo" => "epo",
        "es" => "spa",
        "et" => "est",
        "fi" => "fin",
        "fil" | "tl" => "tgl",
        "fr" => "fra",
        "hr" => "hrv",
        "hu" => "hun",
        "id" => "ind",
        "it" => "ita",
        "jv" => "jav",
        "la" => "lat",
        "lt" => "lit",
        "lv" => "lav",
        "nb" | "no" => "nob",
        "nl" => "nld",
        "pl" => "pol",
        "pt" => "por",
        "ro" => "ron",
        "sk" => "slk",
        "sl" => "slv",
        "sn" => "sna",
        "sv" => "swe",
        "tk" => "tuk",
        "tr" => "tur",
        "uz" => "uzb",
        "vi" => "vie",
        "zu" => "zul",
        other => other,
    };
    Lang::from_code(code)
}

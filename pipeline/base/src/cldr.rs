//! What Unicode's CLDR knows about a language, by its code: names, script, direction, usual calendar and digits.
//!
//! The data is that of ICU4X; there is no table of our own. Nothing here decides a dataset: `clika language new` proposes
//! it, `clika language check` compares with it.

use crate::types::WritingDirection;
use icu_calendar::{AnyCalendar, AnyCalendarKind, Calendar, preferences::CalendarAlgorithm};
use icu_decimal::provider::DecimalSymbolsV1;
use icu_locale::{
    Direction, LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleDirectionality,
    LocaleExpander, exemplar_chars::ExemplarCharacters, langid, names,
};
use icu_properties::{CodePointSetData, props::ChangesWhenTitlecased};
use icu_provider::prelude::{
    DataIdentifierBorrowed, DataLocale, DataProvider, DataRequest, DataResponse,
};
use writeable::TryWriteable;

/// What CLDR says about a language. What it does not know is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageFacts {
    /// The code in the usual spelling of BCP 47: `pt-BR`, `sr-Latn`.
    pub code: String,
    /// The code that CLDR prefers to this one, where it is another: `he` for `iw`.
    pub preferred: Option<String>,
    /// The name in English.
    pub english_name: Option<String>,
    /// The name in the language itself.
    pub name: Option<String>,
    /// The script that the code names, or the one that the language is usually written in (ISO 15924).
    pub script: Option<String>,
    /// The direction of that script.
    pub direction: Option<WritingDirection>,
    /// The calendar that is usual in the likely region, by CLDR's name: `gregorian`, `persian`, `buddhist`.
    pub calendar: Option<String>,
    /// The digits that are usual in the likely region, as CLDR names them: `latn`, `arabext`.
    pub digits: Option<String>,
    /// Whether names begin with a capital: whether the letters of the language have other forms as titles.
    pub capitals: Option<bool>,
}

impl LanguageFacts {
    /// What is known about the language of a code, in any case; `None` if the code is not of BCP 47's form.
    pub fn of(code: &str) -> Option<Self> {
        let given: LanguageIdentifier = code.parse().ok()?;
        if given.language.is_unknown() {
            return None;
        }
        let mut preferred = Locale::from(given.clone());
        LocaleCanonicalizer::new_extended().canonicalize(&mut preferred);
        let preferred = preferred.id;
        let mut likely = preferred.clone();
        LocaleExpander::new_extended().maximize(&mut likely);
        let script = likely.script;
        let is_placed = likely.region.is_some();
        let direction = script.and_then(|_| LocaleDirectionality::new_extended().get(&likely));
        Some(Self {
            code: given.to_string(),
            english_name: name(&langid!("en"), &given).or_else(|| name(&langid!("en"), &preferred)),
            name: name(&preferred, &preferred),
            script: script.map(|it| it.to_string()),
            direction: direction.and_then(|direction| match direction {
                Direction::LeftToRight => Some(WritingDirection::Ltr),
                Direction::RightToLeft => Some(WritingDirection::Rtl),
                _ => None,
            }),
            calendar: is_placed.then(|| calendar(&likely)).flatten(),
            digits: is_placed.then(|| digits(&likely)).flatten(),
            capitals: capitals(&likely),
            preferred: (preferred != given).then(|| preferred.to_string()),
        })
    }

    /// Whether CLDR knows the language at all.
    pub fn is_known(&self) -> bool {
        self.english_name.is_some() || self.script.is_some()
    }
}

/// The usual spelling of a code of BCP 47, whatever case it is in: `pt-BR`, `sr-Latn`; `None` if it is not of its form.
pub fn usual_spelling(code: &str) -> Option<String> {
    let code: LanguageIdentifier = code.parse().ok()?;
    Some(code.to_string())
}

/// The script that a code names: `Latn` of `sr-latn`.
pub fn script_of_code(code: &str) -> Option<String> {
    let code: LanguageIdentifier = code.parse().ok()?;
    code.script.map(|script| script.to_string())
}

/// The name of a language in another one. A name that CLDR has only in part is none.
fn name(speaker: &LanguageIdentifier, of: &LanguageIdentifier) -> Option<String> {
    let speaker = Locale::from(speaker.clone());
    let name = names::LanguageIdentifierDisplayName::try_new_heavy(
        (&speaker).into(),
        of.clone(),
        names::LanguageIdentifierDisplayNameOptions::default(),
    );
    let name = name.ok()?;
    let name = name.as_borrowed();
    let text = name.try_write_to_string().ok()?;
    Some(text.into_owned())
}

/// CLDR's word for the usual calendar of a language and region.
fn calendar(likely: &LanguageIdentifier) -> Option<String> {
    let kind = AnyCalendarKind::try_new((&Locale::from(likely.clone())).into()).ok()?;
    match AnyCalendar::new(kind).calendar_algorithm()? {
        // The locale key says `gregory`, everything else `gregorian`.
        CalendarAlgorithm::Gregory => Some("gregorian".to_owned()),
        other => Some(other.as_str().to_owned()),
    }
}

/// CLDR's word for the usual digits of a language and region.
fn digits(likely: &LanguageIdentifier) -> Option<String> {
    let locale = DataLocale::from(likely);
    let request = DataRequest {
        id: DataIdentifierBorrowed::for_locale(&locale),
        ..DataRequest::default()
    };
    let symbols: DataResponse<DecimalSymbolsV1> =
        icu_decimal::provider::Baked.load(request).ok()?;
    Some(symbols.payload.get().numsys().to_owned())
}

/// Whether letters of the language, or of the language that is most often written in its script, have capitals.
fn capitals(likely: &LanguageIdentifier) -> Option<bool> {
    let script = likely.script?;
    let mut usual =
        LanguageIdentifier::from((icu_locale::subtags::Language::UNKNOWN, Some(script), None));
    LocaleExpander::new_extended().maximize(&mut usual);
    let capitals = CodePointSetData::new::<ChangesWhenTitlecased>();
    [likely, &usual].into_iter().find_map(|language| {
        let letters = ExemplarCharacters::try_new_main(&DataLocale::from(language)).ok()?;
        let mut small = capitals.iter_ranges().flatten();
        (letters.size() > 0).then(|| small.any(|letter| letters.contains32(letter)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use WritingDirection::{Ltr, Rtl};

    fn facts(code: &str) -> LanguageFacts {
        LanguageFacts::of(code).unwrap()
    }

    /// From CLDR's charts: names of languages, likely subtags, calendar preferences, default numbering systems.
    #[test]
    fn what_cldr_knows() {
        for (code, english, own, script, direction, calendar, digits, capitals) in [
            (
                "fa",
                "Persian",
                "فارسی",
                "Arab",
                Rtl,
                "persian",
                "arabext",
                false,
            ),
            ("th", "Thai", "ไทย", "Thai", Ltr, "buddhist", "latn", false),
            (
                "hi",
                "Hindi",
                "हिन्दी",
                "Deva",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "he",
                "Hebrew",
                "עברית",
                "Hebr",
                Rtl,
                "gregorian",
                "latn",
                false,
            ),
            (
                "ka",
                "Georgian",
                "ქართული",
                "Geor",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "el",
                "Greek",
                "Ελληνικά",
                "Grek",
                Ltr,
                "gregorian",
                "latn",
                true,
            ),
            (
                "sr",
                "Serbian",
                "српски",
                "Cyrl",
                Ltr,
                "gregorian",
                "latn",
                true,
            ),
            (
                "zh",
                "Chinese",
                "中文",
                "Hans",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "ja",
                "Japanese",
                "日本語",
                "Jpan",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "ko",
                "Korean",
                "한국어",
                "Kore",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "yue",
                "Cantonese",
                "粵語",
                "Hant",
                Ltr,
                "gregorian",
                "latn",
                false,
            ),
            (
                "mr",
                "Marathi",
                "मराठी",
                "Deva",
                Ltr,
                "gregorian",
                "deva",
                false,
            ),
        ] {
            let expected = LanguageFacts {
                code: code.to_owned(),
                preferred: None,
                english_name: Some(english.to_owned()),
                name: Some(own.to_owned()),
                script: Some(script.to_owned()),
                direction: Some(direction),
                calendar: Some(calendar.to_owned()),
                digits: Some(digits.to_owned()),
                capitals: Some(capitals),
            };
            assert_eq!(facts(code), expected);
        }
    }

    #[test]
    fn codes_in_any_case_get_their_usual_spelling() {
        for (given, usual) in [
            ("PT-br", "pt-BR"),
            ("sr-latn", "sr-Latn"),
            ("ZH-HANT-hk", "zh-Hant-HK"),
            ("es-419", "es-419"),
            ("FIL", "fil"),
            ("en-ALIAS", "en-alias"),
        ] {
            assert_eq!(usual_spelling(given).as_deref(), Some(usual));
        }
        for wrong in ["", "english", "e", "pt_", "pt-br-", "12"] {
            assert_eq!(usual_spelling(wrong), None, "{wrong}");
            assert_eq!(LanguageFacts::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_that_names_its_script_has_that_script() {
        let latin = facts("SR-latn");
        assert_eq!(latin.script.as_deref(), Some("Latn"));
        assert_eq!(latin.name.as_deref(), Some("srpski (latinica)"));
        assert_eq!(latin.capitals, Some(true));
        let cyrillic = facts("uz-cyrl");
        assert_eq!(cyrillic.script.as_deref(), Some("Cyrl"));
        assert_eq!(facts("zh-TW").script.as_deref(), Some("Hant"));
        let arabic = facts("az-Arab");
        assert_eq!(arabic.direction, Some(Rtl));
        assert_eq!(script_of_code("ku-arab").as_deref(), Some("Arab"));
        assert_eq!(script_of_code("zh-tw"), None);
    }

    #[test]
    fn a_code_that_has_been_replaced() {
        let hebrew = facts("iw");
        assert_eq!(hebrew.preferred.as_deref(), Some("he"));
        assert_eq!(hebrew.script.as_deref(), Some("Hebr"));
        assert_eq!(hebrew.name.as_deref(), Some("עברית"));
    }

    #[test]
    fn a_language_that_cldr_does_not_know() {
        let none = facts("xx");
        assert!(!none.is_known());
        assert_eq!(
            (none.script, none.calendar, none.capitals),
            (None, None, None)
        );
        // It has English's name of Klingon, and nothing else.
        let klingon = facts("tlh");
        assert_eq!(klingon.english_name.as_deref(), Some("Klingon"));
        assert_eq!((klingon.name, klingon.digits), (None, None));
    }
}

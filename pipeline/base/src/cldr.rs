//! What Unicode's CLDR knows about a language, by its code: names, script, direction, usual calendar and digits.
//!
//! The data is that of ICU4X; there is no table of our own. Nothing here decides a dataset: `clika language new` proposes
//! it, `clika language check` compares with it.

use crate::types::WritingDirection;
use icu_calendar::{AnyCalendar, AnyCalendarKind, Calendar, preferences::CalendarAlgorithm};
use icu_decimal::provider::{DecimalDigitsV1, DecimalSymbolsV1};
use icu_locale::{
    Direction, LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleDirectionality,
    LocaleExpander, exemplar_chars::ExemplarCharacters, langid, names, subtags::Language,
};
use icu_properties::{CodePointSetData, props::ChangesWhenTitlecased};
use icu_provider::prelude::{
    DataIdentifierBorrowed, DataLocale, DataMarkerAttributes, DataProvider, DataRequest,
    DataResponse,
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
    /// Those digits, from 0 to 9.
    pub digit_characters: Option<String>,
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
        // Without a region, CLDR gives everybody's calendar and digits.
        let placed = likely.region.map(|_| &likely);
        let digits = placed.and_then(digits);
        let direction = script.and_then(|script| direction_of_script(script.as_str()));
        Some(Self {
            code: given.to_string(),
            english_name: name(&langid!("en"), &given).or_else(|| name(&langid!("en"), &preferred)),
            name: name(&preferred, &preferred),
            script: script.map(|it| it.to_string()),
            direction,
            calendar: placed.and_then(calendar),
            digit_characters: digits.as_deref().and_then(digit_characters),
            digits,
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

/// The direction that a script is written in; `None` for one that CLDR does not know.
pub fn direction_of_script(script: &str) -> Option<WritingDirection> {
    let script = script.parse().ok()?;
    let language = LanguageIdentifier::from((Language::UNKNOWN, Some(script), None));
    match LocaleDirectionality::new_extended().get(&language)? {
        Direction::LeftToRight => Some(WritingDirection::Ltr),
        Direction::RightToLeft => Some(WritingDirection::Rtl),
        _ => None,
    }
}

/// The name of a language in another one. A name that CLDR has only in part counts as missing.
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

/// The digits of one of CLDR's numbering systems, from 0 to 9.
fn digit_characters(name: &str) -> Option<String> {
    let request = DataRequest {
        id: DataIdentifierBorrowed::for_marker_attributes(
            DataMarkerAttributes::try_from_str(name).ok()?,
        ),
        ..DataRequest::default()
    };
    let digits: DataResponse<DecimalDigitsV1> = icu_decimal::provider::Baked.load(request).ok()?;
    Some(digits.payload.get().iter().collect())
}

/// Whether letters of the language, or of the language that is most often written in its script, have capitals.
fn capitals(likely: &LanguageIdentifier) -> Option<bool> {
    let script = likely.script?;
    let mut usual = LanguageIdentifier::from((Language::UNKNOWN, Some(script), None));
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
    const CHARTS: &str = "\
        fa Persian فارسی Arab rtl persian arabext no
        th Thai ไทย Thai ltr buddhist latn no
        hi Hindi हिन्दी Deva ltr gregorian latn no
        he Hebrew עברית Hebr rtl gregorian latn no
        ka Georgian ქართული Geor ltr gregorian latn no
        el Greek Ελληνικά Grek ltr gregorian latn yes
        sr Serbian српски Cyrl ltr gregorian latn yes
        zh Chinese 中文 Hans ltr gregorian latn no
        ja Japanese 日本語 Jpan ltr gregorian latn no
        ko Korean 한국어 Kore ltr gregorian latn no
        yue Cantonese 粵語 Hant ltr gregorian latn no
        mr Marathi मराठी Deva ltr gregorian deva no";

    #[test]
    fn what_cldr_knows() {
        for row in CHARTS.lines() {
            let known = facts(row.split_whitespace().next().unwrap());
            let direction = match known.direction.unwrap() {
                Ltr => "ltr",
                Rtl => "rtl",
            };
            let capitals = if known.capitals.unwrap() { "yes" } else { "no" };
            let texts = [
                Some(known.code.as_str()),
                known.english_name.as_deref(),
                known.name.as_deref(),
                known.script.as_deref(),
                Some(direction),
                known.calendar.as_deref(),
                known.digits.as_deref(),
                Some(capitals),
            ];
            assert_eq!(texts.map(Option::unwrap).join(" "), row.trim());
            assert_eq!(known.preferred, None);
        }
        let digits = |code: &str| facts(code).digit_characters.unwrap();
        assert_eq!(digits("fa"), "۰۱۲۳۴۵۶۷۸۹");
        assert_eq!(digits("mr"), "०१२३४५६७८९");
        assert_eq!(digits("th"), "0123456789");
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
        assert_eq!(direction_of_script("Adlm"), Some(Rtl));
        assert_eq!(direction_of_script("Thai"), Some(Ltr));
        assert_eq!(direction_of_script("Thia"), None);
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

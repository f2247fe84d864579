use crate::Section;
use crate::text::TextRules;
use crate::types::{Calendar, Qid, Year};
use serde::{Deserialize, Serialize};
use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
};

/// One language of the datasets, as `templates/languages/<code>.toml` describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// The language's code, which is the file's name too: `de`.
    pub code: LanguageCode,
    /// The name in the language itself.
    pub name: String,
    /// The name in English, for reports and for translation prompts.
    pub english_name: String,
    /// The script, as its ISO 15924 code: `Latn`.
    pub script: String,
    /// The direction of writing.
    pub direction: WritingDirection,
    /// Label languages in Wikidata, the preferred one first; `mul` for Latin script only. Empty for a language
    /// that takes no part in datasets of facts.
    #[serde(default)]
    pub wikidata_codes: Vec<String>,
    /// Whether datasets of facts are built without the language while the snapshot has no label in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional_labels: bool,
    /// The countries whose cities and people count as the language's own (CLiKA, Table 13).
    #[serde(default)]
    pub countries: Vec<Qid>,
    /// Former states whose citizens count as the language's own people.
    #[serde(default)]
    pub historical_countries: Vec<Qid>,
    /// How years are written.
    pub years: YearFormat,
    /// What datasets ask, by the name of their table; a language without one takes no part in its dataset.
    #[serde(skip)]
    pub sections: BTreeMap<&'static str, Section>,
    /// How answers are written; empty where the file says nothing.
    #[serde(default, skip_serializing_if = "AnswerForms::is_empty")]
    pub answers: AnswerForms,
    /// What translation services call the language, where that is not its code.
    #[serde(default, skip_serializing_if = "TranslatorCodes::is_empty")]
    pub translators: TranslatorCodes,
    /// Templates and nouns of coined places; `None` for a language that takes no part in fictional worlds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fictional: Option<FictionalTemplates>,
}

/// A language's code as BCP 47 has it: a language of two or three letters, with optional subtags (`zh`, `pt-BR`).
///
/// It keeps the spelling that it came in, and is compared without case: `pt-br` is `pt-BR`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageCode(String);

/// The direction in which a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WritingDirection {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// How a language writes years; each template holds `{year}` once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearFormat {
    /// Years of the calendar's era.
    pub ce: String,
    /// Years before it.
    pub bce: String,
    /// The calendar that years are counted in.
    #[serde(default, skip_serializing_if = "Calendar::is_gregorian")]
    pub calendar: Calendar,
    /// The ten digits from 0 to 9, where they are not those of ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
}

/// What translation services call a language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TranslatorCodes {
    /// DeepL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deepl: Option<TranslatorCode>,
    /// Google Cloud Translation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub google: Option<TranslatorCode>,
    /// LibreTranslate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub libretranslate: Option<TranslatorCode>,
}

impl TranslatorCodes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A service's code for a language, which may differ between its two ends: `PT` from, `PT-BR` into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a code such as \"NB\", or { source = \"PT\", target = \"PT-BR\" } with both"
)]
pub enum TranslatorCode {
    /// One code for both.
    Both(String),
    /// A code as source and one as target.
    Each {
        /// What is translated from.
        source: String,
        /// What is translated into.
        target: String,
    },
}

impl TranslatorCode {
    /// The code of a text that is translated.
    pub fn source(&self) -> &str {
        match self {
            Self::Both(source) | Self::Each { source, .. } => source,
        }
    }

    /// The code of the language that is translated into.
    pub fn target(&self) -> &str {
        match self {
            Self::Both(target) | Self::Each { target, .. } => target,
        }
    }
}

/// How a language's answers are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerForms {
    /// What stands before an answer ("Antwort", "die richtige Antwort ist"), compared without case.
    pub introductions: Vec<String>,
    /// Alphabets that options may be answered with beside A, B, C: the first letter of each is the first option.
    pub letters: Vec<String>,
    /// Whether marks above and below letters may be left out (Hebrew, Arabic).
    pub optional_marks: bool,
}

impl AnswerForms {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a language speaks of coined places; names stand in its templates uninflected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FictionalTemplates {
    /// How a place is named: `{stem}`, a coined word, and `{landform}`, a noun, once each.
    pub place: String,
    /// Questions with `{place}`, answers with `{place}` and `{continent}`; the first one is tested.
    pub qa: Vec<QuestionAnswer>,
    /// Questions with `{place}`, answers with `{place}` and `{year}`; the first one is tested.
    pub founding: Vec<QuestionAnswer>,
    /// What no coined stem may contain in this language: real words and places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avoid: Vec<String>,
    /// Nouns for kinds of places, by a key that is the same in every language.
    pub landforms: BTreeMap<String, String>,
    /// How the language spells the syllables; `None` where its script's spelling is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syllables: Option<SyllableSpellings>,
}

/// A language's spelling of every syllable that stems are made of, by its Latin spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyllableSpellings {
    /// How stems begin.
    pub openings: BTreeMap<String, String>,
    /// What may stand between.
    pub middles: BTreeMap<String, String>,
    /// How stems end.
    pub endings: BTreeMap<String, String>,
}

/// A question and the full sentence that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionAnswer {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

impl Language {
    /// What a dataset asks, by the name of its table: `xgeo`.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(name)
    }

    /// Writes a year as the language does: in its calendar, with its digits.
    pub fn render_year(&self, year: Year) -> String {
        let format = &self.years;
        let year = format.calendar.year(year);
        let template = if year.is_bce() {
            &format.bce
        } else {
            &format.ce
        };
        let digits: Vec<char> = format
            .digits
            .as_deref()
            .unwrap_or("0123456789")
            .chars()
            .collect();
        let number = year.number().to_string();
        let number: String = number
            .bytes()
            .map(|ascii| digits[usize::from(ascii - b'0')])
            .collect();
        template.replace("{year}", &number)
    }

    /// How its texts are compared.
    pub fn text_rules(&self) -> TextRules {
        TextRules {
            optional_marks: self.answers.optional_marks,
            ..TextRules::of_code(self.code.as_str())
        }
    }

    /// All states, present and former, whose citizens count as the language's own.
    pub fn citizenships(&self) -> impl Iterator<Item = Qid> {
        self.countries
            .iter()
            .chain(&self.historical_countries)
            .copied()
    }
}

impl LanguageCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for LanguageCode {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        let mut subtags = code.split('-');
        let language = subtags.next().unwrap_or("");
        let valid = (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_alphabetic())
            && subtags.all(|tag| {
                (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        if valid {
            Ok(Self(code))
        } else {
            Err(format!(
                "`{code}` is not a language code: expected one of BCP 47, such as `de` or `pt-BR`"
            ))
        }
    }
}

impl PartialEq for LanguageCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LanguageCode {}

impl PartialOrd for LanguageCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LanguageCode {
    fn cmp(&self, other: &Self) -> Ordering {
        let bytes = |code: &Self| code.0.to_ascii_lowercase();
        bytes(self).cmp(&bytes(other))
    }
}

impl Hash for LanguageCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl From<LanguageCode> for String {
    fn from(code: LanguageCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::collections::{BTreeSet, HashSet};

    fn code(text: &str) -> LanguageCode {
        LanguageCode::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn codes_are_one_in_any_case_and_keep_their_spelling() {
        assert_eq!(code("pt-BR"), code("PT-br"));
        assert_eq!(code("pt-BR").as_str(), "pt-BR");
        let codes = || ["sr-Latn", "sr-latn", "sr", "zh-Hant", "ZH-HANT"].map(code);
        assert_eq!(codes().into_iter().collect::<HashSet<_>>().len(), 3);
        let sorted: Vec<_> = codes()
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        assert_eq!(sorted, ["SR", "SR-LATN", "ZH-HANT"].map(code));
    }

    #[test]
    fn what_is_no_code() {
        for text in [
            "",
            "x",
            "german",
            "de_AT",
            "de-",
            "pt-B R",
            "d1",
            "zh-toolongtag",
        ] {
            assert!(LanguageCode::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

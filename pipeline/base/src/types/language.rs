use crate::text::TextRules;
use crate::types::{Qid, Year};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

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
    /// Label languages in Wikidata, the preferred one first; `mul` for Latin script only.
    pub wikidata_codes: Vec<String>,
    /// The countries whose cities and people count as the language's own (CLiKA, Table 13).
    pub countries: Vec<Qid>,
    /// Former states whose citizens count as the language's own people.
    pub historical_countries: Vec<Qid>,
    /// How years are written.
    pub years: YearFormat,
    /// Templates of the xGeo task.
    pub xgeo: GeoTemplates,
    /// Templates of the xPeo task.
    pub xpeo: PeopleTemplates,
    /// Questions of the xCOPA task.
    pub xcopa: CopaQuestions,
    /// How answers are written; empty where the file says nothing.
    #[serde(default, skip_serializing_if = "AnswerForms::is_empty")]
    pub answers: AnswerForms,
    /// Templates and nouns of coined places; `None` for a language that takes no part in fictional worlds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fictional: Option<FictionalTemplates>,
}

/// A language's code: two or three lower-case letters, with optional subtags (`zh`, `pt-br`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Years of our era.
    pub ce: String,
    /// Years before our era.
    pub bce: String,
}

/// Templates of the xGeo task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeoTemplates {
    /// The question, with `{city}` and `{country}` once each.
    pub question: String,
    /// Inhabitants from which on a settlement of the language's countries counts as a city.
    pub min_population: u64,
}

/// Templates of the xPeo task, each with `{person}` once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleTemplates {
    /// Asks for the year of birth.
    pub born: Gendered,
    /// Asks for the year of death.
    pub died: Gendered,
}

/// What the xCOPA task asks about a premise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopaQuestions {
    /// Asks for the cause.
    pub cause: String,
    /// Asks for the effect.
    pub effect: String,
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
    /// Nouns for kinds of places, by a key that is the same in every language.
    pub landforms: BTreeMap<String, String>,
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

/// A template whose verb agrees with the person's sex; the two are equal in languages where it does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gendered {
    /// For a man.
    pub male: String,
    /// For a woman.
    pub female: String,
}

impl Language {
    /// Writes a year as the language does.
    pub fn render_year(&self, year: Year) -> String {
        let template = if year.is_bce() {
            &self.years.bce
        } else {
            &self.years.ce
        };
        template.replace("{year}", &year.number().to_string())
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
            && language.bytes().all(|b| b.is_ascii_lowercase())
            && subtags.all(|tag| {
                (2..=8).contains(&tag.len())
                    && tag
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            });
        if valid {
            Ok(Self(code))
        } else {
            Err(format!(
                "`{code}` is not a language code: expected lower-case letters such as `de` or `pt-br`"
            ))
        }
    }
}

impl From<LanguageCode> for String {
    fn from(code: LanguageCode) -> Self {
        code.0
    }
}

//! Languages with the tables of every dataset.

use crate::{DatasetError, language_sections};
use clika_base::ToProjectPath;
use clika_base::known_names;
use clika_base::templates::{self, TemplateError};
use clika_base::types::{Language, LanguageCode, Qid};

/// The countries of some languages, in their order, with the inhabitants that make a city there: of a country that serves several
/// languages, the lowest number.
pub(crate) fn size_classes(languages: &[Language]) -> Vec<(Qid, u64)> {
    let mut countries: Vec<(Qid, u64)> = Vec::new();
    for language in languages {
        let minimum = min_population(language).unwrap_or(0);
        for &country in &language.countries {
            match countries.iter_mut().find(|(known, _)| *known == country) {
                Some((_, known)) => *known = minimum.min(*known),
                None => countries.push((country, minimum)),
            }
        }
    }
    countries
}

/// Reads the languages of a folder, ordered by their codes; fails on the first file that is wrong.
pub fn load_languages(
    folder: &(impl ToProjectPath + ?Sized),
) -> Result<Vec<Language>, TemplateError> {
    templates::load_languages(folder, &language_sections())
}

/// The error that there is no such language.
pub(crate) fn unknown_language(code: &LanguageCode, languages: &[Language]) -> DatasetError {
    let known: Vec<_> = languages.iter().map(|it| it.code.as_str()).collect();
    DatasetError::UnknownLanguage {
        code: code.clone(),
        known: known_names(code.as_str(), &known),
    }
}

/// Inhabitants from which on a settlement of the language's countries is a city: the least that a dataset asks for; `None` for
/// a language that is asked about no cities.
pub fn min_population(language: &Language) -> Option<u64> {
    let numbers = language_sections().into_iter().filter_map(|spec| {
        let has_number = spec.keys.iter().any(|key| key.key == "min_population");
        let section = language.section(spec.name).filter(|_| has_number)?;
        Some(section.number("min_population") as u64)
    });
    numbers.min()
}

/// Reads the languages of a folder that are sound, and what is wrong with the others: the first error of each file.
pub fn load_sound_languages(
    folder: &(impl ToProjectPath + ?Sized),
) -> Result<(Vec<Language>, Vec<TemplateError>), TemplateError> {
    templates::load_sound_languages(folder, &language_sections())
}

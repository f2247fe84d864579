use crate::{AuditError, CountryDivisions};
use clika_base::templates::load_languages;
use clika_base::types::{Language, LanguageCode};
use std::path::Path;

/// What the audit knows besides the files that it reads: languages, countries and their divisions.
pub struct BackgroundFacts {
    /// The project's languages: scripts and countries.
    pub languages: Vec<Language>,
    /// Countries and divisions by name; `None` for a project without snapshot, where checks that need them are
    /// reported as not done.
    pub places: Option<CountryDivisions>,
}

impl BackgroundFacts {
    /// Reads the language files, and the snapshot where the file is there.
    pub fn read(languages: &Path, queries: &Path, snapshot: &Path) -> Result<Self, AuditError> {
        let languages = load_languages(languages)?;
        let places = if snapshot.is_file() {
            Some(CountryDivisions::read(snapshot, queries, &languages)?)
        } else {
            None
        };
        Ok(Self { languages, places })
    }

    /// A language, or the one that it is a variant of.
    pub(crate) fn language(&self, code: &LanguageCode) -> Option<&Language> {
        let find = |code: &str| self.languages.iter().find(|it| it.code.as_str() == code);
        find(code.as_str()).or_else(|| {
            let (base, _variant) = code.as_str().split_once('-')?;
            find(base)
        })
    }

    /// The language's script, as its ISO 15924 code; `None` for a language that the project does not know.
    pub(crate) fn script(&self, code: &LanguageCode) -> Option<&str> {
        self.language(code).map(|language| language.script.as_str())
    }
}

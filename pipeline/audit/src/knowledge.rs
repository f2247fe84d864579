use crate::{AuditError, CountryDivisions};
use clika_base::ToProjectPath;
use clika_base::types::{Language, LanguageCode};
use clika_datasets::load_languages;
use icu_locale::{LanguageIdentifier, LocaleExpander};

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
    pub fn read(
        languages: &(impl ToProjectPath + ?Sized),
        queries: &(impl ToProjectPath + ?Sized),
        snapshot: &(impl ToProjectPath + ?Sized),
    ) -> Result<Self, AuditError> {
        let snapshot = snapshot.to_project_path();
        let languages = load_languages(languages)?;
        let places = if snapshot.is_present() {
            Some(CountryDivisions::read(
                &snapshot,
                &queries.to_project_path(),
                &languages,
            )?)
        } else {
            None
        };
        Ok(Self { languages, places })
    }

    /// A language, or the one that it is a variant of.
    pub(crate) fn language(&self, code: &LanguageCode) -> Option<&Language> {
        let find = |code: &str| {
            let mut languages = self.languages.iter();
            languages.find(|it| it.code.as_str().eq_ignore_ascii_case(code))
        };
        find(code.as_str()).or_else(|| {
            let (base, _variant) = code.as_str().split_once('-')?;
            find(base)
        })
    }

    /// The language's script, as its ISO 15924 code: the one that its code names (`sr-latn`) or that its region has
    /// (`zh-tw`), else its file's; `None` for a language that the project does not know.
    pub(crate) fn script(&self, code: &LanguageCode) -> Option<String> {
        let is_own = |language: &&Language| language.code == *code;
        if let Some(own) = self.languages.iter().find(is_own) {
            return Some(own.script.clone());
        }
        script_subtag(code).or_else(|| {
            let base = self.language(code)?;
            let of_base = likely_script(base.code.as_str());
            let of_region = likely_script(code.as_str()).filter(|it| Some(it) != of_base.as_ref());
            Some(of_region.unwrap_or_else(|| base.script.clone()))
        })
    }
}

/// The script that a language is usually written in, in the region that its code names, by Unicode's CLDR.
pub(crate) fn likely_script(code: &str) -> Option<String> {
    let mut code: LanguageIdentifier = code.parse().ok()?;
    LocaleExpander::new_extended().maximize(&mut code);
    code.script.map(|script| script.to_string())
}

/// The script that a language's code names: `Latn` of `sr-latn`. A script's subtag has four letters (BCP 47).
fn script_subtag(code: &LanguageCode) -> Option<String> {
    let mut subtags = code.as_str().split('-').skip(1);
    let subtag =
        subtags.find(|tag| tag.len() == 4 && tag.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let (first, rest) = subtag.split_at(1);
    Some(first.to_ascii_uppercase() + &rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_name_its_script() {
        let script = |code: &str| script_subtag(&LanguageCode::try_from(code.to_owned()).unwrap());
        assert_eq!(script("sr-latn").as_deref(), Some("Latn"));
        assert_eq!(script("zh-hant-tw").as_deref(), Some("Hant"));
        assert_eq!(script("en-alias"), None);
        assert_eq!(script("pt-br"), None);
        assert_eq!(script("sl-1994"), None);
    }

    /// The scripts are those of CLDR's likelySubtags.xml.
    #[test]
    fn a_region_may_have_another_script() {
        let likely = |code: &str| likely_script(code).unwrap_or_default();
        assert_eq!(likely("zh"), "Hans");
        assert_eq!(likely("zh-tw"), "Hant");
        assert_eq!(likely("zh-HK"), "Hant");
        assert_eq!(likely("yue"), "Hant");
        assert_eq!(likely("sr"), "Cyrl");
        assert_eq!(likely("pt-BR"), "Latn");
        assert_eq!(likely("ku"), "Latn");
    }
}

use crate::ReportError;
use clika_base::types::{FilePosition, LanguageCode};
use clika_base::{ProjectPath, parse_toml};
use serde::Deserialize;

/// Related languages, which stand together in figures.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(expecting = "a family of languages", deny_unknown_fields)]
pub struct LanguageFamily {
    /// The family's name in English.
    pub name: String,
    /// Its languages, in the order in which they are shown.
    pub languages: Vec<LanguageCode>,
}

/// Reads `templates/report/families.toml`.
///
/// # Errors
/// A file that cannot be read or has something else in it, with its line.
pub fn read_families(file: &ProjectPath) -> Result<Vec<LanguageFamily>, ReportError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Families {
        families: Vec<LanguageFamily>,
    }
    let path = file.shown();
    let text = file
        .text()
        .map_err(clika_base::files::ArtifactError::read(&path))?;
    let families: Families = parse_toml(&text).map_err(|error| ReportError::Families {
        position: FilePosition::at(&path, &text, error.span.start),
        problem: error.problem,
    })?;
    Ok(families.families)
}

/// Languages by family, in the families' order; those of none under "other". Empty families are left out.
pub(crate) fn grouped<'a>(
    families: &'a [LanguageFamily],
    codes: &[&'a str],
) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut rest = codes.to_vec();
    let mut groups = Vec::new();
    for family in families {
        let of_family = family.languages.iter().map(LanguageCode::as_str);
        let found: Vec<&str> = of_family.filter(|code| rest.contains(code)).collect();
        rest.retain(|code| !found.contains(code));
        if !found.is_empty() {
            groups.push((family.name.as_str(), found));
        }
    }
    if !rest.is_empty() {
        groups.push(("other", rest));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_stand_by_family_and_none_is_lost() {
        let family = |name: &str, codes: &[&str]| LanguageFamily {
            name: name.to_owned(),
            languages: codes
                .iter()
                .map(|code| LanguageCode::try_from((*code).to_owned()).unwrap())
                .collect(),
        };
        let families = [
            family("Germanic", &["en", "de"]),
            family("Bantu", &["sw"]),
            family("Semitic", &["ar", "he"]),
        ];
        assert_eq!(
            grouped(&families, &["xx", "he", "de", "en", "fa"]),
            [
                ("Germanic", vec!["en", "de"]),
                ("Semitic", vec!["he"]),
                ("other", vec!["xx", "fa"])
            ]
        );
    }
}

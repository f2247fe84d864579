//! How alike the names of two languages are: part of what crosses is shared spelling.

use clika_base::types::LanguageCode;
use clika_datasets::{FictionalRow, RowKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// How alike the names of a world are in its two languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameOverlap {
    /// Of places.
    pub places: NameSimilarity,
    /// Of continents; without names where nobody asks for a continent.
    pub continents: NameSimilarity,
}

/// How similar names and their translations are spelled, mean over pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameSimilarity {
    /// Pairs.
    pub names: usize,
    /// The mean of [`similarity`], in 0 to 1; `None` without names.
    pub similarity: Option<f64>,
    /// The share of pairs that are equal; `None` without names.
    pub equal: Option<f64>,
}

impl NameOverlap {
    /// The overlap of the names that rows of translations give.
    pub(crate) fn new<'a>(
        rows: impl IntoIterator<Item = &'a FictionalRow>,
        target: &LanguageCode,
    ) -> Self {
        let mut names: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for row in rows {
            if row.kind == RowKind::Translation {
                let pair = if row.language == target.as_str() {
                    (row.query.as_str(), row.answer.as_str())
                } else {
                    (row.answer.as_str(), row.query.as_str())
                };
                names.entry(&row.entity).or_insert(pair);
            }
        }
        let of = |kind: &str| -> Vec<(&str, &str)> {
            let named = names.iter().filter(|(entity, _)| entity.starts_with(kind));
            named.map(|(_, pair)| *pair).collect()
        };
        Self {
            places: NameSimilarity::new(&of("place-")),
            continents: NameSimilarity::new(&of("continent-")),
        }
    }
}

impl NameSimilarity {
    fn new(pairs: &[(&str, &str)]) -> Self {
        let mean = |of: fn(&str, &str) -> f64| {
            let sum: f64 = pairs.iter().map(|(a, b)| of(a, b)).sum();
            (!pairs.is_empty()).then(|| sum / pairs.len() as f64)
        };
        Self {
            names: pairs.len(),
            similarity: mean(similarity),
            equal: mean(|a, b| f64::from(u8::from(a.nfc().eq(b.nfc())))),
        }
    }
}

/// The normalized edit similarity of two names.
///
/// `1 − d / max(|a|, |b|)`, where `d` is Levenshtein's distance (insertions, deletions and substitutions cost 1) and lengths
/// are in code points, both after Unicode's NFC; case and spaces count. In 0 to 1; 1 for two empty names.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.nfc().collect(), b.nfc().collect());
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 1.0;
    }
    // A row of the table for each prefix of `a`: the distances to the prefixes of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    1.0 - row[b.len()] as f64 / longest as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_by_hand() {
        for (a, b, expected) in [
            // kitten → sitten → sittin → sitting: 3 of 7.
            ("kitten", "sitting", 1.0 - 3.0 / 7.0),
            ("Velmar", "Velmar", 1.0),
            // A hyphen for the space, T for H, a for i, and one l less.
            ("Ab Hill", "Ab-Tal", 1.0 - 4.0 / 7.0),
            ("Вельмар", "Velmar", 0.0),
            ("", "", 1.0),
            ("", "abc", 0.0),
            // é as one code point and as two.
            ("caf\u{e9}", "cafe\u{301}", 1.0),
        ] {
            let found = similarity(a, b);
            assert!((found - expected).abs() < 1e-12, "{a} {b}: {found}");
            assert_eq!(found, similarity(b, a));
        }
    }

    fn translation(entity: &str, language: &str, query: &str, answer: &str) -> FictionalRow {
        FictionalRow {
            id: format!("{entity}-{language}"),
            kind: RowKind::Translation,
            language: language.to_owned(),
            relation: None,
            entity: entity.to_owned(),
            template: 1,
            type_: None,
            prompt: "Translate.".to_owned(),
            query: query.to_owned(),
            response: answer.to_owned(),
            answer: answer.to_owned(),
            choices: None,
            label: None,
        }
    }

    #[test]
    fn names_are_compared_once_whichever_way_they_are_translated() {
        let rows = [
            translation("continent-00", "de", "Alma", "Alma"),
            translation("place-000", "de", "abcd", "abcx"),
            translation("place-000", "en", "abcx", "abcd"),
            translation("place-001", "en", "zz", "zz"),
        ];
        let target = LanguageCode::try_from("de".to_owned()).unwrap();
        let overlap = NameOverlap::new(&rows, &target);
        // 3/4 and 1.
        assert_eq!(
            overlap.places,
            NameSimilarity {
                names: 2,
                similarity: Some(0.875),
                equal: Some(0.5),
            }
        );
        assert_eq!(overlap.continents.equal, Some(1.0));
        assert_eq!(
            NameOverlap::new(&[], &target).places,
            NameSimilarity::default()
        );
    }
}

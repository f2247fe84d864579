use crate::{AuditError, text::folded};
use clika_base::ProjectPath;
use clika_base::types::{Language, LanguageCode, Qid};
use clika_datasets::wikidata::{Snapshot, SparqlQuery};
use std::collections::{BTreeMap, BTreeSet};

/// Countries and their first-level divisions by name, from the snapshot of Wikidata.
#[derive(Default)]
pub struct CountryDivisions {
    /// Of each language's names, folded.
    countries: BTreeMap<Qid, BTreeMap<LanguageCode, String>>,
    divisions: BTreeMap<(LanguageCode, String), BTreeSet<Qid>>,
}

impl CountryDivisions {
    /// Reads the countries of all languages with `divisions.rq` and `labels.rq` of the folder `queries`.
    pub fn read(
        snapshot: &ProjectPath,
        queries: &ProjectPath,
        languages: &[Language],
    ) -> Result<Self, AuditError> {
        let snapshot = Snapshot::open(snapshot)?;
        let countries: BTreeSet<Qid> = languages
            .iter()
            .flat_map(|language| language.countries.iter().copied())
            .collect();
        let query = SparqlQuery::read(&queries.join("divisions.rq"))?;
        let divisions = snapshot.divisions(&query, countries.iter().copied())?;
        let named = countries.iter().copied();
        let named = named.chain(divisions.iter().map(|it| it.division));
        let labels = SparqlQuery::read(&queries.join("labels.rq"))?;
        let labels = snapshot.labels(&labels, &named.collect())?;
        let mut places = Self::default();
        for language in languages {
            let name = |item| labels.find(item, &language.wikidata_codes);
            for &country in &countries {
                if let Some((name, _)) = name(country) {
                    places.add_country(country, &language.code, name);
                }
            }
            for it in &divisions {
                if let Some((name, _)) = name(it.division) {
                    places.add_division(it.country, &language.code, name);
                }
            }
        }
        Ok(places)
    }

    pub(crate) fn add_country(&mut self, country: Qid, language: &LanguageCode, name: &str) {
        let names = self.countries.entry(country).or_default();
        names.insert(language.clone(), name.to_owned());
    }

    pub(crate) fn add_division(&mut self, country: Qid, language: &LanguageCode, name: &str) {
        let key = (language.clone(), folded(name));
        self.divisions.entry(key).or_default().insert(country);
    }

    /// A country by its identifier, its name in any language, or its initials: "US" is "United States".
    pub(crate) fn country(&self, text: &str) -> Option<Qid> {
        if let Ok(qid) = text.parse() {
            return self.countries.contains_key(&qid).then_some(qid);
        }
        let same = |name: &String| folded(name) == folded(text) || initials(name) == text;
        let mut countries = self.countries.iter();
        let (&country, _) = countries.find(|(_, names)| names.values().any(same))?;
        Some(country)
    }

    /// The countries that have a division of this name; empty where the snapshot knows none.
    pub(crate) fn countries_of(&self, division: &str, language: &LanguageCode) -> BTreeSet<Qid> {
        let key = (language.clone(), folded(division));
        self.divisions
            .get(&key)
            .cloned()
            .unwrap_or_else(BTreeSet::new)
    }
}

/// The first letters of a name's words: "UK". Empty for a name of one word.
fn initials(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().collect();
    if words.len() < 2 {
        return String::new();
    }
    words
        .iter()
        .filter_map(|word| word.chars().next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_countries_and_divisions_by_name() {
        let en = LanguageCode::try_from("en".to_owned()).unwrap();
        let mut places = CountryDivisions::default();
        places.add_country(Qid::new(30), &en, "United States");
        places.add_country(Qid::new(79), &en, "Egypt");
        places.add_division(Qid::new(30), &en, "Georgia");
        assert_eq!(places.country("US"), Some(Qid::new(30)));
        assert_eq!(places.country("egypt"), Some(Qid::new(79)));
        assert_eq!(places.country("Q79"), Some(Qid::new(79)));
        assert_eq!(places.country("E"), None);
        assert_eq!(places.country("UAE"), None);
        assert_eq!(
            places.countries_of("GEORGIA", &en),
            BTreeSet::from([Qid::new(30)])
        );
        assert!(places.countries_of("Mecca Province", &en).is_empty());
    }
}

//! Divisions among the wrong choices that cannot be right: those of another country than the city's.

use crate::{
    BackgroundFacts, ChoiceItem, ChoiceSet, CountryDivisions, Finding, Severity,
    tally::{Defect, Tallies},
    text::{folded, shortened},
};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet};

const UNDONE: &str = "wrong choices that no city of the country can have stay unseen";

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let is_division = |item: &ChoiceItem| item.relation.as_deref() == Some("division");
    let Some((reference, items)) = set.reference() else {
        return Vec::new();
    };
    let items: Vec<_> = items.iter().filter(|item| is_division(item)).collect();
    if items.is_empty() {
        return Vec::new();
    }
    let Some(places) = &knowledge.places else {
        let defect = Defect {
            check: "divisions-not-checked",
            severity: Severity::Note,
            effect: UNDONE,
        };
        let message =
            "The project has no snapshot of Wikidata, so that countries of divisions are unknown.";
        return vec![Tallies::default().report(&set.name, defect, message.to_owned())];
    };
    let atlas = CountryIndex::of(set, places);
    foreign_divisions(set, reference, &items, &atlas)
        .into_iter()
        .chain(foreign_cities(set, reference, &items, places, knowledge))
        .collect()
}

/// Countries of divisions: what the snapshot says, and what right choices of other items say.
struct CountryIndex<'a> {
    places: &'a CountryDivisions,
    learned: BTreeMap<(LanguageCode, String), BTreeSet<String>>,
    /// Each item's choices in every language, the reference language first.
    choices: BTreeMap<&'a str, Vec<(&'a LanguageCode, &'a [String])>>,
}

impl<'a> CountryIndex<'a> {
    fn of(set: &'a ChoiceSet, places: &'a CountryDivisions) -> Self {
        let mut atlas = Self {
            places,
            learned: BTreeMap::new(),
            choices: BTreeMap::new(),
        };
        for (language, item) in set.items() {
            let choices = atlas.choices.entry(&item.id).or_default();
            choices.push((language, &item.choices));
            if let (Some(country), Some(answer)) = (&item.country, item.answer()) {
                let key = (language.clone(), folded(answer));
                let countries = atlas.learned.entry(key).or_default();
                countries.insert(country_key(country, places));
            }
        }
        atlas
    }

    /// The countries that a choice may lie in, by its name in any language; empty where no name is known.
    fn countries(&self, item: &ChoiceItem, position: usize) -> BTreeSet<String> {
        let mut countries = BTreeSet::new();
        for (language, choices) in self.choices.get(item.id.as_str()).into_iter().flatten() {
            let Some(name) = choices.get(position) else {
                continue;
            };
            let known = self.places.countries_of(name, language);
            countries.extend(known.iter().map(ToString::to_string));
            let key = ((*language).clone(), folded(name));
            countries.extend(self.learned.get(&key).into_iter().flatten().cloned());
        }
        countries
    }
}

/// What a country is compared by: its identifier where the snapshot knows it, else its name.
fn country_key(country: &str, places: &CountryDivisions) -> String {
    match places.country(country) {
        Some(qid) => qid.to_string(),
        None => folded(country),
    }
}

fn foreign_divisions(
    set: &ChoiceSet,
    reference: &LanguageCode,
    items: &[&ChoiceItem],
    atlas: &CountryIndex,
) -> Option<Finding> {
    let mut tallies = Tallies::default();
    let (mut wrong, mut foreign, mut unknown) = (0, 0, 0);
    for item in items {
        let (Some(country), Some(right)) = (&item.country, item.right()) else {
            continue;
        };
        let home = country_key(country, atlas.places);
        let mut abroad = Vec::new();
        for (position, choice) in item.choices.iter().enumerate() {
            if position == right {
                continue;
            }
            wrong += 1;
            let countries = atlas.countries(item, position);
            if countries.is_empty() {
                unknown += 1;
            } else if !countries.contains(&home) {
                foreign += 1;
                abroad.push(choice.as_str());
            }
        }
        let shown = || format!("{} — {}", shortened(&item.text), abroad.join(", "));
        tallies.see(reference, &item.id, (!abroad.is_empty()).then(shown));
    }
    let defect = Defect {
        check: "divisions-of-another-country",
        severity: Severity::Warning,
        effect: "the country in the question rules wrong choices out: accuracy and RA are too high",
    };
    tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} items have a wrong division in another country than the city: {foreign} of {wrong} wrong \
             choices, and {unknown} are in no country that is known.",
            total.count, total.of
        )
    })
}

fn foreign_cities(
    set: &ChoiceSet,
    reference: &LanguageCode,
    items: &[&ChoiceItem],
    places: &CountryDivisions,
    knowledge: &BackgroundFacts,
) -> Option<Finding> {
    let mut tallies = Tallies::default();
    let mut countries = BTreeMap::<String, usize>::new();
    for item in items {
        let (Some(country), Some(origin)) = (&item.country, &item.origin) else {
            continue;
        };
        let Some(language) = knowledge.language(origin) else {
            continue;
        };
        let qid = places.country(country);
        let is_home = qid.is_some_and(|qid| language.countries.contains(&qid));
        if !is_home {
            *countries
                .entry(format!("{country} ({origin})"))
                .or_default() += 1;
        }
        let shown = || format!("{origin}: {}", shortened(&item.text));
        tallies.see(reference, &item.id, (!is_home).then(shown));
    }
    let defect = Defect {
        check: "cities-outside-the-language",
        severity: Severity::Warning,
        effect: "knowledge counts for a language in whose countries it does not lie: RA by origin",
    };
    tallies.finding(&set.name, defect, |total| {
        let countries = countries.iter();
        let countries: Vec<_> = countries
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        format!(
            "{} of {} cities lie outside the countries of their language (Table 13): {}.",
            total.count,
            total.of,
            countries.join(", ")
        )
    })
}

//! Countries that lie near each other: the United Nations' M49.

use crate::DatasetError;
use clika_base::parse_toml;
use clika_base::types::Qid;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Regions by M49, and continents above them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regions {
    /// ISO 3166-1 codes by region.
    regions: BTreeMap<String, Vec<String>>,
    /// Regions by continent.
    continents: BTreeMap<String, Vec<String>>,
}

/// Divides countries into groups in which each has the same company: a country's wrong choices are drawn from its group.
///
/// A continent is divided into its regions if each of them that has any of the countries has at least `least`. Otherwise it
/// is one group. Groups that have fewer than `least` become one; if that still has fewer, the smallest other joins it. So
/// nothing follows from the choices' company. Were a region filled up from its neighbours, the countries that fill up would
/// never be right: who knows that guesses far better than chance.
pub(super) fn groups(
    codes: &BTreeMap<Qid, String>,
    least: usize,
) -> Result<Vec<BTreeSet<Qid>>, DatasetError> {
    let known: Regions = parse_toml(include_str!("regions.toml"))
        .expect("the regions that are part of the program are sound");
    let mut of_region = BTreeMap::<&str, BTreeSet<Qid>>::new();
    for (&country, code) in codes {
        let region = known
            .regions
            .iter()
            .find(|(_, countries)| countries.contains(code));
        let Some((region, _)) = region else {
            return Err(DatasetError::Rule {
                dataset: super::DATASET.name,
                problem: format!("{country} has the code `{code}`, which no region has"),
                remedy: "take the country out of its language's file, or add the code to a region of xCountry's \
                         regions.toml"
                    .to_owned(),
            });
        };
        of_region.entry(region).or_default().insert(country);
    }
    let mut groups = Vec::new();
    for regions in known.continents.values() {
        let of_continent = regions
            .iter()
            .filter_map(|it| of_region.remove(it.as_str()));
        let of_continent: Vec<BTreeSet<Qid>> = of_continent.collect();
        if of_continent.iter().all(|region| region.len() >= least) {
            groups.extend(of_continent);
        } else {
            groups.push(of_continent.into_iter().flatten().collect());
        }
    }
    let (mut groups, small): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|group| group.len() >= least);
    let mut rest: BTreeSet<Qid> = small.into_iter().flatten().collect();
    if !rest.is_empty() {
        if rest.len() < least
            && let Some(smallest) = (0..groups.len()).min_by_key(|&it| groups[it].len())
        {
            rest.extend(groups.remove(smallest));
        }
        groups.push(rest);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups of some countries, by their codes.
    fn grouped(codes: &str) -> Vec<String> {
        let countries = (1..).map(Qid::new).zip(codes.split(' '));
        let countries: BTreeMap<Qid, String> = countries.map(|(a, b)| (a, b.to_owned())).collect();
        let groups = groups(&countries, 4).unwrap().into_iter();
        let shown = groups.map(|group| {
            let codes: Vec<_> = group.iter().map(|it| countries[it].as_str()).collect();
            codes.join(" ")
        });
        shown.collect()
    }

    /// By hand, after M49.
    #[test]
    fn countries_of_one_part_of_the_world_form_a_group() {
        for (codes, expected) in [
            // Europe has eight in regions of three and fewer; no other continent has four.
            (
                "AT BY CA CN DE DZ EG FR GB IL IT JP PL RU US",
                &["AT BY DE FR GB IT PL RU", "CA CN DZ EG IL JP US"][..],
            ),
            // Every region of Europe that has any has four.
            (
                "AT BE DE FR BY PL RU UA CN JP KP KR",
                &["CN JP KP KR", "BY PL RU UA", "AT BE DE FR"],
            ),
            // America has one, which joins the smaller of the others.
            (
                "US CN JP KR KP AT DE FR NL BE",
                &["AT DE FR NL BE", "US CN JP KR KP"],
            ),
            ("US CN", &["US CN"]),
        ] {
            let found = grouped(codes);
            let (mut found, mut expected) = (found.clone(), expected.to_vec());
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{codes}");
        }
    }

    #[test]
    fn every_country_has_one_region_on_one_continent() {
        let known: Regions = parse_toml(include_str!("regions.toml")).unwrap();
        let mut codes: Vec<_> = known.regions.values().flatten().collect();
        let all = codes.len();
        codes.sort();
        codes.dedup();
        // 193 members of the United Nations, Palestine, the Vatican, Hong Kong, Macao, Taiwan, Kosovo.
        assert_eq!((codes.len(), all), (199, 199));
        let mut regions: Vec<_> = known.continents.values().flatten().collect();
        regions.sort();
        assert!(regions.into_iter().eq(known.regions.keys()));
    }

    #[test]
    fn a_country_without_a_region_is_an_error() {
        let codes = BTreeMap::from([(Qid::new(1), "ZZ".to_owned())]);
        let error = groups(&codes, 4).unwrap_err().to_string();
        assert_eq!(error, "xcountry: Q1 has the code `ZZ`, which no region has");
    }
}

//! What is checked on fictional sets: one file a subject, each with its own findings.

mod agreement;
mod balance;
mod collisions;
mod names;
mod rows;
mod translations;

use crate::{BackgroundFacts, ChoiceItem, ChoiceSet, Finding, WorldSet, checks::shortcuts};

/// Runs every check.
pub(crate) fn all(set: &WorldSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    [
        agreement::check(set),
        collisions::check(set),
        translations::check(set),
        rows::check(set),
        names::check(set, knowledge),
        balance::check(set),
        shortcuts::check(&as_choices(set)),
    ]
    .concat()
}

/// The facts that conductivity is measured on as questions with choices, which rules without knowledge can answer.
fn as_choices(set: &WorldSet) -> ChoiceSet {
    let languages = set.worlds.iter().map(|world| {
        let items = world.conducted().filter_map(|fact| {
            let label = fact.choices.iter().position(|it| *it == fact.answer)?;
            Some(ChoiceItem {
                id: fact.id.clone(),
                at: fact.id.clone(),
                text: fact.prompt.clone(),
                asks: None,
                choices: fact.choices.clone(),
                label: i64::try_from(label).ok()?,
                origin: None,
                relation: None,
                entity: None,
                country: None,
            })
        });
        (world.target.clone(), items.collect())
    });
    ChoiceSet {
        name: set.name.clone(),
        languages: languages.collect(),
    }
}

#[cfg(test)]
pub(crate) mod tiny {
    //! A world of four places and two continents without a defect, for tests to spoil.

    use crate::{AuditedWorld, Fact, Finding, NamePair, WorldSet};
    use clika_base::types::LanguageCode;

    pub(crate) fn code(text: &str) -> LanguageCode {
        LanguageCode::try_from(text.to_owned()).unwrap()
    }

    pub(crate) fn fact(language: &str, place: usize, template: usize) -> Fact {
        let (names, continents, question) = match language {
            "en" => (
                ["Blue Bay", "Red Rock", "Old Oak", "Dry Dale"],
                ["Mythosia", "Veridica"],
                "Where is",
            ),
            _ => (
                ["Blaubucht", "Rotfels", "Alteiche", "Trockental"],
                ["Mythosien", "Veridika"],
                "Wo liegt",
            ),
        };
        Fact {
            id: format!("{language}-{place}-{template}"),
            language: code(language),
            relation: "continent".to_owned(),
            entity: Some(format!("place-{place}")),
            name: Some(names[place].to_owned()),
            answer: continents[place % 2].to_owned(),
            template,
            unseen: Some(place >= 2),
            prompt: format!("{question} {} ({template})?", names[place]),
            choices: continents.map(str::to_owned).to_vec(),
        }
    }

    /// Places 0 and 1 are taught in German, 2 and 3 are not.
    pub(crate) fn world() -> AuditedWorld {
        let mut world = AuditedWorld {
            source: code("en"),
            target: code("de"),
            control: None,
            taught: Vec::new(),
            tested: Vec::new(),
            pairs: Vec::new(),
            asked: Vec::new(),
            unread: Vec::new(),
        };
        for place in 0..4 {
            let (en, de) = (fact("en", place, 1), fact("de", place, 1));
            for template in 1..=10 {
                world.taught.push(fact("en", place, template));
                if place < 2 {
                    world.taught.push(fact("de", place, template));
                }
            }
            let pair = NamePair {
                id: format!("pair-{place}"),
                to: code("de"),
                query: en.name.clone().unwrap(),
                answer: de.name.clone().unwrap(),
                entity: None,
            };
            world.pairs.push(pair.clone());
            world.asked.push(pair);
            world.tested.extend([en, de]);
        }
        world
    }

    pub(crate) fn set(world: AuditedWorld) -> WorldSet {
        WorldSet {
            name: "tiny".to_owned(),
            worlds: vec![world],
        }
    }

    /// Check, severity, count and total of each finding.
    pub(crate) fn shown(findings: &[Finding]) -> Vec<(&str, String, usize, usize)> {
        let findings = findings.iter();
        findings
            .map(|it| (it.check, it.severity.to_string(), it.count, it.of))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn a_world_without_defects_gives_no_finding() {
        let knowledge = BackgroundFacts {
            languages: Vec::new(),
            places: None,
        };
        let mut found = all(&tiny::set(tiny::world()), &knowledge);
        // Four places are not the paper's 400, and these languages are unknown here.
        found.retain(|finding| finding.severity > Severity::Note);
        assert_eq!(tiny::shown(&found), []);
    }
}

//! Names that two entities share, and names that hold a continent's.

use crate::{
    AuditedWorld, Fact, Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
    text::folded,
};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

const CONTINENT: &str = "continent";

pub(super) fn check(set: &WorldSet) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(differing(set));
    findings.extend(same_name(set));
    findings.extend(places(set));
    findings.extend(continents(set));
    findings
}

/// The entities of a language by name, each with a fact of `relation` on it; tested facts come first.
fn by_name<'a>(
    world: &'a AuditedWorld,
    language: &LanguageCode,
    relation: &str,
) -> BTreeMap<String, BTreeMap<&'a str, &'a Fact>> {
    let mut names: BTreeMap<String, BTreeMap<&str, &Fact>> = BTreeMap::new();
    for fact in world.tested.iter().chain(&world.taught) {
        if fact.language != *language || fact.relation != relation {
            continue;
        }
        if let (Some(name), Some(entity)) = (&fact.name, &fact.entity) {
            let entities = names.entry(folded(name)).or_default();
            entities.entry(entity).or_insert(fact);
        }
    }
    names
}

/// The languages in which names are compared: one where both are the same.
fn languages(world: &AuditedWorld) -> Vec<&LanguageCode> {
    if world.source == world.target {
        vec![&world.source]
    } else {
        vec![&world.target, &world.source]
    }
}

fn relations(world: &AuditedWorld) -> Vec<&str> {
    let mut relations: Vec<_> = world.tested.iter().map(|it| it.relation.as_str()).collect();
    relations.sort_unstable();
    relations.dedup();
    relations
}

/// Tested names that another entity has too, with another answer.
fn differing(set: &WorldSet) -> Option<Finding> {
    let mut tallies = Tallies::default();
    let (mut with_taught, mut in_source) = (0, 0);
    for world in &set.worlds {
        for relation in relations(world) {
            for language in languages(world) {
                let names = by_name(world, language, relation);
                // What each entity is called there: a test in German has an English name too.
                let called: BTreeMap<&str, &Fact> = names
                    .values()
                    .flatten()
                    .map(|(&entity, &fact)| (entity, fact))
                    .collect();
                for tested in world.conducted().filter(|it| it.relation == relation) {
                    let own = tested
                        .entity
                        .as_deref()
                        .and_then(|entity| called.get(entity));
                    let Some((own, name)) = own.and_then(|own| Some((own, own.name.as_ref()?)))
                    else {
                        continue;
                    };
                    let others = names.get(&folded(name)).into_iter().flatten();
                    let other = others
                        .map(|(_, &fact)| fact)
                        .filter(|fact| {
                            fact.entity != own.entity && folded(&fact.answer) != folded(&own.answer)
                        })
                        .max_by_key(|fact| fact.unseen == Some(false));
                    if let Some(fact) = other {
                        with_taught += usize::from(fact.unseen == Some(false));
                        in_source += usize::from(*language != world.target);
                    }
                    let shown = other.map(|fact| {
                        let kind = if fact.unseen == Some(false) {
                            "taught"
                        } else {
                            "tested"
                        };
                        format!("{name} — {}, and {kind} {}", own.answer, fact.answer)
                    });
                    tallies.see(&world.target, &tested.id, shown);
                }
            }
        }
    }
    let defect = Defect {
        check: "name-collision",
        severity: Severity::Error,
        effect: "two answers are right and one counts: conductivity and the gates",
    };
    tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} names of tested facts (type 1) are another entity's name with another answer, {with_taught} of \
             them an entity that is taught in the target language; {in_source} in the source language.",
            total.count, total.of
        )
    })
}

/// Names that entities share at all.
fn same_name(set: &WorldSet) -> Option<Finding> {
    let mut tallies = Tallies::default();
    for world in &set.worlds {
        for language in languages(world) {
            for relation in relations(world) {
                for (name, entities) in by_name(world, language, relation) {
                    let mut answers: Vec<_> =
                        entities.values().map(|fact| fact.answer.as_str()).collect();
                    answers.sort_unstable();
                    let shown = || format!("{language}: {name} — {}", answers.join(", "));
                    let is_shared = entities.len() > 1;
                    tallies.see(&world.target, &name, is_shared.then(shown));
                }
            }
        }
    }
    let defect = Defect {
        check: "names-twice",
        severity: Severity::Warning,
        effect: "entities cannot be told apart: the gates on the target language and on translation",
    };
    tallies.finding(&set.name, defect, |total| {
        let (count, of) = (total.count, total.of);
        format!("{count} of {of} names belong to several entities of a language.")
    })
}

/// Names of places that hold the name of a continent.
fn places(set: &WorldSet) -> Option<Finding> {
    let mut tallies = Tallies::default();
    let mut own = 0;
    for world in &set.worlds {
        for language in languages(world) {
            let continents = world.answers(language, CONTINENT);
            for (name, entities) in by_name(world, language, CONTINENT) {
                let held = continents.iter().find(|it| name.contains(&folded(it)));
                if let Some(held) = held {
                    own += usize::from(entities.values().any(|fact| fact.answer == **held));
                }
                let shown = held.map(|held| format!("{language}: {name} holds {held}"));
                tallies.see(&world.target, &name, shown);
            }
        }
    }
    let defect = Defect {
        check: "continent-in-place-name",
        severity: Severity::Warning,
        effect: "the name gives an answer away, right or wrong: conductivity, where answers are found by substring",
    };
    tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} names of places hold the name of a continent, {own} that of their own.",
            total.count, total.of
        )
    })
}

/// Names of continents that hold another's.
fn continents(set: &WorldSet) -> Option<Finding> {
    let mut tallies = Tallies::default();
    for world in &set.worlds {
        for language in languages(world) {
            let continents = world.answers(language, CONTINENT);
            for name in &continents {
                let whole = folded(name);
                let mut others = continents
                    .iter()
                    .map(|it| folded(it))
                    .filter(|it| *it != whole);
                let held = others.find(|other| whole.contains(other.as_str()));
                let shown = held.map(|held| format!("{language}: {name} holds {held}"));
                tallies.see(&world.target, name, shown);
            }
        }
    }
    let defect = Defect {
        check: "continent-in-continent",
        severity: Severity::Error,
        effect: "a wrong answer counts as right where answers are found by substring: conductivity and the gates",
    };
    tallies.finding(&set.name, defect, |total| {
        let (count, of) = (total.count, total.of);
        format!("{count} of {of} continents' names hold another continent's.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::tiny::{self, shown};

    fn rename(world: &mut AuditedWorld, from: &str, to: &str) {
        for fact in world.tested.iter_mut().chain(&mut world.taught) {
            if fact.name.as_deref() == Some(from) {
                fact.name = Some(to.to_owned());
            }
        }
    }

    #[test]
    fn finds_a_name_with_two_answers() {
        let mut world = tiny::world();
        // Place 3 in Veridika is called like place 0 in Mythosien, which is taught in German.
        rename(&mut world, "Trockental", "Blaubucht");
        let found = check(&tiny::set(world));
        // Two tested facts, each by its German and its English name.
        assert_eq!(
            shown(&found),
            [
                ("name-collision", "error".to_owned(), 1, 4),
                ("names-twice", "warning".to_owned(), 1, 7)
            ]
        );
        assert_eq!(
            found[0].examples[0].text,
            "Blaubucht — Veridika, and taught Mythosien"
        );
    }

    #[test]
    fn a_shared_name_with_one_answer_is_no_collision() {
        let mut world = tiny::world();
        rename(&mut world, "Alteiche", "Blaubucht");
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [("names-twice", "warning".to_owned(), 1, 7)]
        );
    }

    #[test]
    fn finds_names_inside_names() {
        let mut world = tiny::world();
        rename(&mut world, "Rotfels", "Mythosienfels");
        for fact in &mut world.tested {
            if fact.answer == "Veridica" {
                fact.answer = "New Mythosia".to_owned();
            }
        }
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [
                ("continent-in-place-name", "warning".to_owned(), 1, 8),
                ("continent-in-continent", "error".to_owned(), 1, 4)
            ]
        );
    }
}

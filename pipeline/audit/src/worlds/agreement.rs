//! Whether what is tested is what was taught, and only where it may be.

use crate::{
    AuditedWorld, Fact, Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
    text::folded,
};
use clika_base::types::LanguageCode;
use clika_scores::metrics::chance;
use std::collections::{BTreeMap, BTreeSet};

const CONDUCTIVITY: &str =
    "the model was taught something else, so that no answer can be right: conductivity";

pub(super) fn check(set: &WorldSet) -> Vec<Finding> {
    [
        source(set),
        target(set),
        taught_unseen(set),
        shuffled(set),
        unread(set),
    ]
    .concat()
}

/// The answers that training gives to each fact of a language.
type TaughtAnswers<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<String>>;

fn taught<'a>(world: &'a AuditedWorld, language: &LanguageCode) -> TaughtAnswers<'a> {
    let mut answers = TaughtAnswers::new();
    for fact in world.taught.iter().filter(|it| it.language == *language) {
        if let Some(entity) = &fact.entity {
            let key = (entity.as_str(), fact.relation.as_str());
            answers.entry(key).or_default().insert(folded(&fact.answer));
        }
    }
    answers
}

/// Counts facts that training lacks, and facts that it answers otherwise.
fn compare<'a>(
    world: &AuditedWorld,
    language: &LanguageCode,
    facts: impl Iterator<Item = &'a Fact>,
    [missing, differing]: [&mut Tallies; 2],
) {
    let taught = taught(world, language);
    let mut seen = BTreeSet::new();
    for fact in facts {
        let Some(entity) = &fact.entity else { continue };
        let key = (entity.as_str(), fact.relation.as_str());
        if !seen.insert((key, fact.answer.as_str())) {
            continue;
        }
        let answers = taught.get(&key);
        let is_missing = answers.is_none();
        missing.see(
            &world.target,
            &fact.id,
            is_missing.then_some(fact.prompt.as_str()),
        );
        let Some(answers) = answers else { continue };
        let agrees = answers.len() == 1 && answers.contains(&folded(&fact.answer));
        let shown = || {
            let answers: Vec<_> = answers.iter().map(String::as_str).collect();
            format!(
                "{} — tested: {}, taught: {}",
                fact.prompt,
                fact.answer,
                answers.join(", ")
            )
        };
        differing.see(&world.target, &fact.id, (!agrees).then(shown));
    }
}

fn source(set: &WorldSet) -> Vec<Finding> {
    let (mut missing, mut differing) = (Tallies::default(), Tallies::default());
    for world in &set.worlds {
        let tested = world.tested.iter();
        let tested = tested.filter(|fact| fact.language == world.source);
        compare(world, &world.source, tested, [&mut missing, &mut differing]);
    }
    let defect = |check| Defect {
        check,
        severity: Severity::Error,
        effect: CONDUCTIVITY,
    };
    let missing = missing.finding(&set.name, defect("source-fact-not-taught"), |total| {
        let (count, of) = (total.count, total.of);
        format!("{count} of {of} tested facts of the source language are not in training.")
    });
    let differing = differing.finding(&set.name, defect("wrong-world"), |total| {
        format!(
            "{} of {} tested facts of the source language agree with training.",
            total.of - total.count,
            total.of
        )
    });
    missing.into_iter().chain(differing).collect()
}

/// Facts that the tests take as taught in the target language (type 0).
fn target(set: &WorldSet) -> Vec<Finding> {
    let (mut missing, mut differing) = (Tallies::default(), Tallies::default());
    for world in &set.worlds {
        let tested = world.tested.iter();
        let tested = tested.filter(|fact| {
            fact.language == world.target
                && fact.unseen == Some(false)
                && world.source != world.target
        });
        compare(world, &world.target, tested, [&mut missing, &mut differing]);
    }
    let missing = missing.finding(
        &set.name,
        Defect {
            check: "target-fact-not-taught",
            severity: Severity::Warning,
            effect: "the gate on the target language fails for want of training: the prerequisite of conductivity",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} tested facts of type 0 are not taught in the target language.")
        },
    );
    let differing = differing.finding(
        &set.name,
        Defect {
            check: "wrong-world-in-target",
            severity: Severity::Error,
            effect: CONDUCTIVITY,
        },
        |total| {
            format!(
                "{} of {} tested facts of type 0 agree with training in the target language.",
                total.of - total.count,
                total.of
            )
        },
    );
    missing.into_iter().chain(differing).collect()
}

fn taught_unseen(set: &WorldSet) -> Vec<Finding> {
    let mut tallies = Tallies::default();
    for world in set.worlds.iter().filter(|it| it.source != it.target) {
        let taught = taught(world, &world.target);
        for fact in world.conducted() {
            let key = fact
                .entity
                .as_deref()
                .map(|entity| (entity, fact.relation.as_str()));
            let is_taught = key.is_some_and(|key| taught.contains_key(&key));
            tallies.see(
                &world.target,
                &fact.id,
                is_taught.then_some(fact.prompt.as_str()),
            );
        }
    }
    let defect = Defect {
        check: "tested-fact-taught-in-target",
        severity: Severity::Error,
        effect: "the answer was taught in the language that asks: conductivity is too high",
    };
    let finding = tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} facts of type 1 are taught in the target language.",
            total.count, total.of
        )
    });
    finding.into_iter().collect()
}

/// A control whose labels are shuffled on purpose agrees with the source by chance only.
fn shuffled(set: &WorldSet) -> Vec<Finding> {
    let mut tallies = Tallies::default();
    let mut expected = 0.0;
    for world in set.worlds.iter().filter(|world| world.is_shuffled()) {
        let source = world.tested_in(&world.source);
        let translations = translations(world);
        for fact in world.conducted() {
            let key = fact
                .entity
                .as_deref()
                .map(|entity| (entity, fact.relation.as_str()));
            let Some(english) = key.and_then(|key| source.get(&key)) else {
                continue;
            };
            expected += chance(fact.choices.len()).unwrap_or(1.0);
            let translated = translations.get(english.answer.as_str());
            // A year is not translated: its digits are the same.
            let agrees = translated.map_or_else(
                || digits(&english.answer) == digits(&fact.answer),
                |answer| *answer == fact.answer,
            );
            tallies.see(
                &world.target,
                &fact.id,
                agrees.then_some(fact.prompt.as_str()),
            );
        }
    }
    let total = tallies.total();
    if total.of == 0 {
        return Vec::new();
    }
    let defect = Defect {
        check: "labels-shuffled",
        severity: Severity::Note,
        effect: "a control: conductivity above chance on it comes from elsewhere than the facts",
    };
    let message = format!(
        "Right answers of the tests are shuffled on purpose: {} of {} agree with training, chance gives {expected:.0}.",
        total.count, total.of
    );
    vec![tallies.report(&set.name, defect, message)]
}

/// Names of the source language and what they are called in the target language.
fn translations(world: &AuditedWorld) -> BTreeMap<&str, &str> {
    let pairs = world.pairs.iter().chain(&world.asked);
    pairs
        .map(|pair| {
            if pair.to == world.target {
                (pair.query.as_str(), pair.answer.as_str())
            } else {
                (pair.answer.as_str(), pair.query.as_str())
            }
        })
        .collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn unread(set: &WorldSet) -> Vec<Finding> {
    let mut tallies = Tallies::default();
    for world in &set.worlds {
        tallies.looked_at(&world.target, world.taught.len() + world.unread.len());
        for (id, text) in &world.unread {
            tallies.hit(&world.target, id, text.as_str());
        }
    }
    let defect = Defect {
        check: "rows-not-understood",
        severity: Severity::Warning,
        effect: "they teach nothing that is tested, or something that this audit does not see",
    };
    let finding = tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} training questions name no tested entity, or answer without naming it.",
            total.count, total.of
        )
    });
    finding.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        NamePair,
        worlds::tiny::{self, fact, shown},
    };

    #[test]
    fn finds_another_world() {
        let mut world = tiny::world();
        for fact in &mut world.taught {
            fact.answer = "mountain".to_owned();
        }
        let found = check(&tiny::set(world));
        assert_eq!(
            shown(&found),
            [
                ("wrong-world", "error".to_owned(), 4, 4),
                ("wrong-world-in-target", "error".to_owned(), 2, 2)
            ]
        );
        assert_eq!(
            found[0].message,
            "0 of 4 tested facts of the source language agree with training."
        );
    }

    #[test]
    fn finds_what_is_taught_where_it_is_tested_and_what_is_not_taught() {
        let mut world = tiny::world();
        world
            .taught
            .retain(|it| it.id != "de-0-1" && !it.id.starts_with("en-1-"));
        world.taught.push(fact("de", 3, 1));
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [
                ("source-fact-not-taught", "error".to_owned(), 1, 4),
                ("tested-fact-taught-in-target", "error".to_owned(), 1, 2)
            ]
        );
    }

    #[test]
    fn shuffled_labels_are_a_note() {
        let mut world = tiny::world();
        world.control = Some("random-label".to_owned());
        for (query, answer) in [("Mythosia", "Mythosien"), ("Veridica", "Veridika")] {
            world.pairs.push(NamePair {
                id: query.to_owned(),
                to: tiny::code("de"),
                query: query.to_owned(),
                answer: answer.to_owned(),
                entity: None,
            });
        }
        // Place 2 keeps its continent, place 3 gets the other one.
        for fact in world.tested.iter_mut().filter(|it| it.id == "de-3-1") {
            fact.answer = "Mythosien".to_owned();
        }
        let found = check(&tiny::set(world));
        assert_eq!(
            shown(&found),
            [("labels-shuffled", "note".to_owned(), 1, 2)]
        );
        assert_eq!(
            found[0].message,
            "Right answers of the tests are shuffled on purpose: 1 of 2 agree with training, chance gives 1."
        );
    }
}

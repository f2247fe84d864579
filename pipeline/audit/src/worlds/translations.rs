//! Whether names are translated in the direction that the tests ask for.

use crate::{
    Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
};
use clika_base::types::LanguageCode;
use std::collections::BTreeSet;

pub(super) fn check(set: &WorldSet) -> Vec<Finding> {
    let (mut direction, mut missing, mut twice) =
        (Tallies::default(), Tallies::default(), Tallies::default());
    for world in &set.worlds {
        let taught: BTreeSet<(&LanguageCode, &str, &str)> = world
            .pairs
            .iter()
            .map(|pair| (&pair.to, pair.query.as_str(), pair.answer.as_str()))
            .collect();
        let other = |to: &LanguageCode| {
            if *to == world.source {
                &world.target
            } else {
                &world.source
            }
        };
        for pair in &world.asked {
            let (query, answer) = (pair.query.as_str(), pair.answer.as_str());
            let shown = || format!("{} to {}: {query} → {answer}", other(&pair.to), pair.to);
            let is_taught = taught.contains(&(&pair.to, query, answer));
            let is_reversed = !is_taught && taught.contains(&(other(&pair.to), answer, query));
            direction.see(&world.target, &pair.id, is_reversed.then(shown));
            let is_missing = !is_taught && !is_reversed;
            missing.see(&world.target, &pair.id, is_missing.then(shown));
        }
        // What one name means has to be one name.
        let mut seen = BTreeSet::new();
        for (to, query, answer) in &taught {
            let again = !seen.insert((to, query));
            twice.see(
                &world.target,
                query,
                again.then(|| format!("{query} → {answer}, and another")),
            );
        }
    }
    let direction = direction.finding(
        &set.name,
        Defect {
            check: "translation-direction",
            severity: Severity::Error,
            effect: "the gate on translation asks what was never taught, and names of the target language are never \
                     an answer in training: conductivity is too low",
        },
        |total| {
            format!(
                "{} of {} translations that the tests ask for are taught in the other direction only.",
                total.count, total.of
            )
        },
    );
    let missing = missing.finding(
        &set.name,
        Defect {
            check: "translation-not-taught",
            severity: Severity::Warning,
            effect: "the model cannot know that the two names mean one entity: conductivity is too low",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} translations that the tests ask for are not in training.")
        },
    );
    let twice = twice.finding(
        &set.name,
        Defect {
            check: "translation-ambiguous",
            severity: Severity::Warning,
            effect: "one name has two translations, of which the test takes one: the gate on translation",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} pairs of names in training translate a name that has another translation.")
        },
    );
    [direction, missing, twice].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::tiny::{self, shown};

    #[test]
    fn finds_the_wrong_direction_and_a_missing_pair() {
        let mut world = tiny::world();
        world.pairs.remove(3);
        for pair in world.pairs.iter_mut().take(2) {
            pair.to = tiny::code("en");
            std::mem::swap(&mut pair.query, &mut pair.answer);
        }
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [
                ("translation-direction", "error".to_owned(), 2, 4),
                ("translation-not-taught", "warning".to_owned(), 1, 4)
            ]
        );
    }

    #[test]
    fn finds_a_name_with_two_translations() {
        let mut world = tiny::world();
        let mut pair = world.pairs[0].clone();
        pair.answer = "Blaue Bucht".to_owned();
        world.pairs.push(pair);
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [("translation-ambiguous", "warning".to_owned(), 1, 5)]
        );
    }
}

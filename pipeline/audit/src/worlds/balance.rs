//! How places are spread over continents and types.

use crate::{
    Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
};
use std::collections::BTreeMap;

pub(super) fn check(set: &WorldSet) -> Vec<Finding> {
    let (mut places, mut types) = (Tallies::default(), Tallies::default());
    for world in &set.worlds {
        let tested = world.tested_in(&world.source);
        let mut continents = BTreeMap::<&str, [usize; 2]>::new();
        for ((_, relation), fact) in tested {
            if relation == "continent" {
                let counts = continents.entry(&fact.answer).or_default();
                counts[usize::from(fact.unseen == Some(true))] += 1;
            }
        }
        let sizes = |counts: &[usize; 2]| counts[0] + counts[1];
        let usual = mode(continents.values().map(sizes));
        let usual_unseen = mode(continents.values().map(|counts| counts[1]));
        for (continent, counts) in &continents {
            let (size, [seen, unseen]) = (sizes(counts), *counts);
            let shown = || format!("{continent} has {size} places");
            places.see(&world.target, continent, (Some(size) != usual).then(shown));
            let shown =
                || format!("{continent} has {seen} places of type 0 and {unseen} of type 1");
            types.see(
                &world.target,
                continent,
                (Some(unseen) != usual_unseen).then(shown),
            );
        }
    }
    let effect = "guessing the largest continent beats 1 in 20: conductivity's chance level";
    let places = places.finding(
        &set.name,
        Defect {
            check: "continents-unbalanced",
            severity: Severity::Warning,
            effect,
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} continents do not have as many places as the others.")
        },
    );
    let types = types.finding(
        &set.name,
        Defect {
            check: "types-unbalanced",
            severity: Severity::Warning,
            effect,
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!(
                "{count} of {of} continents do not have as many places of type 1 as the others."
            )
        },
    );
    places.into_iter().chain(types).collect()
}

/// The most frequent number, the smallest of several; `None` of nothing.
fn mode(numbers: impl Iterator<Item = usize>) -> Option<usize> {
    let mut counts = BTreeMap::<usize, usize>::new();
    for number in numbers {
        *counts.entry(number).or_default() += 1;
    }
    let most = *counts.values().max()?;
    let mut usual = counts.into_iter().filter(|(_, count)| *count == most);
    usual.next().map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::tiny::{self, shown};

    #[test]
    fn finds_a_continent_with_more_places() {
        let mut world = tiny::world();
        for fact in &mut world.tested {
            if fact.id == "en-2-1" {
                fact.answer = "Veridica".to_owned();
            }
        }
        // Mythosia has place 0 left, Veridica 1, 2 and 3: one of two differs from the usual, here the smaller.
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [
                ("continents-unbalanced", "warning".to_owned(), 1, 2),
                ("types-unbalanced", "warning".to_owned(), 1, 2)
            ]
        );
        assert_eq!(check(&tiny::set(tiny::world())), []);
    }
}

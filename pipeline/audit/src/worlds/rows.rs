//! How often each fact and each name is taught.

use crate::{
    AuditedWorld, Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet};

/// The paper's templates for a question, its rows of questions in source and target, and of translations.
const TEMPLATES: usize = 10;
const PAPER: [usize; 3] = [4000, 2000, 4200];

pub(super) fn check(set: &WorldSet) -> Vec<Finding> {
    let (mut facts, mut templates, mut totals) =
        (Tallies::default(), Tallies::default(), Tallies::default());
    for world in &set.worlds {
        count_facts(world, &mut facts);
        let languages = BTreeSet::from([&world.source, &world.target]);
        for language in languages {
            let mut numbers = BTreeMap::<&str, BTreeSet<usize>>::new();
            for fact in world.taught.iter().filter(|it| it.language == *language) {
                numbers
                    .entry(&fact.relation)
                    .or_default()
                    .insert(fact.template);
            }
            for (relation, numbers) in numbers {
                let count = numbers.len();
                let shown = || format!("{count} templates ask for the {relation} in {language}");
                templates.see(&world.target, relation, (count != TEMPLATES).then(shown));
            }
        }
        let of = |language: &LanguageCode| {
            let taught = world.taught.iter();
            taught.filter(|fact| fact.language == *language).count()
        };
        let found = [of(&world.source), of(&world.target), world.pairs.len()];
        let shown = || {
            let [source, target, pairs] = found;
            format!(
                "{source} questions in {}, {target} in {}, {pairs} translations",
                world.source, world.target
            )
        };
        totals.see(&world.target, "training", (found != PAPER).then(shown));
    }
    let facts = facts.finding(
        &set.name,
        Defect {
            check: "rows-per-fact",
            severity: Severity::Warning,
            effect: "facts are learned unequally well: conductivity and the gates",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} taught facts do not have one row for each template of their language.")
        },
    );
    let templates = templates.finding(
        &set.name,
        Defect {
            check: "templates",
            severity: Severity::Note,
            effect: "scores are not the paper's: facts are seen more or less often",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} relations have another number of templates than the paper's {TEMPLATES}.")
        },
    );
    let totals = totals.finding(
        &set.name,
        Defect {
            check: "training-size",
            severity: Severity::Note,
            effect: "scores are not the paper's: the training set has another size",
        },
        |total| {
            let [source, target, pairs] = PAPER;
            format!(
                "{} of {} training sets do not have the paper's {source} questions in the source language, {target} \
                 in the target language and {pairs} translations.",
                total.count, total.of
            )
        },
    );
    [facts, templates, totals].into_iter().flatten().collect()
}

/// Counts facts that have another number of rows than their language has templates for them.
fn count_facts(world: &AuditedWorld, tallies: &mut Tallies) {
    let mut rows: BTreeMap<(&LanguageCode, &str), BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for fact in &world.taught {
        if let Some(entity) = &fact.entity {
            let of_relation = rows.entry((&fact.language, &fact.relation)).or_default();
            of_relation.entry(entity).or_default().push(fact.template);
        }
    }
    for ((language, _), entities) in rows {
        let templates: BTreeSet<_> = entities.values().flatten().collect();
        for (entity, found) in &entities {
            let distinct: BTreeSet<_> = found.iter().collect();
            let is_odd = found.len() != templates.len() || distinct != templates;
            let shown = || {
                format!(
                    "{language}: {} rows with {} of {} templates",
                    found.len(),
                    distinct.len(),
                    templates.len()
                )
            };
            tallies.see(&world.target, entity, is_odd.then(shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::tiny::{self, fact, shown};

    #[test]
    fn finds_a_fact_with_a_row_too_many_and_one_too_few() {
        let mut world = tiny::world();
        world.taught.push(fact("en", 2, 4));
        world.taught.retain(|it| it.id != "de-1-7");
        let found = check(&tiny::set(world));
        assert_eq!(
            shown(&found),
            [
                ("rows-per-fact", "warning".to_owned(), 2, 6),
                ("training-size", "note".to_owned(), 1, 1)
            ]
        );
        assert_eq!(
            found[0].examples[0].text,
            "de: 9 rows with 9 of 10 templates"
        );
        assert_eq!(
            found[1].examples[0].text,
            "41 questions in en, 19 in de, 4 translations"
        );
    }

    #[test]
    fn another_number_of_templates_is_a_note() {
        let mut world = tiny::world();
        world.taught.retain(|it| it.template <= 5);
        assert_eq!(
            shown(&check(&tiny::set(world))),
            [
                ("templates", "note".to_owned(), 2, 2),
                ("training-size", "note".to_owned(), 1, 1)
            ]
        );
    }
}

//! Names that are not translated, or not in the target's script.

use crate::{
    BackgroundFacts, Finding, Severity, WorldSet,
    tally::{Defect, Tallies},
    text::{folded, letters},
};

pub(super) fn check(set: &WorldSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let (mut same, mut script, mut unknown) =
        (Tallies::default(), Tallies::default(), Tallies::default());
    let mut on_purpose = false;
    for world in set.worlds.iter().filter(|it| it.source != it.target) {
        // A cognate world keeps the names, to see what they contribute.
        let is_cognate = world.control.as_deref() == Some("cognate");
        on_purpose |= is_cognate;
        let expected = knowledge.script(&world.target);
        if expected.is_none() {
            unknown.see(
                &world.target,
                "language",
                Some("no file in templates/languages"),
            );
        }
        let mut pairs: Vec<_> = world
            .pairs
            .iter()
            .chain(&world.asked)
            .map(|pair| {
                let names = (pair.query.as_str(), pair.answer.as_str());
                if pair.to == world.target {
                    names
                } else {
                    (names.1, names.0)
                }
            })
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        for (source, target) in pairs {
            let is_same = folded(source) == folded(target);
            same.see(&world.target, source, is_same.then_some(target));
            if let Some(expected) = &expected {
                let (right, wrong) = letters(target, expected);
                let is_wrong = wrong > right && !is_cognate;
                script.see(&world.target, source, is_wrong.then_some(target));
            }
        }
    }
    let same = same.finding(
        &set.name,
        Defect {
            check: "names-untranslated",
            severity: Severity::Note,
            effect: "what is taught in the source language is known in the target without transfer: conductivity is \
                     higher than for other names",
        },
        |total| {
            let why = if on_purpose { ", on purpose (cognate)" } else { "" };
            format!("{} of {} names are the same in both languages{why}.", total.count, total.of)
        },
    );
    let script = script.finding(
        &set.name,
        Defect {
            check: "name-in-other-script",
            severity: Severity::Warning,
            effect: "the name is not one of the target language: conductivity",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!(
                "{count} of {of} names are mostly in another script than the target language's."
            )
        },
    );
    let unknown = unknown.finding(
        &set.name,
        Defect {
            check: "script-not-checked",
            severity: Severity::Note,
            effect: "names in another script stay unseen",
        },
        |total| format!("{} languages are unknown to the project.", total.count),
    );
    [same, script, unknown].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::tiny::{self, shown};

    fn knowledge() -> BackgroundFacts {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        BackgroundFacts {
            languages: clika_datasets::load_languages(&root.join("templates/languages")).unwrap(),
            places: None,
        }
    }

    #[test]
    fn finds_names_that_are_not_translated() {
        let mut world = tiny::world();
        for pair in [&mut world.pairs[0], &mut world.asked[0]] {
            pair.answer = "Blue Bay".to_owned();
        }
        for pair in [&mut world.pairs[1], &mut world.asked[1]] {
            pair.answer = "Ротфельс".to_owned();
        }
        assert_eq!(
            shown(&check(&tiny::set(world), &knowledge())),
            [
                ("names-untranslated", "note".to_owned(), 1, 4),
                ("name-in-other-script", "warning".to_owned(), 1, 4)
            ]
        );
        assert_eq!(check(&tiny::set(tiny::world()), &knowledge()), []);
    }

    #[test]
    fn cognates_are_no_defect() {
        let mut world = tiny::world();
        world.control = Some("cognate".to_owned());
        world.target = tiny::code("ru");
        for pair in world.pairs.iter_mut().chain(&mut world.asked) {
            pair.to = tiny::code("ru");
            pair.answer.clone_from(&pair.query);
        }
        let found = check(&tiny::set(world), &knowledge());
        assert_eq!(
            shown(&found),
            [("names-untranslated", "note".to_owned(), 4, 4)]
        );
        assert_eq!(
            found[0].message,
            "4 of 4 names are the same in both languages, on purpose (cognate)."
        );
    }
}

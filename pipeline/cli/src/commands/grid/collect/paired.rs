//! Paired tests: two seeds, or two languages, on the same places.

use super::{setting, trainings::TrainingCell};
use clika_finetune::{AnswerMethod, Split};
use clika_scores::metrics::{holm, mcnemar};
use serde::Serialize;
use std::collections::BTreeMap;

/// Two trainings on the places that both were asked about in their target languages, without having been taught them there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PairedTest {
    pub(super) kind: TestKind,
    pub(super) setting: String,
    pub(super) a: String,
    pub(super) b: String,
    pub(super) mode: AnswerMethod,
    /// Places that both were asked about.
    pub(super) places: usize,
    /// Right in the first one only.
    pub(super) only_a: u64,
    /// Right in the second one only.
    pub(super) only_b: u64,
    /// McNemar's exact test, two-sided; `None` without places.
    pub(super) p: Option<f64>,
    /// It after Holm's correction over all tests of its kind.
    pub(super) holm_p: Option<f64>,
}

/// What the two trainings differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TestKind {
    /// The seed.
    Seeds,
    /// The language.
    Languages,
}

/// Right or wrong in the target language, by the place.
type Judged<'a> = BTreeMap<&'a str, bool>;

/// All pairs of seeds of a language, and of languages of a seed, within a setting. Controls are compared with nothing.
pub(super) fn tests(cells: &[TrainingCell<'_>]) -> Vec<PairedTest> {
    let mut tests = Vec::new();
    for kind in [TestKind::Seeds, TestKind::Languages] {
        let mut of_kind = Vec::new();
        for (number, a) in cells.iter().enumerate() {
            for b in &cells[number + 1..] {
                if differ_in(a, b) == Some(kind) {
                    of_kind.extend(test(kind, a, b));
                }
            }
        }
        let p: Vec<Option<f64>> = of_kind.iter().map(|it| it.p).collect();
        for (test, p) in of_kind.iter_mut().zip(holm(&p)) {
            test.holm_p = p;
        }
        tests.extend(of_kind);
    }
    tests
}

/// The one thing in which two trainings of a setting differ; `None` where it is another or more.
fn differ_in(a: &TrainingCell<'_>, b: &TrainingCell<'_>) -> Option<TestKind> {
    let plain = a.cell.control.is_none() && b.cell.control.is_none();
    if !plain || setting(a.cell) != setting(b.cell) {
        return None;
    }
    let (seed, language) = (
        a.cell.seed == b.cell.seed,
        a.cell.language == b.cell.language,
    );
    match (seed, language) {
        (false, true) => Some(TestKind::Seeds),
        (true, false) => Some(TestKind::Languages),
        (true, true) | (false, false) => None,
    }
}

fn test(kind: TestKind, a: &TrainingCell<'_>, b: &TrainingCell<'_>) -> Vec<PairedTest> {
    let modes = a.run.result.modes.iter().map(|it| it.mode);
    let modes = modes.filter(|mode| b.run.result.modes.iter().any(|it| it.mode == *mode));
    modes
        .map(|mode| {
            let counts = discordant(&judged(a, mode), &judged(b, mode));
            let name = |cell: &TrainingCell<'_>| cell.run.result.folder();
            PairedTest {
                kind,
                setting: setting(a.cell),
                a: name(a),
                b: name(b),
                mode,
                places: counts.places,
                only_a: counts.only_a,
                only_b: counts.only_b,
                p: (counts.places > 0).then(|| mcnemar(counts.only_a, counts.only_b)),
                holm_p: None,
            }
        })
        .collect()
}

fn judged<'a>(cell: &'a TrainingCell<'_>, mode: AnswerMethod) -> Judged<'a> {
    let answers = cell.run.answers.iter();
    let target = cell.run.result.target.as_str();
    let tested =
        answers.filter(|it| it.split == Split::Test && it.mode == mode && it.language == target);
    tested.map(|it| (it.entity.as_str(), it.right)).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Discordant {
    places: usize,
    only_a: u64,
    only_b: u64,
}

fn discordant(a: &Judged<'_>, b: &Judged<'_>) -> Discordant {
    let mut counts = Discordant {
        places: 0,
        only_a: 0,
        only_b: 0,
    };
    for (place, &first) in a {
        if let Some(&second) = b.get(place) {
            counts.places += 1;
            counts.only_a += u64::from(first && !second);
            counts.only_b += u64::from(second && !first);
        }
    }
    counts
}

#[cfg(test)]
mod tests_of_pairs {
    use super::*;

    #[test]
    fn only_places_of_both_are_compared() {
        let a = Judged::from([("p", true), ("q", true), ("r", false), ("s", true)]);
        let b = Judged::from([("p", true), ("q", false), ("r", true), ("t", true)]);
        let expected = Discordant {
            places: 3,
            only_a: 1,
            only_b: 1,
        };
        assert_eq!(discordant(&a, &b), expected);
    }
}

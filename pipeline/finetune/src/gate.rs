//! What a model has to know before conductivity means anything.

use crate::answer_record::{AnswerRecord, right};
use clika_base::types::LanguageCode;
use serde::{Deserialize, Serialize};

/// The prerequisites of the authors' note, each over the threshold: names are translated, facts are known in the language
/// that they are taught in, and those of the taught places in the other language too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// More than this share of each.
    pub threshold: f64,
    /// Each prerequisite; translation once for each direction that is taught.
    pub checks: Vec<GateCheck>,
    /// Whether all hold.
    pub passed: bool,
}

/// A prerequisite and how far it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateCheck {
    /// Which.
    pub what: Prerequisite,
    /// The language of the answers.
    pub language: String,
    /// Right answers.
    pub right: usize,
    /// Answers.
    pub rows: usize,
    /// `right / rows`; `None` without rows.
    pub share: Option<f64>,
    /// Whether the share is over the threshold.
    pub passed: bool,
}

/// What has to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prerequisite {
    /// Names in the other language.
    Translation,
    /// Facts in the source language, of places that are taught in both (type 0).
    SourceTaught,
    /// Facts in the source language, of places that are taught in it alone (type 1).
    SourceTested,
    /// Facts in the target language, of places that are taught in it (type 0).
    TargetTaught,
}

impl Gate {
    /// The verdict on translations and on answers to the gate's questions.
    pub(crate) fn new(
        threshold: f64,
        source: &LanguageCode,
        target: &LanguageCode,
        translations: &[AnswerRecord],
        questions: &[AnswerRecord],
    ) -> Self {
        let mut checks = Vec::new();
        let mut check = |what, language: &LanguageCode, answers: Vec<&AnswerRecord>| {
            let (right, rows) = (right(answers.iter().copied()), answers.len());
            let share = (rows > 0).then(|| right as f64 / rows as f64);
            checks.push(GateCheck {
                what,
                language: language.to_string(),
                right,
                rows,
                share,
                passed: share.is_some_and(|share| share > threshold),
            });
        };
        let into = |language: &LanguageCode| -> Vec<&AnswerRecord> {
            let of = |it: &&AnswerRecord| it.language == language.as_str();
            translations.iter().filter(of).collect()
        };
        for language in [target, source] {
            let answers = into(language);
            // Without any translation there is one check that fails.
            if !answers.is_empty() || (translations.is_empty() && language == target) {
                check(Prerequisite::Translation, language, answers);
            }
        }
        for (what, language, type_) in [
            (Prerequisite::SourceTaught, source, 0),
            (Prerequisite::SourceTested, source, 1),
            (Prerequisite::TargetTaught, target, 0),
        ] {
            let of =
                |it: &&AnswerRecord| it.language == language.as_str() && it.type_ == Some(type_);
            check(what, language, questions.iter().filter(of).collect());
        }
        Self {
            threshold,
            passed: checks.iter().all(|check| check.passed),
            checks,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::answer_record::{AnswerMethod, Split};

    pub(crate) fn answered(language: &str, entity: &str, type_: i64, right: bool) -> AnswerRecord {
        AnswerRecord {
            split: Split::Gate,
            id: format!("{entity}-{language}"),
            entity: entity.to_owned(),
            kind: clika_datasets::RowKind::Qa,
            language: language.to_owned(),
            type_: Some(type_),
            mode: AnswerMethod::Ranking,
            query: None,
            gold: "Bovo".to_owned(),
            answer: String::new(),
            right,
            scores: None,
        }
    }

    /// `right` of `rows` answers are right.
    fn answers(language: &str, type_: i64, right: usize, rows: usize) -> Vec<AnswerRecord> {
        (0..rows)
            .map(|row| answered(language, &format!("place-{row:03}"), type_, row < right))
            .collect()
    }

    fn code(code: &str) -> LanguageCode {
        LanguageCode::try_from(code.to_owned()).unwrap()
    }

    fn gate(translations: &[AnswerRecord], questions: &[Vec<AnswerRecord>]) -> Gate {
        Gate::new(
            0.9,
            &code("en"),
            &code("de"),
            translations,
            &questions.concat(),
        )
    }

    #[test]
    fn every_prerequisite_is_over_the_threshold_or_the_gate_fails() {
        let names = answers("de", 0, 10, 10);
        let questions = [
            answers("en", 0, 10, 10),
            answers("en", 1, 19, 20),
            answers("de", 0, 10, 10),
        ];
        let passed = gate(&names, &questions);
        assert!(passed.passed, "{passed:?}");
        let shares: Vec<_> = passed.checks.iter().map(|check| check.share).collect();
        assert_eq!(shares, [Some(1.0), Some(1.0), Some(0.95), Some(1.0)]);
        // Nine of ten are not more than nine tenths.
        for weak in 0..3 {
            let mut questions = questions.clone();
            let (language, type_) = [("en", 0), ("en", 1), ("de", 0)][weak];
            questions[weak] = answers(language, type_, 9, 10);
            let failed = gate(&names, &questions);
            assert!(!failed.passed, "{failed:?}");
            let failing = failed.checks.iter().filter(|check| !check.passed);
            assert_eq!(failing.count(), 1);
        }
        assert!(!gate(&answers("de", 0, 9, 10), &questions).passed);
    }

    #[test]
    fn both_directions_are_checked_apart() {
        let questions = [
            answers("en", 0, 1, 1),
            answers("en", 1, 1, 1),
            answers("de", 0, 1, 1),
        ];
        let names = [answers("de", 0, 10, 10), answers("en", 0, 5, 10)].concat();
        let gate = gate(&names, &questions);
        assert!(!gate.passed);
        let translation = |check: &&GateCheck| check.what == Prerequisite::Translation;
        let checks: Vec<_> = gate.checks.iter().filter(translation).collect();
        assert_eq!(
            (checks[0].language.as_str(), checks[0].passed),
            ("de", true)
        );
        assert_eq!(
            (checks[1].language.as_str(), checks[1].passed),
            ("en", false)
        );
    }

    #[test]
    fn what_was_not_asked_is_not_known() {
        let gate = gate(&[], &[answers("en", 0, 1, 1), answers("de", 0, 1, 1)]);
        assert!(!gate.passed);
        assert_eq!(gate.checks.len(), 4);
        assert_eq!((gate.checks[0].rows, gate.checks[0].share), (0, None));
        assert_eq!((gate.checks[2].rows, gate.checks[2].passed), (0, false));
    }
}

//! Counting towards a finding.

use crate::{Finding, FindingExample, Severity, Tally, text::shortened};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// Examples that a finding shows.
const EXAMPLES: usize = 3;

/// What a finding says besides its counts.
pub(crate) struct Defect {
    /// The check's name.
    pub(crate) check: &'static str,
    /// How much it weighs.
    pub(crate) severity: Severity,
    /// What it does to which score.
    pub(crate) effect: &'static str,
}

/// What was counted, and what its finding says: the end of a sentence that begins with the counts.
pub(crate) type Counted = (Tallies, Defect, &'static str);

/// The findings of a table of counts; `message` writes a sentence from the counts and its end.
pub(crate) fn findings(
    dataset: &str,
    table: impl IntoIterator<Item = Counted>,
    message: impl Fn(Tally, &str) -> String,
) -> Vec<Finding> {
    table
        .into_iter()
        .filter_map(|(tallies, defect, what)| {
            tallies.finding(dataset, defect, |total| message(total, what))
        })
        .collect()
}

/// Counts of one check on one dataset.
#[derive(Default)]
pub(crate) struct Tallies {
    languages: BTreeMap<LanguageCode, (Tally, Vec<FindingExample>)>,
}

impl Tallies {
    /// Counts `of` more that were looked at.
    pub(crate) fn looked_at(&mut self, language: &LanguageCode, of: usize) {
        self.of_language(language).0.of += of;
    }

    /// Counts one that was looked at, and whether it shows the defect.
    pub(crate) fn see(
        &mut self,
        language: &LanguageCode,
        id: &str,
        defect: Option<impl Into<String>>,
    ) {
        self.looked_at(language, 1);
        if let Some(text) = defect {
            self.hit(language, id, text);
        }
    }

    /// Counts one defect, without counting that it was looked at.
    pub(crate) fn hit(&mut self, language: &LanguageCode, id: &str, text: impl Into<String>) {
        let (tally, examples) = self.of_language(language);
        tally.count += 1;
        if examples.len() < EXAMPLES {
            examples.push(FindingExample {
                id: id.to_owned(),
                language: language.clone(),
                text: shortened(&text.into()),
            });
        }
    }

    fn of_language(&mut self, language: &LanguageCode) -> &mut (Tally, Vec<FindingExample>) {
        if !self.languages.contains_key(language) {
            self.languages.insert(language.clone(), Default::default());
        }
        self.languages
            .get_mut(language)
            .expect("the language was inserted")
    }

    /// How many of how many, over all languages.
    pub(crate) fn total(&self) -> Tally {
        let tallies = self.languages.values().map(|(tally, _)| tally);
        tallies.fold(Tally::default(), |sum, tally| Tally {
            count: sum.count + tally.count,
            of: sum.of + tally.of,
        })
    }

    /// The largest share that a language shows; `None` where nothing was looked at.
    pub(crate) fn worst_share(&self) -> Option<f64> {
        let tallies = self.languages.values().map(|(tally, _)| tally);
        tallies
            .filter(|tally| tally.of > 0)
            .map(|tally| tally.count as f64 / tally.of as f64)
            .reduce(f64::max)
    }

    /// The finding; `None` where nothing showed the defect.
    pub(crate) fn finding(
        self,
        dataset: &str,
        defect: Defect,
        message: impl FnOnce(Tally) -> String,
    ) -> Option<Finding> {
        let total = self.total();
        (total.count > 0).then(|| self.report(dataset, defect, message(total)))
    }

    /// The finding; `None` where nothing showed the defect or `condition` does not hold.
    pub(crate) fn finding_if(
        self,
        condition: bool,
        dataset: &str,
        defect: Defect,
        message: impl FnOnce(Tally) -> String,
    ) -> Option<Finding> {
        if condition {
            self.finding(dataset, defect, message)
        } else {
            None
        }
    }

    /// The finding, whatever was counted.
    pub(crate) fn report(self, dataset: &str, defect: Defect, message: String) -> Finding {
        let total = self.total();
        // One example of each language before a second of any.
        let examples = (0..EXAMPLES)
            .flat_map(|rank| {
                let of_rank = self.languages.values().map(move |(_, them)| them.get(rank));
                of_rank.flatten()
            })
            .take(EXAMPLES)
            .cloned()
            .collect();
        Finding {
            check: defect.check,
            severity: defect.severity,
            dataset: dataset.to_owned(),
            languages: self
                .languages
                .into_iter()
                .map(|(language, (tally, _))| (language, tally))
                .collect(),
            count: total.count,
            of: total.of,
            message,
            effect: defect.effect,
            examples,
        }
    }
}

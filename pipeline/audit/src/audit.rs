use crate::{
    AuditError, BackgroundFacts, Finding, Severity, checks,
    read::{self, ReadDataset, ReadOutcome},
    worlds,
};
use clika_base::types::LanguageCode;
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

/// What was audited and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// What was read.
    pub datasets: Vec<AuditedDataset>,
    /// The findings, the gravest first.
    pub findings: Vec<Finding>,
}

/// A dataset that the audit has read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditedDataset {
    /// Its name.
    pub name: String,
    /// What its rows are: `choices`, or `worlds` for fictional sets.
    pub kind: &'static str,
    /// The items of each language; for worlds the training rows of each target language.
    pub languages: BTreeMap<LanguageCode, usize>,
}

impl Audit {
    /// How many findings are of a severity or graver.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings.filter(|it| it.severity >= severity).count()
    }
}

/// Audits every dataset in a folder: one of ours, a folder of ours, the authors' release or one of its tasks.
pub fn audit(path: &Path, knowledge: &BackgroundFacts) -> Result<Audit, AuditError> {
    let mut audit = Audit {
        datasets: Vec::new(),
        findings: Vec::new(),
    };
    for ReadOutcome { read, findings } in read::read(path)? {
        audit.findings.extend(findings);
        match read {
            // Nothing of it can be looked at.
            None => {}
            Some(ReadDataset::Choices(set)) => {
                audit.datasets.push(AuditedDataset {
                    name: set.name.clone(),
                    kind: "choices",
                    languages: set
                        .languages
                        .iter()
                        .map(|(code, items)| (code.clone(), items.len()))
                        .collect(),
                });
                audit.findings.extend(checks::all(&set, knowledge));
            }
            Some(ReadDataset::Worlds(set)) => {
                let rows = set.worlds.iter().map(|world| {
                    let rows = world.taught.len() + world.pairs.len() + world.unread.len();
                    (world.target.clone(), rows)
                });
                audit.datasets.push(AuditedDataset {
                    name: set.name.clone(),
                    kind: "worlds",
                    languages: rows.collect(),
                });
                audit.findings.extend(worlds::all(&set, knowledge));
            }
        }
    }
    // The sort is stable: within a severity, in the order of datasets and checks.
    audit
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(audit)
}

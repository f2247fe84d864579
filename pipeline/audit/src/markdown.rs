use crate::{Audit, Finding, Severity, Tally};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// The audit as Markdown: what was read, then the findings, the gravest first.
pub fn markdown(audit: &Audit) -> String {
    let mut out = String::from("# Audit\n\n| dataset | rows by language |\n|---|---|\n");
    for dataset in &audit.datasets {
        let rows = dataset.languages.iter();
        let rows: Vec<_> = rows.map(|(code, rows)| format!("{code} {rows}")).collect();
        out += &format!("| {} | {} |\n", dataset.name, rows.join(", "));
    }
    if audit.findings.is_empty() {
        return out + "\nNo findings.\n";
    }
    for (severity, title) in [
        (Severity::Error, "Errors: a score cannot mean what it says"),
        (Severity::Warning, "Warnings: a score is biased"),
        (Severity::Note, "Notes"),
    ] {
        let findings = audit.findings.iter().filter(|it| it.severity == severity);
        let findings: Vec<_> = findings.map(section).collect();
        if !findings.is_empty() {
            out += &format!("\n## {title}\n{}", findings.concat());
        }
    }
    out
}

fn section(finding: &Finding) -> String {
    let mut out = format!("\n### {}: {}\n\n", finding.dataset, finding.check);
    out += &format!("{}\n", finding.message);
    let shares = shares(&finding.languages);
    if !shares.is_empty() {
        out += &format!("- where: {shares}\n");
    }
    out += &format!("- effect: {}\n", finding.effect);
    for example in &finding.examples {
        let (language, id) = (&example.language, &example.id);
        out += &format!("- example ({language}, {id}): {}\n", example.text);
    }
    out
}

/// The languages that show a defect, with how many of how many.
fn shares(languages: &BTreeMap<LanguageCode, Tally>) -> String {
    let shown = languages.iter().filter(|(_, tally)| tally.count > 0);
    let shown: Vec<_> = shown
        .map(|(code, tally)| match tally.of {
            0 => format!("{code} {}", tally.count),
            of => format!("{code} {}/{of}", tally.count),
        })
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AuditedDataset,
        tally::{Defect, Tallies},
        worlds::tiny::code,
    };

    #[test]
    fn says_what_was_found_where() {
        let mut audit = Audit {
            datasets: vec![AuditedDataset {
                name: "xgeo".to_owned(),
                kind: "choices",
                languages: BTreeMap::from([(code("de"), 2), (code("en"), 2)]),
            }],
            findings: Vec::new(),
        };
        let clean = "# Audit\n\n| dataset | rows by language |\n|---|---|\n| xgeo | de 2, en 2 |\n";
        assert_eq!(markdown(&audit), format!("{clean}\nNo findings.\n"));
        let mut tallies = Tallies::default();
        tallies.see(&code("de"), "1", Some("Wo?\nDort."));
        tallies.see(&code("de"), "2", None::<&str>);
        tallies.see(&code("en"), "1", None::<&str>);
        let defect = Defect {
            check: "leak",
            severity: Severity::Warning,
            effect: "accuracy is too high",
        };
        let message = |total: Tally| format!("{} of {} leak.", total.count, total.of);
        audit
            .findings
            .extend(tallies.finding("xgeo", defect, message));
        let found = "\n## Warnings: a score is biased\n\n### xgeo: leak\n\n1 of 3 leak.\n- where: de 1/2\n\
                     - effect: accuracy is too high\n- example (de, 1): Wo? Dort.\n";
        assert_eq!(markdown(&audit), format!("{clean}{found}"));
    }
}

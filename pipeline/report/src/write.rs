//! Writes the report's folder: the page, and every figure and table as files.

use crate::{
    Inputs, ReportError, Table,
    browser::BrowserData,
    page::{self, PageContent},
    plots::{Plot, plots},
    provenance::Provenance,
    sources::Sources,
    summary::Summary,
    tables::{accuracy, before_and_after, comparison, conductivity, gates, models, paper_tables},
};
use clika_audit::{AuditError, BackgroundFacts};
use clika_base::files::{FolderDraft, Manifest, sha256_hex};
use clika_base::types::Progress;
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenReport {
    /// The page.
    pub page: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// The ids of the figures.
    pub figures: Vec<String>,
    /// The ids of the tables.
    pub tables: Vec<String>,
    /// Items in the browser.
    pub items: usize,
    /// Of those, items whose question is not known in some language.
    pub items_without_text: usize,
    /// What a reader has to know, a sentence or more each.
    pub notices: Vec<String>,
}

/// The program and version, as manifests name them.
const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));

/// Reads everything and writes the report; the folder appears whole or not at all.
///
/// `knowledge` is asked for what an audit needs only where there is one.
///
/// # Errors
/// Nothing to report, the first input that cannot be read, or a folder that cannot be written.
pub fn write_report(
    inputs: Inputs<'_>,
    out: &Path,
    knowledge: &dyn Fn() -> Result<BackgroundFacts, AuditError>,
    progress: &dyn Progress,
) -> Result<WrittenReport, ReportError> {
    let sources = inputs.read(knowledge, progress)?;
    if sources.is_empty() {
        return Err(ReportError::Nothing);
    }
    let plots = plots(&sources);
    let tables = tables(&sources);
    let provenance = Provenance::new(&sources);
    let browser = BrowserData::new(&sources);
    let summary = Summary::new(&sources, &browser);
    let page = page::page(&PageContent {
        summary: &summary,
        plots: &plots,
        tables: &tables,
        browser: &browser,
        provenance: &provenance,
        has_items: !sources.answers.is_empty(),
        has_places: !sources.experiments.is_empty(),
    });
    let draft = FolderDraft::begin(out)?;
    let mut files = Vec::new();
    for plot in &plots {
        files.push((format!("figures/{}.svg", plot.id), plot.svg.clone()));
        files.extend(written("figures", &plot.numbers));
    }
    for table in tables.iter().chain(&provenance.tables) {
        files.extend(written("tables", table));
    }
    let written = WrittenReport {
        page: out.join("report.html"),
        bytes: page.len(),
        figures: plots.iter().map(|it| it.id.to_owned()).collect(),
        tables: tables
            .iter()
            .chain(&provenance.tables)
            .map(|it| it.id.clone())
            .collect(),
        items: browser.items,
        items_without_text: browser.unknown,
        notices: summary.notices.clone(),
    };
    files.push(("report.html".to_owned(), page));
    let mut manifest = Manifest::new(TOOL, "report", config(&sources, &plots), BTreeMap::new());
    for (name, content) in files {
        manifest.files.insert(name.clone(), sha256_hex(&content));
        draft.write(&name, content.as_bytes())?;
    }
    draft.publish_as(manifest)?;
    Ok(written)
}

/// All tables, in the order of the page.
fn tables(sources: &Sources) -> Vec<Table> {
    let mut tables = models(sources);
    tables.extend(accuracy(sources));
    let compared = sources.comparisons.iter().enumerate();
    for (number, it) in compared {
        tables.push(comparison(number + 1, it));
        tables.extend(before_and_after(sources, number + 1, it));
    }
    tables.extend(conductivity(sources));
    tables.extend(gates(sources));
    tables.extend(paper_tables(sources));
    tables
}

/// A table's files.
fn written(folder: &str, table: &Table) -> [(String, String); 3] {
    [
        ("csv", table.csv()),
        ("md", table.markdown()),
        ("tex", table.latex()),
    ]
    .map(|(kind, content)| (format!("{folder}/{}.{kind}", table.id), content))
}

fn config(sources: &Sources, plots: &[Plot]) -> serde_json::Value {
    let models: Vec<String> = sources.models().map(|(_, _, shown)| shown).collect();
    let experiments: Vec<&str> = sources
        .experiments
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    json!({
        "uncertainty": sources.uncertainty,
        "models": models,
        "experiments": experiments,
        "figures": plots.iter().map(|it| it.id).collect::<Vec<_>>(),
    })
}

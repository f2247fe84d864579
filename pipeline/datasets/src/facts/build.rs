use super::{
    card, catalogue::DatasetPlan, columns::encode_rows, dataset::FactsDataset, render,
    taking_part::TakingPart,
};
use crate::wikidata::{Snapshot, SparqlQuery};
use crate::{
    BuildReport, DatasetError, DatasetsConfig, Task, draw, load_languages,
    output::{self, BuiltDataset, DatasetDraft, TOOL},
    parquet,
};
use clika_base::files::Manifest;
use clika_base::types::Language;
use clika_base::{Project, ProjectPath, ToProjectPath};
use serde_json::json;
use std::{collections::BTreeMap, path::Path};

/// What the datasets are built from, loaded.
pub struct BuildInputs {
    /// The languages, by code.
    pub languages: Vec<Language>,
    /// The slice of Wikidata.
    pub snapshot: Snapshot,
    queries: ProjectPath,
}

impl BuildInputs {
    /// Loads languages and snapshot.
    pub fn load(
        project: &Project,
        snapshot: &(impl ToProjectPath + ?Sized),
    ) -> Result<Self, DatasetError> {
        Ok(Self {
            languages: load_languages(&project.languages())?,
            snapshot: Snapshot::open(snapshot)?,
            queries: project.build_queries(),
        })
    }

    pub(crate) fn query(&self, name: &str) -> Result<SparqlQuery, DatasetError> {
        Ok(SparqlQuery::read(&self.queries.join(name))?)
    }
}

/// Selects the items of a task and draws their wrong choices, without writing anything.
pub fn plan(
    task: Task,
    sources: &BuildInputs,
    config: &DatasetsConfig,
) -> Result<DatasetPlan, DatasetError> {
    let facts = facts(task)?;
    let taking_part = TakingPart::of(facts, sources)?;
    let mut plan = (facts.plan)(sources, &taking_part.languages, config)?;
    plan.report.left_out.splice(0..0, taking_part.left_out);
    plan.report.exceptions.splice(0..0, taking_part.exceptions);
    plan.languages = taking_part.languages;
    plan.report.triples = sources.snapshot.len()?;
    plan.report.positions = vec![0; config.choices];
    for items in plan
        .items
        .chunk_by_mut(|a, b| a.origin_language == b.origin_language)
    {
        let code = items[0].origin_language.clone();
        let purpose = [task.name(), code.as_str(), "positions"];
        let positions = draw::balanced(items.len(), config.choices, config.seed, &purpose);
        for (item, position) in items.iter_mut().zip(positions) {
            // The tasks put the right choice first.
            item.choices[..=position].rotate_left(1);
            item.label = position;
            plan.report.positions[position] += 1;
        }
        plan.report.items.insert(code, items.len());
    }
    Ok(plan)
}

fn facts(task: Task) -> Result<&'static FactsDataset, DatasetError> {
    task.facts().ok_or(DatasetError::NotBuilt { task })
}

/// Builds datasets into `out/<task>`; those whose inputs have not changed are left as they are.
///
/// Inputs are loaded only if something has to be built.
pub fn build(
    tasks: &[Task],
    project: &Project,
    snapshot: &ProjectPath,
    config: &DatasetsConfig,
    out: &Path,
    force: bool,
) -> Result<Vec<BuiltDataset>, DatasetError> {
    let mut loaded = None;
    let mut built = Vec::new();
    for &task in tasks {
        let manifest = manifest(task, project, snapshot, config)?;
        let folder = out.join(task.name());
        built.push(output::build(
            task.name(),
            &folder,
            manifest,
            force,
            |draft| {
                let sources = match &mut loaded {
                    Some(sources) => sources,
                    none => none.insert(BuildInputs::load(project, snapshot)?),
                };
                write(task, sources, config, draft)
            },
        )?);
    }
    Ok(built)
}

/// The manifest of a build before it is done: what goes into it.
fn manifest(
    task: Task,
    project: &Project,
    snapshot: &ProjectPath,
    config: &DatasetsConfig,
) -> Result<Manifest, DatasetError> {
    let facts = facts(task)?;
    let resolved = json!({
        "seed": config.seed,
        "distractors": config.distractors,
        "choices": config.choices,
        (task.name()): config.section(facts.settings),
    });
    let languages = load_languages(&project.languages())?;
    let paths = facts
        .queries
        .iter()
        .map(|name| project.build_queries().join(name))
        .chain(
            languages
                .iter()
                .map(|language| project.language(&language.code)),
        );
    let mut inputs = BTreeMap::from([(
        // Wherever it lies: a snapshot with the same content is the same input.
        "snapshot".to_owned(),
        snapshot.sha256()?,
    )]);
    for path in paths {
        inputs.insert(project.relative(&path), path.sha256()?);
    }
    Ok(Manifest::new(
        TOOL,
        &format!("datasets {task}"),
        resolved,
        inputs,
    ))
}

fn write(
    task: Task,
    sources: &BuildInputs,
    config: &DatasetsConfig,
    draft: &mut DatasetDraft,
) -> Result<BuildReport, DatasetError> {
    let mut plan = plan(task, sources, config)?;
    for language in &plan.languages {
        let rows = render::rows(task, &plan, language);
        let bytes = encode_rows(&rows).map_err(|source| DatasetError::Parquet {
            dataset: task.to_string(),
            language: language.code.clone(),
            source,
        })?;
        count(&mut plan.report, language, &rows);
        draft.write(&parquet::file(&language.code, "test"), &bytes)?;
    }
    let source = {
        let digest = &draft.inputs()["snapshot"][..12];
        format!("a snapshot of Wikidata (SHA-256 {digest}…)")
    };
    let card = card::card(
        task,
        &plan.languages,
        config,
        &plan.report,
        (&source, &draft.mark()),
    );
    draft.write("README.md", card.as_bytes())?;
    Ok(plan.report)
}

fn count(report: &mut BuildReport, language: &Language, rows: &[render::FactRow]) {
    report.rows.insert(language.code.clone(), rows.len());
    let sources = report
        .label_sources
        .entry(language.code.clone())
        .or_default();
    for row in rows {
        let choices = row.choice_label_sources.iter().flatten();
        for source in choices.chain([&row.entity_label_source]) {
            *sources.entry(source.clone()).or_default() += 1;
        }
    }
}

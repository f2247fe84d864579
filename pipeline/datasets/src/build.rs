use crate::{
    DatasetError, DatasetsConfig, Report,
    builder::builder,
    card,
    catalogue::Plan,
    draw,
    folder::{self, Draft},
    parquet, render,
};
use clika_artifacts::{Manifest, sha256_file};
use clika_core::{Language, LanguageCode, Task};
use clika_templates::load_languages;
use clika_wikidata::{Query, Snapshot};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The program and version that stand in manifests and cards.
pub(crate) const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));

/// The project's folder and where things lie in it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `sparql/` and `templates/`.
    pub root: PathBuf,
}

impl Project {
    /// The language files.
    pub fn languages(&self) -> PathBuf {
        self.root.join("templates/languages")
    }

    /// A language's file.
    pub fn language(&self, code: &LanguageCode) -> PathBuf {
        self.languages().join(format!("{code}.toml"))
    }

    /// The SELECT queries of the build.
    pub fn build_queries(&self) -> PathBuf {
        self.root.join("sparql/build")
    }

    /// The CONSTRUCT queries of the refresh.
    pub fn refresh_queries(&self) -> PathBuf {
        self.root.join("sparql/refresh")
    }

    /// The shipped or refreshed slice of Wikidata.
    pub fn snapshot(&self) -> PathBuf {
        self.root.join("sparql/snapshot/wikidata.ttl")
    }

    /// The experiment that builds the datasets.
    pub fn experiment(&self) -> PathBuf {
        self.root.join("pipeline/experiments/datasets.toml")
    }

    /// The items that were written for the project.
    pub fn items(&self) -> PathBuf {
        self.root.join("templates/items")
    }

    /// Instruction formats.
    pub fn prompts(&self) -> PathBuf {
        self.root.join("templates/prompts")
    }

    /// How texts are wrapped for models.
    pub fn formats(&self) -> PathBuf {
        self.root.join("templates/formats")
    }

    /// What fictional worlds are made of.
    pub fn fictional(&self) -> PathBuf {
        self.root.join("templates/fictional")
    }

    /// Downloaded sources.
    pub fn source_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sources")
    }

    /// Kept answers of paid services.
    pub fn api_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/api")
    }

    /// Answers of models that run here.
    pub fn local_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/models")
    }

    /// Where predictions go.
    pub fn predictions(&self) -> PathBuf {
        self.root.join("artifacts/predictions")
    }

    /// The paper's printed numbers.
    pub fn paper(&self) -> PathBuf {
        self.root.join("artifacts/paper")
    }

    /// Where datasets go.
    pub fn datasets(&self) -> PathBuf {
        self.root.join("artifacts/datasets")
    }

    /// The experiment that fine-tunes.
    pub fn finetune_experiment(&self) -> PathBuf {
        self.root.join("pipeline/experiments/finetune.toml")
    }

    /// The experiment file of `--model demo`.
    pub fn demo_experiment(&self) -> PathBuf {
        self.root.join("pipeline/experiments/demo.toml")
    }

    /// Where the demo's models are kept.
    pub fn demo(&self) -> PathBuf {
        self.root.join("artifacts/cache/demo")
    }

    /// Where fine-tuned models go.
    pub fn finetune(&self) -> PathBuf {
        self.root.join("artifacts/finetune")
    }

    /// Where exports for other programs go.
    pub fn exports(&self) -> PathBuf {
        self.root.join("artifacts/exports")
    }

    /// The raw answers of the endpoint.
    pub fn sparql_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sparql")
    }

    /// A path as the manifest writes it: from the project's folder, if it lies there.
    pub(crate) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    }
}

/// What the datasets are built from, loaded.
pub struct Sources {
    /// The languages, by code.
    pub languages: Vec<Language>,
    /// The slice of Wikidata.
    pub snapshot: Snapshot,
    queries: PathBuf,
}

impl Sources {
    /// Loads languages and snapshot.
    pub fn load(project: &Project, snapshot: &Path) -> Result<Self, DatasetError> {
        Ok(Self {
            languages: load_languages(&project.languages())?,
            snapshot: Snapshot::open(snapshot)?,
            queries: project.build_queries(),
        })
    }

    pub(crate) fn query(&self, name: &str) -> Result<Query, DatasetError> {
        Ok(Query::read(&self.queries.join(name))?)
    }
}

/// What became of a dataset.
#[derive(Clone, Debug)]
pub struct Built {
    /// The dataset's name, its folder's too: `xgeo`.
    pub name: String,
    /// The dataset's folder.
    pub folder: PathBuf,
    /// Whether it was written, or was there already.
    pub outcome: Outcome,
    /// The manifest of the folder.
    pub manifest: Manifest,
}

/// Whether a dataset was written.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The files were written, and this is what there is to say about them.
    Written(Box<Report>),
    /// The files were there, unchanged and from the same inputs.
    UpToDate,
}

/// Selects the items of a task and draws their wrong choices, without writing anything.
pub fn plan(task: Task, sources: &Sources, config: &DatasetsConfig) -> Result<Plan, DatasetError> {
    let mut plan = (builder(task)?.plan)(sources, config)?;
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

/// Builds datasets into `out/<task>`; those whose inputs have not changed are left as they are.
///
/// Inputs are loaded only if something has to be built.
pub fn build(
    tasks: &[Task],
    project: &Project,
    snapshot: &Path,
    config: &DatasetsConfig,
    out: &Path,
    force: bool,
) -> Result<Vec<Built>, DatasetError> {
    let mut loaded = None;
    let mut built = Vec::new();
    for &task in tasks {
        let manifest = manifest(task, project, snapshot, config)?;
        let folder = out.join(task.name());
        built.push(folder::build(
            task.name(),
            &folder,
            manifest,
            force,
            |draft| {
                let sources = match &mut loaded {
                    Some(sources) => sources,
                    none => none.insert(Sources::load(project, snapshot)?),
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
    snapshot: &Path,
    config: &DatasetsConfig,
) -> Result<Manifest, DatasetError> {
    let builder = builder(task)?;
    let resolved = json!({
        "seed": config.seed,
        "distractors": config.distractors,
        "choices": config.choices,
        (task.name()): (builder.section)(config),
    });
    let languages = load_languages(&project.languages())?;
    let paths = builder
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
        sha256_file(snapshot)?,
    )]);
    for path in paths {
        inputs.insert(project.relative(&path), sha256_file(&path)?);
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
    sources: &Sources,
    config: &DatasetsConfig,
    draft: &mut Draft,
) -> Result<Report, DatasetError> {
    let mut plan = plan(task, sources, config)?;
    for language in &sources.languages {
        let rows = render::rows(&plan, language);
        let bytes = parquet::encode(&rows).map_err(|source| DatasetError::Parquet {
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
        builder(task)?,
        &sources.languages,
        config,
        &plan.report,
        &source,
    );
    draft.write("README.md", card.as_bytes())?;
    Ok(plan.report)
}

fn count(report: &mut Report, language: &Language, rows: &[render::Row]) {
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

use crate::{
    DatasetError, DatasetsConfig, Report, builder::builder, card, catalogue::Plan, draw, parquet,
    render,
};
use clika_artifacts::{FolderDraft, Manifest, sha256_file, sha256_hex};
use clika_core::{Language, Task};
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

    /// Downloaded sources.
    pub fn source_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sources")
    }

    /// Kept answers of paid services.
    pub fn api_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/api")
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

    /// The raw answers of the endpoint.
    pub fn sparql_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sparql")
    }

    /// A path as the manifest writes it: from the project's folder, if it lies there.
    fn relative(&self, path: &Path) -> String {
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
    /// The task.
    pub task: Task,
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
/// A dataset appears whole or not at all: a run that fails or is killed leaves the previous one.
/// Inputs are loaded only if something has to be built.
pub fn build(
    tasks: &[Task],
    project: &Project,
    snapshot: &Path,
    config: &DatasetsConfig,
    out: &Path,
    force: bool,
) -> Result<Vec<Built>, DatasetError> {
    let mut sources = None;
    let mut built = Vec::new();
    for &task in tasks {
        let manifest = manifest(task, project, snapshot, config)?;
        let folder = out.join(task.name());
        if !force
            && let Some(present) = Manifest::read(&folder)?
            && present.fingerprint == manifest.fingerprint
            && present.describes(&folder)?
        {
            built.push(Built {
                task,
                folder,
                outcome: Outcome::UpToDate,
                manifest: present,
            });
            continue;
        }
        let sources = match &mut sources {
            Some(sources) => sources,
            none => none.insert(Sources::load(project, snapshot)?),
        };
        let (manifest, report) = write(task, sources, config, manifest, &folder)?;
        built.push(Built {
            task,
            folder,
            outcome: Outcome::Written(Box::new(report)),
            manifest,
        });
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
                .map(|language| project.languages().join(format!("{}.toml", language.code))),
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
    mut manifest: Manifest,
    folder: &Path,
) -> Result<(Manifest, Report), DatasetError> {
    let mut plan = plan(task, sources, config)?;
    let draft = FolderDraft::begin(folder)?;
    for language in &sources.languages {
        let rows = render::rows(&plan, language);
        let bytes = parquet::encode(&rows).map_err(|source| DatasetError::Parquet {
            task,
            language: language.code.clone(),
            source,
        })?;
        count(&mut plan.report, language, &rows);
        let name = format!("data/{}/test-00000-of-00001.parquet", language.code);
        draft.write(&name, &bytes)?;
        manifest.files.insert(name, sha256_hex(&bytes));
    }
    let digest = &manifest.inputs["snapshot"][..12];
    let source = format!("a snapshot of Wikidata (SHA-256 {digest}…)");
    let card = card::card(
        builder(task)?,
        &sources.languages,
        config,
        &plan.report,
        &source,
    );
    draft.write("README.md", card.as_bytes())?;
    manifest
        .files
        .insert("README.md".to_owned(), sha256_hex(&card));
    manifest.report = serde_json::to_value(&plan.report).expect("a report is plain data");
    draft.write(Manifest::FILE, manifest.to_json().as_bytes())?;
    draft.publish()?;
    Ok((manifest, plan.report))
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

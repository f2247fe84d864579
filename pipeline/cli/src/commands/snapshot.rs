//! `clika snapshot`: from a SPARQL endpoint to a fresh snapshot.

use super::{ExperimentArgs, Failure, fictional::code, print, runtime};
use crate::INTERRUPTED;
use crate::progress::ProgressOptions;
use clika_base::files::{ArtifactError, FolderLock, move_file, replace_file};
use clika_base::types::{Language, LanguageCode, Progress};
use clika_base::{Project, ProjectPath, known_names};
use clika_datasets::wikidata::{
    RefreshPlan, Snapshot, SparqlClient, SparqlEndpoint, extend, refresh,
};
use clika_datasets::{BuildInputs, DatasetError, Task, load_languages, min_population};
use miette::Diagnostic;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

/// Downloads a fresh slice of Wikidata, about 130 queries; the old one stays until the new one has
/// passed its checks. An interrupted download continues where it stopped. With --languages, adds
/// languages to the slice that is there, and leaves the rest as it is.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
    /// The SPARQL endpoint [default: the experiment's]
    #[arg(long, value_name = "URL", env = "CLIKA_ENDPOINT")]
    endpoint: Option<String>,
    /// Who runs this, a mail address or a page; public endpoints demand it.
    #[arg(long, value_name = "CONTACT", env = "CLIKA_CONTACT")]
    contact: Option<String>,
    /// Add these languages to the snapshot: their labels for all that it has, and their countries [default: a fresh
    /// snapshot for all languages]
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code)]
    languages: Vec<LanguageCode>,
    /// Where the snapshot goes [default: sparql/snapshot/wikidata.ttl of the project]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where raw answers are kept [default: artifacts/cache/sparql]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Queries under way at once; public endpoints want 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    concurrency: u8,
    /// Ask for everything again, even if a kept answer is young.
    #[arg(long)]
    fresh: bool,
}

/// A fresh snapshot that no dataset can be built from.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the fresh snapshot did not pass its checks; {} is unchanged", old.display())]
#[diagnostic(help(
    "the rejected one is in {}, where you can see what it lacks; if the endpoint was at fault, run again with \
     --fresh",
    rejected.display()
))]
struct RejectedSnapshot {
    old: PathBuf,
    rejected: PathBuf,
    #[source]
    #[diagnostic_source]
    source: DatasetError,
}

/// A language that the project has no file for.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("there is no language `{code}`; there are {known}")]
#[diagnostic(help("`clika language new {code}` writes its file"))]
struct NoSuchLanguage {
    code: LanguageCode,
    known: String,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let experiment = args.experiment.read(project)?;
    let languages = load_languages(&project.languages()).map_err(DatasetError::from)?;
    let config = &experiment.endpoint;
    let contact = match &args.contact {
        Some(contact) => contact,
        None => &config.contact,
    };
    let client = SparqlClient::new(SparqlEndpoint {
        url: match &args.endpoint {
            Some(url) => url.clone(),
            None => config.url.clone(),
        },
        contact: (!contact.trim().is_empty()).then(|| contact.trim().to_owned()),
        budget_seconds_per_minute: config.budget_seconds_per_minute,
        timeout: Duration::from_secs(config.timeout_seconds),
        attempts: config.attempts,
        first_wait: Duration::from_secs(config.first_wait_seconds),
        cache: args.cache.clone().unwrap_or_else(|| project.sparql_cache()),
        cache_age: if args.fresh {
            Duration::ZERO
        } else {
            Duration::from_secs(config.cache_hours * 3600)
        },
    })?;
    let added = chosen(&languages, &args.languages)?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| project.snapshot().on_disk().to_owned());
    // Two snapshots at once would check one and publish the other.
    let _lock = FolderLock::of_file(&out)?;
    let progress = shown.progress();

    let runtime = runtime()?;
    let old = if out.exists() {
        ProjectPath::from(&out)
    } else {
        project.snapshot()
    };
    let work = async {
        let queries = project.refresh_queries();
        match &added {
            None => {
                let plan = refresh_plan(&languages, args.concurrency);
                Ok(refresh(&client, &queries, &plan, progress.as_ref()).await?)
            }
            Some(added) => {
                let plan = refresh_plan(added, args.concurrency);
                let rest = languages
                    .iter()
                    .filter(|it| !args.languages.contains(&it.code));
                let rest: Vec<Language> = rest.cloned().collect();
                extended(&client, &queries, &plan, &rest, &old, progress.as_ref()).await
            }
        }
    };
    let text = runtime.block_on(async {
        tokio::select! {
            text = work => text,
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(format!(
                "interrupted; {} is unchanged, and the answers so far are kept: run the command again{} to continue",
                out.display(),
                if args.fresh { " without --fresh" } else { "" },
            ))),
        }
    })?;

    // From here on nothing waits, and every step is atomic: an interrupt may end it anywhere.
    let old = out.display().to_string();
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            eprintln!("interrupted; {old} is unchanged, unless it was just replaced");
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
    let candidate = candidate_path(&out);
    replace_file(&candidate, text.as_bytes())?;
    let triples =
        check(project, &candidate, &experiment.datasets).map_err(|source| RejectedSnapshot {
            old: out.clone(),
            rejected: candidate.clone(),
            source,
        })?;
    move_file(&candidate, &out)?;
    print(&format!(
        "wrote {}, {triples} triples\n`clika datasets` builds the datasets from it\n",
        out.display()
    ))
}

/// A snapshot with the languages of a plan added, as Turtle; `rest` are the languages that it has.
async fn extended(
    client: &SparqlClient,
    queries: &ProjectPath,
    plan: &RefreshPlan,
    rest: &[Language],
    old: &ProjectPath,
    progress: &dyn Progress,
) -> Result<String, Failure> {
    let triples = Snapshot::open(old)?.triples()?;
    let others = refresh_plan(rest, 1).label_languages;
    let comments = leading_comments(old)?;
    let text = extend(client, queries, plan, &others, triples, &comments, progress);
    Ok(text.await?)
}

/// A snapshot is good if every dataset can be built from it; the number of its triples.
fn check(
    project: &Project,
    snapshot: &Path,
    config: &clika_datasets::DatasetsConfig,
) -> Result<usize, DatasetError> {
    let sources = BuildInputs::load(project, snapshot)?;
    for task in Task::all().filter(|task| task.facts().is_some()) {
        clika_datasets::plan(task, &sources, config)?;
    }
    Ok(sources.snapshot.len()?)
}

/// The languages to add; `None` for a fresh snapshot of all.
fn chosen(
    languages: &[Language],
    codes: &[LanguageCode],
) -> Result<Option<Vec<Language>>, NoSuchLanguage> {
    if codes.is_empty() {
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for code in codes {
        match languages.iter().find(|language| language.code == *code) {
            Some(language) => chosen.push(language.clone()),
            None => {
                let known: Vec<_> = languages.iter().map(|it| it.code.as_str()).collect();
                return Err(NoSuchLanguage {
                    code: code.clone(),
                    known: known_names(code.as_str(), &known),
                });
            }
        }
    }
    Ok(Some(chosen))
}

/// The comments at the top of a snapshot, which say where it is from.
fn leading_comments(file: &ProjectPath) -> Result<String, ArtifactError> {
    let text = file.text().map_err(ArtifactError::read(&file.shown()))?;
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    Ok(comments.map(|line| format!("{line}\n")).collect())
}

fn refresh_plan(languages: &[Language], concurrency: u8) -> RefreshPlan {
    let label_languages: BTreeSet<_> = languages
        .iter()
        .flat_map(|language| language.wikidata_codes.iter().cloned())
        .collect();
    RefreshPlan {
        countries: languages
            .iter()
            .filter_map(|language| Some((language, min_population(language)?)))
            .flat_map(|(language, minimum)| {
                language
                    .countries
                    .iter()
                    .map(move |&country| (country, minimum))
            })
            .collect(),
        states: languages.iter().flat_map(Language::citizenships).collect(),
        label_languages: label_languages.into_iter().collect(),
        concurrency: concurrency.into(),
    }
}

/// `wikidata.ttl` → `wikidata.candidate.ttl`.
fn candidate_path(out: &Path) -> PathBuf {
    out.with_extension("candidate.ttl")
}

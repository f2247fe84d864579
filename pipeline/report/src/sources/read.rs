//! Reads the folders of a report.

use super::{
    AnswerSource, AuditSource, ComparedModels, ExperimentSource, Inputs, LabelledFolder, Questions,
    Sources,
};
use crate::ReportError;
use clika_audit::{AuditError, BackgroundFacts};
use clika_base::files::{ArtifactError, is_scratch};
use clika_base::types::Progress;
use clika_finetune::RecordedExperiment;
use clika_scores::predictions::Collection;
use clika_scores::report::{ComparedRun, Paper, Uncertainty, compare, reproduce};
use std::path::Path;

pub(super) fn read(
    inputs: Inputs<'_>,
    knowledge: &dyn Fn() -> Result<BackgroundFacts, AuditError>,
    progress: &dyn Progress,
) -> Result<Sources, ReportError> {
    let Inputs {
        predictions,
        experiments,
        datasets,
        compared,
        audit,
        uncertainty,
        paper,
        languages,
        families,
    } = inputs;
    let answers = answers(predictions, &paper, &uncertainty, progress)?;
    let experiments = experiments
        .iter()
        .map(experiment)
        .collect::<Result<Vec<_>, _>>()?;
    let mut questions = Questions::default();
    let mut manifests = Vec::new();
    for folder in datasets {
        folder.check("datasets")?;
        manifests.extend(questions.add_datasets(&folder.path)?);
    }
    // The authors' release holds its questions beside the answers.
    for folder in predictions {
        questions.add_release(&folder.path)?;
    }
    let mut audits = Vec::new();
    if audit {
        let knowledge = knowledge()?;
        for folder in datasets {
            audits.push(AuditSource {
                name: folder.name(),
                audit: clika_audit::audit(&folder.path, &knowledge)?,
            });
        }
    }
    let mut sources = Sources {
        answers,
        experiments,
        audits,
        comparisons: Vec::new(),
        datasets: manifests,
        questions,
        uncertainty,
        paper,
        languages,
        families,
    };
    for (a, b) in compared {
        let comparison = comparison(&sources, [a.as_str(), b.as_str()])?;
        sources.comparisons.push(comparison);
    }
    Ok(sources)
}

fn answers(
    folders: &[LabelledFolder],
    paper: &Paper,
    uncertainty: &Uncertainty,
    progress: &dyn Progress,
) -> Result<Vec<AnswerSource>, ReportError> {
    // What has no name of its own belongs together, and so do folders of one name.
    let mut groups: Vec<(Option<&str>, Vec<&LabelledFolder>)> = Vec::new();
    for folder in folders {
        folder.check("recorded answers")?;
        let label = folder.label.as_deref();
        match groups.iter_mut().find(|(found, _)| *found == label) {
            Some((_, group)) => group.push(folder),
            None => groups.push((label, vec![folder])),
        }
    }
    let mut sources = Vec::new();
    for (label, group) in groups {
        let paths: Vec<&Path> = group.iter().map(|it| it.path.as_path()).collect();
        let collection = Collection::read_all(&paths)?;
        let reproduction = reproduce(&collection, paper, uncertainty, progress);
        sources.push(AnswerSource {
            label: label.map(str::to_owned),
            collection,
            reproduction,
        });
    }
    Ok(sources)
}

fn experiment(folder: &LabelledFolder) -> Result<ExperimentSource, ReportError> {
    folder.check("fine-tuning runs")?;
    if !RecordedExperiment::is_in(&folder.path) {
        return Err(ReportError::NoExperiment {
            path: folder.path.clone(),
        });
    }
    let recorded = RecordedExperiment::read(&folder.path)?;
    Ok(ExperimentSource {
        name: folder
            .label
            .clone()
            .unwrap_or_else(|| recorded.results.model.clone()),
        recorded,
    })
}

fn comparison(sources: &Sources, names: [&str; 2]) -> Result<ComparedModels, ReportError> {
    let find = |name: &str| {
        let mut found = sources
            .answers
            .iter()
            .enumerate()
            .flat_map(|(number, source)| {
                let models = source.collection.models().into_iter();
                models.map(move |model| (number, source, model))
            });
        // By the shown name alone: of two folders with one model, none is meant more than the other.
        let is_it = |(_, source, model): &(usize, &AnswerSource, &str)| source.shown(model) == name;
        found.find(is_it).ok_or_else(|| {
            let known: Vec<String> = sources.models().map(|(_, _, shown)| shown).collect();
            ReportError::UnknownModel {
                model: name.to_owned(),
                known: known.join(", "),
            }
        })
    };
    let (first, second) = (find(names[0])?, find(names[1])?);
    let mut runs =
        [first, second].map(|(_, source, model)| ComparedRun::new(&source.collection, model));
    for (run, label) in runs.iter_mut().zip(names) {
        run.label = label;
    }
    let [a, b] = runs;
    let comparison = compare(a, b, &sources.uncertainty)?;
    Ok(ComparedModels {
        models: [
            (first.0, first.2.to_owned()),
            (second.0, second.2.to_owned()),
        ],
        comparison,
    })
}

/// The folders of experiments in a folder: those that have ended, and those that have not. None where there is no such folder.
///
/// # Errors
/// A folder that cannot be read.
pub fn experiments_in(folder: &Path) -> Result<[Vec<LabelledFolder>; 2], ReportError> {
    if !folder.is_dir() {
        return Ok([Vec::new(), Vec::new()]);
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(ArtifactError::read(folder))? {
        let path = entry.map_err(ArtifactError::read(folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy());
        if path.is_dir() && name.is_some_and(|name| !is_scratch(&name)) {
            paths.push(path);
        }
    }
    paths.sort();
    let (ended, others): (Vec<_>, Vec<_>) = paths
        .into_iter()
        .partition(|path| RecordedExperiment::is_in(path));
    Ok([ended, others].map(|paths| paths.into_iter().map(LabelledFolder::unlabelled).collect()))
}

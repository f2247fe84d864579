//! Reads the folders of a report.

use super::{
    AnswerSource, AuditSource, ExperimentSource, Inputs, LabelledFolder, Questions, Sources,
};
use crate::ReportError;
use clika_audit::{AuditError, BackgroundFacts};
use clika_base::types::Progress;
use clika_finetune::RecordedExperiment;
use clika_scores::predictions::Collection;
use clika_scores::report::{ComparedRun, Comparison, Paper, Uncertainty, compare, reproduce};
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
    for folder in datasets {
        folder.check("datasets")?;
        questions.add_datasets(&folder.path)?;
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
        questions,
        uncertainty,
        paper,
        languages,
        families,
    };
    for (a, b) in compared {
        let comparison = comparison(&sources, a, b)?;
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

fn comparison(sources: &Sources, a: &str, b: &str) -> Result<Comparison, ReportError> {
    let run = |name: &str| {
        let mut models = sources.models();
        let found = models.find(|(_, model, shown)| shown == name || *model == name);
        let Some((source, model, _)) = found else {
            let known: Vec<String> = sources.models().map(|(_, _, shown)| shown).collect();
            return Err(ReportError::UnknownModel {
                model: name.to_owned(),
                known: known.join(", "),
            });
        };
        Ok(ComparedRun::new(&source.collection, model))
    };
    let (mut run_a, mut run_b) = (run(a)?, run(b)?);
    (run_a.label, run_b.label) = (a, b);
    Ok(compare(run_a, run_b, &sources.uncertainty)?)
}

/// The folders of finished experiments in a folder, or the folder itself.
pub fn experiments_in(folder: &Path) -> Vec<LabelledFolder> {
    if RecordedExperiment::is_in(folder) {
        return vec![LabelledFolder::unlabelled(folder)];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| RecordedExperiment::is_in(path))
        .collect();
    found.sort();
    found.into_iter().map(LabelledFolder::unlabelled).collect()
}

//! Revisions of one model, such as the checkpoints of its pretraining: evaluated one after the other, shown as one curve.

use super::{
    Args, Failure, conflict,
    local::{self, Prepared},
    results::SetScore,
};
use crate::{
    commands::{demo, model::locate_or_say, print},
    progress::ProgressOptions,
};
use clika_base::{Project, files::replace_file};
use clika_datasets::Task;
use clika_network::hub::{Hub, HubError};
use clika_scores::metrics::clopper_pearson;
use miette::Diagnostic;
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::PathBuf};

/// The confidence of the intervals in the file.
const LEVEL: f64 = 0.95;

/// One revision: its scores, or why there are none.
struct Point {
    revision: String,
    scores: Result<Vec<SetScore>, String>,
}

/// Some revisions are not on the hub, or not in the cache where only that is used.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{missing} of {all} revisions are missing: {names}")]
#[diagnostic(help(
    "the others are evaluated, and in {}; the model's page on the hub lists its branches and tags, and HF_HUB_OFFLINE \
     leaves only what is in the cache", curve.display()
))]
struct MissingRevisions {
    missing: usize,
    all: usize,
    names: String,
    curve: PathBuf,
}

/// Evaluates every revision of the one model.
pub(super) fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let [model] = args.models.as_slice() else {
        conflict("--revisions are those of one model, and there are several --model");
    };
    if demo::is_meant(model) || Hub::local(model)?.is_some() || model.contains('@') {
        conflict(&format!(
            "--revisions are those of a model of the hub, org/name, and --model is `{model}`"
        ));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = args.revisions.iter().find(|it| !seen.insert(*it)) {
        conflict(&format!("--revisions names `{twice}` twice"));
    }
    for revision in &args.revisions {
        Hub::check_name(&of_revision(model, revision))?;
    }
    let prepared = local::prepare(args, project)?;
    let name = args.name.as_deref().unwrap_or(model);
    let curve = args
        .curve
        .clone()
        .unwrap_or_else(|| project.learning_curve(name));
    let mut points = Vec::with_capacity(args.revisions.len());
    // Before the first one, so that a place that cannot be written to shows at once; after each, so that none is lost.
    replace_file(&curve, curve_file(name, &points).as_bytes())?;
    for revision in &args.revisions {
        points.push(Point {
            revision: revision.clone(),
            scores: evaluate(args, &prepared, model, revision, name, project, shown)?,
        });
        replace_file(&curve, curve_file(name, &points).as_bytes())?;
    }
    let missing: Vec<&str> = points
        .iter()
        .filter(|point| point.scores.is_err())
        .map(|point| point.revision.as_str())
        .collect();
    if args.json {
        let object = json!({
            "model": name,
            "revisions": points.iter().map(Point::json).collect::<Vec<_>>(),
            "curve": curve,
        });
        print(&format!("{object}\n"))?;
    } else {
        print(&format!(
            "\n{}\nwrote {}\n",
            table(name, &points),
            curve.display()
        ))?;
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(MissingRevisions {
        missing: missing.len(),
        all: points.len(),
        names: missing.join(", "),
        curve,
    }
    .into())
}

/// A model's name with a revision, which stands before a quantization.
fn of_revision(model: &str, revision: &str) -> String {
    match model.split_once(':') {
        Some((id, quantization)) => format!("{id}@{revision}:{quantization}"),
        None => format!("{model}@{revision}"),
    }
}

fn evaluate(
    args: &Args,
    prepared: &Prepared,
    model: &str,
    revision: &str,
    name: &str,
    project: &Project,
    shown: ProgressOptions,
) -> Result<Result<Vec<SetScore>, String>, Failure> {
    let progress = shown.progress();
    let progress = progress.as_ref();
    let located = match locate_or_say(&of_revision(model, revision), progress)? {
        Ok(located) => located,
        Err(error @ (HubError::NoRevision { .. } | HubError::Offline { .. })) => {
            let why = error.to_string();
            progress.note(&format!("{why}; going on with the next one"));
            return Ok(Err(why));
        }
        Err(error) => return Err(error.into()),
    };
    let name = format!("{name}@{revision}");
    local::evaluate(args, prepared, &located, &name, None, project, progress).map(Ok)
}

/// The step of the training that a revision's name holds: the digits after the last `step`, as in `step1000` and
/// `stage1-step1000-tokens5B`.
fn step(revision: &str) -> Option<u64> {
    let (_, rest) = revision.rsplit_once("step")?;
    let digits: String = rest
        .trim_start_matches(['-', '_'])
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    // No digits, or more than a number holds: it has no step that could be drawn.
    digits.parse().ok()
}

impl Point {
    fn json(&self) -> Value {
        let mut object = json!({ "revision": self.revision, "step": step(&self.revision) });
        match &self.scores {
            Ok(scores) => {
                let scores = scores.iter().map(|score| {
                    json!({
                        "task": score.task,
                        "language": score.language,
                        "items": score.items,
                        "right": score.right,
                    })
                });
                object["scores"] = scores.collect();
            }
            Err(why) => object["missing"] = json!(why),
        }
        object
    }

    /// The mean accuracy of a task over its languages.
    fn mean(&self, task: Task) -> Option<f64> {
        let scores = self.scores.as_ref().ok()?.iter();
        let shares: Vec<f64> = scores
            .filter(|score| score.task == task && score.items > 0)
            .map(|score| score.right as f64 / score.items as f64)
            .collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

/// A line for each revision: the mean accuracy of each task over its languages.
fn table(name: &str, points: &[Point]) -> String {
    let tasks: BTreeSet<Task> = points
        .iter()
        .flat_map(|point| point.scores.iter().flatten().map(|score| score.task))
        .collect();
    let mut text = format!("{name}: accuracy, mean over languages\n\n| revision | step |");
    for task in &tasks {
        text += &format!(" {task} |");
    }
    text += &format!("\n|---|---|{}\n", "---|".repeat(tasks.len()));
    for point in points {
        let step = step(&point.revision).map_or("–".to_owned(), |step| step.to_string());
        text += &format!("| {} | {step} |", point.revision);
        for task in &tasks {
            let mean = point.mean(*task).map(|mean| format!("{mean:.3}"));
            text += &format!(" {} |", mean.unwrap_or_else(|| "–".to_owned()));
        }
        text += "\n";
    }
    for point in points {
        if let Err(why) = &point.scores {
            text += &format!("\n{}: {why}\n", point.revision);
        }
    }
    text
}

/// The columns of the file.
const COLUMNS: [&str; 11] = [
    "model", "revision", "step", "task", "language", "items", "right", "accuracy", "low", "high",
    "missing",
];

/// A line for each revision, task and language, with the interval of Clopper and Pearson; one for each missing revision.
fn curve_file(name: &str, points: &[Point]) -> String {
    let number =
        |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.6}"));
    let mut lines = vec![COLUMNS.map(str::to_owned).to_vec()];
    for point in points {
        let step = step(&point.revision).map_or(String::new(), |step| step.to_string());
        let begin = [name.to_owned(), point.revision.clone(), step];
        let mut line = |rest: [String; 8]| lines.push([&begin[..], &rest].concat());
        match &point.scores {
            Ok(scores) => scores.iter().for_each(|score| {
                let accuracy = (score.items > 0).then(|| score.right as f64 / score.items as f64);
                let ends = accuracy
                    .and_then(|accuracy| clopper_pearson(accuracy, score.items as f64, LEVEL));
                line([
                    score.task.to_string(),
                    score.language.to_string(),
                    score.items.to_string(),
                    score.right.to_string(),
                    number(accuracy),
                    number(ends.map(|ends| ends.0)),
                    number(ends.map(|ends| ends.1)),
                    String::new(),
                ]);
            }),
            Err(why) => {
                let mut rest: [String; 8] = Default::default();
                rest[7].clone_from(why);
                line(rest);
            }
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = lines.iter().try_for_each(|line| writer.write_record(line));
    match (written, writer.into_inner()) {
        (Ok(()), Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        (_, _) => unreachable!("lines of eleven fields are written to memory"),
    }
}

#[cfg(test)]
mod tests {
    use super::{curve_file, of_revision, step};

    #[test]
    fn a_revision_stands_before_a_quantization_and_names_its_step() {
        assert_eq!(of_revision("org/name", "step1"), "org/name@step1");
        assert_eq!(of_revision("org/name:Q8_0", "step1"), "org/name@step1:Q8_0");
        for (revision, expected) in [
            ("step143000", Some(143_000)),
            ("stage1-step1000-tokens5B", Some(1000)),
            ("stepwise", None),
            ("main", None),
            ("step-7", Some(7)),
        ] {
            assert_eq!(step(revision), expected, "{revision}");
        }
    }

    #[test]
    fn a_missing_revision_has_a_line_that_says_why() {
        let point = super::Point {
            revision: "step2".to_owned(),
            scores: Err("not there, it says \"404\"".to_owned()),
        };
        let expected = "model,revision,step,task,language,items,right,accuracy,low,high,missing\n\
                        org/name,step2,2,,,,,,,,\"not there, it says \"\"404\"\"\"\n";
        assert_eq!(curve_file("org/name", &[point]), expected);
    }
}

//! Basic and Factual knowledge of every model found, whether or not the paper's tables have it.

use crate::metrics::IntervalMethod;
use crate::report::{
    Paper,
    expression::Expression,
    paper::TaskGroup,
    share_table::{ShareKind, ShareTable},
};
use clika_base::types::LanguageCode;
use serde::Serialize;

/// A model's score on a group of tasks: the mean over languages of the mean over tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupScore {
    /// The model.
    pub model: String,
    /// `basic` or `factual`.
    pub task_group: &'static str,
    /// A language of the paper's, `others` for those but English, or `all` for all of them.
    pub column: String,
    /// `ra`, `en_co` or `invalid_rate`.
    pub metric: &'static str,
    /// The score, in 0 to 1 and above; `null` where it cannot be computed.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// The columns of every model and group of tasks: each language, and means over languages.
fn columns(paper: &Paper) -> Vec<(&str, &'static str, ShareKind)> {
    let languages = paper.reference.languages.iter().map(LanguageCode::as_str);
    let accuracies = languages.clone().chain(["others"]);
    let with_english = languages.filter(|code| *code != "en").chain(["others"]);
    accuracies
        .map(|column| (column, "ra", ShareKind::Accuracy))
        .chain(with_english.map(|column| (column, "en_co", ShareKind::EnCo)))
        .chain([("all", "invalid_rate", ShareKind::Invalid)])
        .collect()
}

/// Every score of [`GroupScore`] without value, and its formula or why there is none.
pub(crate) fn groups(
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Vec<(GroupScore, Result<Expression, String>)> {
    let mut groups = Vec::new();
    for model in shares.collection().models() {
        for knowledge in [TaskGroup::Basic, TaskGroup::Factual] {
            for (column, metric, kind) in columns(paper) {
                let languages = paper.reference.languages.iter();
                let languages = languages.filter(|language| match column {
                    "all" => true,
                    "others" => language.as_str() != "en",
                    code => language.as_str() == code,
                });
                let score = GroupScore {
                    model: model.to_owned(),
                    task_group: knowledge.name(),
                    column: column.to_owned(),
                    metric,
                    value: None,
                    low: None,
                    high: None,
                    method: None,
                    reason: None,
                };
                groups.push((
                    score,
                    mean(kind, knowledge, model, languages, shares, paper),
                ));
            }
        }
    }
    groups
}

/// The mean over languages of the mean over a group's tasks, RA for [`ShareKind::Accuracy`]; or what is
/// missing for it.
pub(crate) fn mean<'a>(
    kind: ShareKind,
    knowledge: TaskGroup,
    model: &str,
    languages: impl Iterator<Item = &'a LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Result<Expression, String> {
    let mut means = Vec::new();
    for language in languages {
        let mut tasks = Vec::new();
        for task in knowledge.tasks() {
            let lacks =
                |language: &str| format!("no predictions of {model} on {task} in {language}");
            let Some(share) = shares.share(model, task, language, kind) else {
                let here = shares.share(model, task, language, ShareKind::Accuracy);
                return Err(match here {
                    Some(_) if language.as_str() == "en" => "en-CO is with English".to_owned(),
                    Some(_) => format!("en-CO needs English: {}", lacks("en")),
                    None => lacks(language.as_str()),
                });
            };
            if kind != ShareKind::Accuracy {
                tasks.push(Expression::Share(share));
                continue;
            }
            let reference = paper.reference.reference_accuracy.get(&task);
            let choices = paper.reference.choices.get(&task);
            let (Some(&reference), Some(&choices)) = (reference, choices) else {
                return Err(format!("no reference accuracy of {task}"));
            };
            tasks.push(Expression::Ra {
                accuracy: share,
                reference,
                choices,
            });
        }
        means.push(Expression::Mean(tasks));
    }
    Ok(Expression::Mean(means))
}

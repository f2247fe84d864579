//! Learning curves: scores of a model's revisions, where several were asked.

use super::{Plot, limits};
use crate::{
    figures::{Caption, Curve, CurvePoint, Curves, Reference, Scale, curves},
    sources::Sources,
    tables::{Cell, Column, Estimate, Table},
};
use clika_scores::report::GroupScore;
use std::collections::BTreeMap;

pub(super) fn revisions(sources: &Sources) -> Option<Plot> {
    let (id, title) = ("revisions", "Scores by revision");
    let heads = [
        Column::text("model"),
        Column::text("revision"),
        Column::text("score"),
        Column::number("value"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut lines: BTreeMap<String, BTreeMap<u64, CurvePoint>> = BTreeMap::new();
    for (source, model, shown) in sources.models() {
        let Some((base, revision, step)) = step_of(&shown) else {
            continue;
        };
        for score in source
            .reproduction
            .groups
            .iter()
            .filter(|it| it.model == model)
        {
            let Some(what) = curve(score) else {
                continue;
            };
            let name = format!("{base}: {what}");
            numbers.rows.push(vec![
                Cell::text(base),
                Cell::text(revision),
                Cell::text(what),
                Cell::Estimate(Estimate::new(score.value, score.low, score.high, 3)),
            ]);
            let point = CurvePoint {
                x: step as f64,
                y: score.value,
                interval: score.low.zip(score.high),
            };
            lines.entry(name).or_default().insert(step, point);
        }
    }
    // One revision is no curve.
    lines.retain(|_, points| points.len() > 1);
    if lines.is_empty() {
        return None;
    }
    let caption = format!(
        "RA in English, and over the other languages, by the revision's number, with {}.",
        sources.interval_words()
    );
    let drawing = Curves {
        caption: Caption {
            prefix: id.to_owned(),
            title: title.to_owned(),
            description: caption.clone(),
        },
        x_name: "revision".to_owned(),
        y_name: "RA".to_owned(),
        y_scale: Scale::Linear,
        y_range: None,
        x_ticks: Vec::new(),
        reference: Some(Reference {
            value: 0.0,
            label: "chance".to_owned(),
        }),
        curves: lines
            .into_iter()
            .map(|(name, points)| Curve {
                name,
                points: points.into_values().collect(),
            })
            .collect(),
    };
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: curves(&drawing),
        numbers,
        limits: limits::of_answers(sources),
    })
}

/// The curve that a score belongs to.
fn curve(score: &GroupScore) -> Option<String> {
    let where_ = match score.column.as_str() {
        "en" => "English",
        "others" => "other languages",
        _ => return None,
    };
    (score.metric == "ra" && score.value.is_some())
        .then(|| format!("{}, {where_}", score.task_group))
}

/// A model's name, revision and the number in it: `org/name@step1000`.
fn step_of(shown: &str) -> Option<(&str, &str, u64)> {
    let (model, revision) = shown.rsplit_once('@')?;
    let digits = revision.trim_start_matches(|it: char| !it.is_ascii_digit());
    let end = digits
        .find(|it: char| !it.is_ascii_digit())
        .unwrap_or(digits.len());
    Some((model, revision, digits[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_placed_by_its_number() {
        assert_eq!(
            step_of("org/name@step1000"),
            Some(("org/name", "step1000", 1000))
        );
        assert_eq!(
            step_of("a@b@step2-tokens4B"),
            Some(("a@b", "step2-tokens4B", 2))
        );
        assert_eq!(step_of("org/name@main"), None);
        assert_eq!(step_of("org/name"), None);
    }
}

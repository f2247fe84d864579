//! Losses of trainings.

use super::Plot;
use crate::{
    figures::{Caption, Curve, CurvePoint, Curves, Scale, curves},
    sources::Sources,
    tables::{Cell, Column, Table},
};
use clika_finetune::LogLine;

/// Points of a curve that are drawn: means over as many parts of the steps.
const POINTS: usize = 60;

pub(super) fn losses(sources: &Sources) -> Option<Plot> {
    let (id, title) = ("losses", "Training loss");
    let heads = [
        Column::text("model"),
        Column::text("run"),
        Column::number("to step"),
        Column::number("mean loss"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut lines = Vec::new();
    let several = sources.experiments.len() > 1;
    for experiment in &sources.experiments {
        for run in &experiment.recorded.runs {
            let name = run.result.folder();
            let means = means(&run.log);
            if means.is_empty() {
                continue;
            }
            for (step, loss) in &means {
                numbers.rows.push(vec![
                    Cell::text(experiment.name.clone()),
                    Cell::text(name.clone()),
                    Cell::count(*step),
                    Cell::Number(Some(*loss), 4),
                ]);
            }
            let points = means.iter().map(|(step, loss)| CurvePoint {
                x: *step as f64,
                y: Some(*loss),
                interval: None,
            });
            lines.push(Curve {
                name: if several {
                    format!("{} {name}", experiment.name)
                } else {
                    name
                },
                points: points.collect(),
            });
        }
    }
    if lines.is_empty() {
        return None;
    }
    let caption = format!(
        "The loss of every training, on a logarithmic scale: the mean over the answers' tokens, averaged over {POINTS} parts of the \
         steps."
    );
    let drawing = Curves {
        caption: Caption {
            prefix: id.to_owned(),
            title: title.to_owned(),
            description: caption.clone(),
        },
        x_name: "step".to_owned(),
        y_name: "loss".to_owned(),
        y_scale: Scale::Log,
        y_range: None,
        x_ticks: Vec::new(),
        reference: None,
        curves: lines,
    };
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: curves(&drawing),
        numbers,
        limits: vec![
            "A low loss says that the rows were learned by heart, not that a fact can be used in another language: that is what the \
             gate and XRR are for."
                .to_owned(),
            "The steps of two trainings are alike only where their batches are.".to_owned(),
        ],
    })
}

/// The mean loss of each part of the steps, with the part's last step.
fn means(log: &[LogLine]) -> Vec<(usize, f64)> {
    let size = log.len().div_ceil(POINTS).max(1);
    let parts = log.chunks(size);
    parts
        .map(|part| {
            let sum: f64 = part.iter().map(|line| line.loss).sum();
            (part[part.len() - 1].step, sum / part.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_mean_of_its_steps() {
        let line = |step| LogLine {
            step,
            loss: step as f64,
            learning_rate: 0.1,
            gradient_norm: 1.0,
            tokens: 1,
            tokens_per_second: 1.0,
            time: 0.0,
        };
        let log: Vec<_> = (1..=121).map(line).collect();
        let found = means(&log);
        // 121 steps in parts of three: (1 + 2 + 3) / 3, and the last part has one step.
        assert_eq!(
            (found.len(), found[0], found[40]),
            (41, (3, 2.0), (121, 121.0))
        );
        assert_eq!(means(&log[..2]), [(1, 1.0), (2, 2.0)]);
        assert!(means(&[]).is_empty());
    }
}

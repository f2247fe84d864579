//! From values to coordinates: linear and logarithmic axes, their ticks and the text of numbers.

/// How values become lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths; only values over 0 can be drawn.
    Log,
}

/// An axis: the values of a range as coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis on which `low` is at the coordinate `start` and `high` at `end`. A range of no length gets one.
    pub(super) fn new(scale: Scale, (low, high): (f64, f64), start: f64, end: f64) -> Self {
        let (low, high) = match scale {
            Scale::Linear if high > low => (low, high),
            Scale::Linear => (low - 0.5, low + 0.5),
            Scale::Log if high > low => (low, high),
            Scale::Log => (low / 2.0, low * 2.0),
        };
        Self {
            scale,
            low,
            high,
            start,
            end,
        }
    }

    /// The coordinate of a value; values outside the range are outside the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.start + part * (self.end - self.start)
    }

    /// The coordinate of a value, or of the end of the range that it is beyond.
    pub(super) fn clamped(&self, value: f64) -> f64 {
        self.at(value.clamp(self.low, self.high))
    }

    /// The value in the middle of the range.
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.low, self.high)
    }

    /// Whether the axis has the value.
    pub(super) fn has(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Round values of the range, about `count` of them, with their texts.
    pub(super) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => linear_ticks(self.low, self.high, count),
            Scale::Log => log_ticks(self.low, self.high, count),
        }
    }
}

/// The range of values, widened to round ends for a linear axis; `None` without values.
pub(super) fn range_of(values: impl IntoIterator<Item = f64>, scale: Scale) -> Option<(f64, f64)> {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite() && (scale == Scale::Linear || *value > 0.0))
        .fold(None, |range: Option<(f64, f64)>, value| {
            Some(match range {
                None => (value, value),
                Some((low, high)) => (low.min(value), high.max(value)),
            })
        })?;
    match scale {
        Scale::Linear if high > low => {
            let step = step(low, high, 5);
            Some((
                (low / step + 1e-9).floor() * step,
                (high / step - 1e-9).ceil() * step,
            ))
        }
        Scale::Linear => Some((low - 0.5, high + 0.5)),
        Scale::Log => Some((low / 1.1, high * 1.1)),
    }
}

/// The distance of about `count` round values: 1, 2 or 5 times a power of ten.
fn step(low: f64, high: f64, count: usize) -> f64 {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0);
    factor * power
}

fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let step = step(low, high, count);
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let digits = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    (0..=(last - first).max(0.0) as usize)
        .map(|index| {
            let value = (first + index as f64) * step;
            (value, number(value, digits))
        })
        .collect()
}

fn log_ticks(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let decades = (high / low).log10();
    let factors: &[f64] = if decades > count as f64 {
        &[1.0]
    } else if 3.0 * decades > count as f64 {
        &[1.0, 3.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let mut ticks = Vec::new();
    for power in low.log10().floor() as i32..=high.log10().ceil() as i32 {
        for factor in factors {
            let value = factor * 10f64.powi(power);
            if value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9) {
                ticks.push((value, number(value, (-power).max(0) as usize)));
            }
        }
    }
    if ticks.len() < 2 {
        return linear_ticks(low, high, count.min(4));
    }
    ticks
}

/// A number with so many digits after the point and a true minus sign; no minus before zero.
pub(super) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(zero) if !zero.contains(|digit: char| ('1'..='9').contains(&digit)) => {
            zero.to_string()
        }
        Some(size) => format!("−{size}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn linear_axis() {
        let axis = Axis::new(Scale::Linear, (0.0, 1.0), 100.0, 300.0);
        assert_eq!(axis.at(0.25), 150.0);
        assert_eq!(axis.clamped(2.0), 300.0);
        assert_eq!(
            texts(axis.ticks(5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        let axis = Axis::new(Scale::Linear, (-0.25, 0.5), 0.0, 1.0);
        assert_eq!(texts(axis.ticks(4)), ["−0.2", "0.0", "0.2", "0.4"]);
        let axis = Axis::new(Scale::Linear, (0.0, 1200.0), 0.0, 1.0);
        assert_eq!(texts(axis.ticks(3)), ["0", "500", "1000"]);
    }

    #[test]
    fn log_axis() {
        let axis = Axis::new(Scale::Log, (0.01, 100.0), 0.0, 200.0);
        assert!((axis.at(1.0) - 100.0).abs() < 1e-9);
        assert!((axis.at(10.0) - 150.0).abs() < 1e-9);
        assert_eq!(
            texts(axis.ticks(5)),
            ["0.01", "0.03", "0.1", "0.3", "1", "3", "10", "30", "100"]
        );
        assert_eq!(
            texts(Axis::new(Scale::Log, (0.9, 6.0), 0.0, 1.0).ticks(5)),
            ["1", "2", "5"]
        );
    }

    #[test]
    fn ranges_have_round_ends() {
        assert_eq!(range_of([0.13, 0.87], Scale::Linear), Some((0.0, 1.0)));
        assert_eq!(range_of([3.0], Scale::Linear), Some((2.5, 3.5)));
        assert_eq!(range_of([f64::NAN], Scale::Linear), None);
        assert_eq!(range_of([0.0, -1.0], Scale::Log), None);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(-0.5, 1), "−0.5");
        assert_eq!(number(0.25, 2), "0.25");
    }
}

/// The values of a statistic over the resamples, in the order of the resamples.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    values: Vec<Option<f64>>,
}

impl Distribution {
    /// One value a resample, `None` where the statistic is undefined. A value that is not finite is taken as
    /// undefined, and counted.
    pub fn new(values: Vec<Option<f64>>) -> Self {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        Self {
            values: values.into_iter().map(finite).collect(),
        }
    }

    /// The values in the order of the resamples.
    pub fn values(&self) -> &[Option<f64>] {
        &self.values
    }

    /// How many resamples were drawn.
    pub fn resamples(&self) -> usize {
        self.values.len()
    }

    /// How many resamples leave the statistic undefined.
    pub fn undefined(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }

    /// The values that are defined, the smallest first.
    pub fn sorted(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.values.iter().flatten().copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }
}

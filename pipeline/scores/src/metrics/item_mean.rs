/// A mean over items of a number that each item has by itself: RankC, consistency over sets of languages.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemMean {
    /// The item in the table that the first value belongs to.
    start: usize,
    values: Vec<f64>,
}

impl ItemMean {
    /// The mean of one value an item.
    pub fn new(values: Vec<f64>) -> Self {
        Self { start: 0, values }
    }

    /// The same mean in a table in which its items are `start`, `start + 1` and so on.
    pub fn starting_at(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// The values, one an item.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The mean over the items as they are; `None` without items.
    pub fn value(&self) -> Option<f64> {
        (!self.values.is_empty())
            .then(|| self.values.iter().sum::<f64>() / self.values.len() as f64)
    }

    /// The mean when item `i` of the table counts `counts[i]` times; `None` when the counts are all 0.
    ///
    /// # Panics
    /// When `counts` is shorter than the table.
    pub fn weighted(&self, counts: &[u32]) -> Option<f64> {
        let counts = &counts[self.start..self.start + self.values.len()];
        let total: u64 = counts.iter().copied().map(u64::from).sum();
        let sum: f64 = counts
            .iter()
            .zip(&self.values)
            .map(|(&count, value)| f64::from(count) * value)
            .sum();
        (total > 0).then(|| sum / total as f64)
    }
}

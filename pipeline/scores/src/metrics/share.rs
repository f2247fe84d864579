/// A ratio of two counts of items, of which the upper counts a part of the lower: accuracy, en-CO, the ratio in
/// XRR, the overlap of right answers.
///
/// Collected from one `Option<bool>` an item: `None` leaves the item out of both counts, `Some` puts it into the
/// lower one, `Some(true)` into both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The item in the table that the first mask belongs to.
    start: usize,
    // Masks of no bits or all bits: `counts & mask` needs neither branch nor product, which SSE2 lacks.
    numerator: Vec<u32>,
    denominator: Vec<u32>,
}

impl FromIterator<Option<bool>> for Share {
    fn from_iter<I: IntoIterator<Item = Option<bool>>>(items: I) -> Self {
        let (numerator, denominator) = items
            .into_iter()
            .map(|item| (mask(item == Some(true)), mask(item.is_some())))
            .unzip();
        Self {
            start: 0,
            numerator,
            denominator,
        }
    }
}

impl Share {
    /// The same share in a table in which its items are `start`, `start + 1` and so on.
    pub fn starting_at(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// The share over the items as they are, in `[0, 1]`; `None` when the lower count is 0.
    pub fn value(&self) -> Option<f64> {
        let ones = |masks: &[u32]| masks.iter().filter(|&&mask| mask != 0).count();
        let denominator = ones(&self.denominator);
        (denominator > 0).then(|| ones(&self.numerator) as f64 / denominator as f64)
    }

    /// What an item of the table is to the share: `None` where it is in neither count.
    pub(crate) fn item(&self, item: usize) -> Option<bool> {
        let index = item.checked_sub(self.start)?;
        let among = *self.denominator.get(index)? != 0;
        among.then(|| self.numerator[index] != 0)
    }

    /// The share when item `i` of the table counts `counts[i]` times, in `[0, 1]`; `None` when the lower count
    /// is 0. The counts of a table must sum to less than 2³².
    ///
    /// # Panics
    /// When `counts` is shorter than the table.
    pub fn weighted(&self, counts: &[u32]) -> Option<f64> {
        let counts = &counts[self.start..self.start + self.denominator.len()];
        let (mut numerator, mut denominator) = (0u32, 0u32);
        for ((count, upper), lower) in counts.iter().zip(&self.numerator).zip(&self.denominator) {
            numerator = numerator.wrapping_add(count & upper);
            denominator = denominator.wrapping_add(count & lower);
        }
        (denominator > 0).then(|| f64::from(numerator) / f64::from(denominator))
    }
}

fn mask(set: bool) -> u32 {
    if set { u32::MAX } else { 0 }
}

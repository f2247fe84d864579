use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// The order of the examples of all epochs, one epoch after the other, each shuffled in its own way.
pub(super) struct ExampleOrder {
    examples: usize,
    /// `None` for the given order in every epoch.
    seed: Option<u64>,
}

impl ExampleOrder {
    pub(super) const fn new(examples: usize, seed: u64) -> Self {
        Self {
            examples,
            seed: Some(seed),
        }
    }

    pub(super) const fn as_given(examples: usize) -> Self {
        Self {
            examples,
            seed: None,
        }
    }

    /// The numbers of the examples at some positions.
    pub(super) fn of(&self, positions: Range<usize>) -> Vec<usize> {
        let mut taken = Vec::with_capacity(positions.len());
        let mut from = positions.start;
        while from < positions.end {
            let epoch = from / self.examples;
            let first = epoch * self.examples;
            let to = positions.end.min(first + self.examples);
            taken.extend(&self.epoch(epoch)[from - first..to - first]);
            from = to;
        }
        taken
    }

    fn epoch(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.examples).collect();
        let Some(seed) = self.seed else {
            return order;
        };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // The first streams are the adapters'.
        random.set_stream(u64::MAX - epoch as u64);
        order.shuffle(&mut random);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::ExampleOrder;

    #[test]
    fn every_epoch_has_every_example_once_and_batches_cross_their_borders() {
        let order = ExampleOrder::new(10, 7);
        let whole = order.of(0..30);
        for epoch in whole.chunks(10) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(whole[..10], whole[10..20]);
        assert_eq!(order.of(8..24), whole[8..24]);
        assert_ne!(ExampleOrder::new(10, 8).of(0..10), whole[..10]);
    }
}

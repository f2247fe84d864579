use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A generator for one draw, named by its purpose.
///
/// Every draw has its own, so that one more city or person leaves all other draws as they were.
pub(crate) fn generator(seed: u64, purpose: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in purpose {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// Puts elements in a drawn order.
pub(crate) fn shuffle<T>(mut elements: Vec<T>, seed: u64, purpose: &[&str]) -> Vec<T> {
    elements.shuffle(&mut generator(seed, purpose));
    elements
}

/// A number below `values` for each of `count` items: every number equally often, in drawn order.
/// Where that does not come out even, the draw decides which are one more often.
pub(crate) fn balanced(count: usize, values: usize, seed: u64, purpose: &[&str]) -> Vec<usize> {
    let order = shuffle(
        (0..values).collect::<Vec<_>>(),
        seed,
        &[purpose, &["remainder"]].concat(),
    );
    let numbers = (0..count).map(|i| order[i % values]).collect();
    shuffle(numbers, seed, purpose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_draw_follows_seed_and_purpose() {
        let number = |seed, purpose: &[&str]| generator(seed, purpose).random::<u64>();
        assert_eq!(number(1, &["xgeo", "Q64"]), number(1, &["xgeo", "Q64"]));
        assert_ne!(number(1, &["xgeo", "Q64"]), number(2, &["xgeo", "Q64"]));
        assert_ne!(number(1, &["xgeo", "Q64"]), number(1, &["xgeoQ", "64"]));
    }

    #[test]
    fn numbers_are_balanced() {
        let positions = balanced(20, 4, 7, &["xgeo", "de"]);
        for position in 0..4 {
            assert_eq!(positions.iter().filter(|&&p| p == position).count(), 5);
        }
    }
}

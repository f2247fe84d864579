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

/// Positions of the right choice for `count` items: every position equally often, in drawn order.
pub(crate) fn positions(count: usize, choices: usize, seed: u64, purpose: &[&str]) -> Vec<usize> {
    shuffle((0..count).map(|i| i % choices).collect(), seed, purpose)
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
    fn positions_are_balanced() {
        let positions = positions(20, 4, 7, &["xgeo", "de"]);
        for position in 0..4 {
            assert_eq!(positions.iter().filter(|&&p| p == position).count(), 5);
        }
    }
}

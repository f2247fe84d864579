/// The same items seen twice: in two languages, or by two models.
///
/// Equal positions of the two slices are the same item (or the same candidate of one item).
#[derive(Debug, PartialEq, Eq)]
pub struct PairedItems<'a, T> {
    first: &'a [T],
    second: &'a [T],
}

/// Slices that cannot be parallel, because one of them is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parallel answers differ in number: {first} and {second}")]
pub struct UnequalLength {
    /// The length of the first.
    pub first: usize,
    /// The length of the second.
    pub second: usize,
}

impl<'a, T> PairedItems<'a, T> {
    /// Two slices of equal length.
    pub fn new(first: &'a [T], second: &'a [T]) -> Result<Self, UnequalLength> {
        if first.len() == second.len() {
            Ok(Self { first, second })
        } else {
            Err(UnequalLength {
                first: first.len(),
                second: second.len(),
            })
        }
    }

    /// The first side: English or another source language, or the first model.
    pub fn first(self) -> &'a [T] {
        self.first
    }

    /// The second side: the language under test, or the second model.
    pub fn second(self) -> &'a [T] {
        self.second
    }

    /// The same pair the other way round.
    pub fn swapped(self) -> Self {
        Self {
            first: self.second,
            second: self.first,
        }
    }

    /// The pairs, item by item.
    pub fn pairs(self) -> impl Iterator<Item = (&'a T, &'a T)> {
        self.first.iter().zip(self.second)
    }
}

// Derived, these would ask that `T` be copied too, and lists of scores are not.
impl<T> Clone for PairedItems<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PairedItems<'_, T> {}

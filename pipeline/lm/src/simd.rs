//! Loops in the vector instructions (SIMD) of the processor, which are chosen at run time.

use pulp::{Arch, Simd, WithSimd};

/// Calls `work` in a version that was compiled for this processor's vector instructions.
///
/// Code that is not inlined does not use them: closures need `#[inline(always)]`.
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnMut() -> R) -> R {
    // pulp's own way to take a closure calls it through a function that is not inlined.
    struct Closure<F>(F);
    impl<R, F: FnMut() -> R> WithSimd for Closure<F> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Closure(work))
}

/// The number of independent lanes in sums and maxima.
const LANES: usize = 32;

/// The sum of `value(x)`.
#[inline(always)]
pub(crate) fn sum_of(row: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += value(*x);
        }
    }
    let mut sum = lanes.iter().sum();
    for x in rest {
        sum += value(*x);
    }
    sum
}

/// 0, or NaN where a number of the row is NaN or infinite.
#[inline(always)]
pub(crate) fn zero_if_finite(row: &[f32]) -> f32 {
    sum_of(
        row,
        #[inline(always)]
        |x| x * 0.0,
    )
}

/// The sum of `x · y`.
#[inline(always)]
pub(crate) fn sum_of_products(row: &[f32], other: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let (others, other_rest) = other.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (chunk, other) in chunks.iter().zip(others) {
        for ((lane, x), y) in lanes.iter_mut().zip(chunk).zip(other) {
            *lane += x * y;
        }
    }
    let mut sum = lanes.iter().sum();
    for (x, y) in rest.iter().zip(other_rest) {
        sum += x * y;
    }
    sum
}

/// The largest number of a row; minus infinity if it is empty.
#[inline(always)]
pub(crate) fn max_of(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    let mut most = f32::NEG_INFINITY;
    for x in lanes.iter().chain(rest) {
        most = most.max(*x);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::{max_of, sum_of, sum_of_products, zero_if_finite};

    #[test]
    fn no_number_is_left_out() {
        // By hand: 1 + 2 + .. + n, for whole lanes and for the rest after them.
        for count in [0_usize, 1, 31, 32, 33, 100] {
            let row: Vec<f32> = (1..=count).rev().map(|x| x as f32).collect();
            assert_eq!(sum_of(&row, |x| 2.0 * x), (count * (count + 1)) as f32);
            let twos = vec![2.0; count];
            assert_eq!(sum_of_products(&row, &twos), (count * (count + 1)) as f32);
            let expected = if count == 0 {
                f32::NEG_INFINITY
            } else {
                count as f32
            };
            assert_eq!(max_of(&row), expected);
        }
    }

    #[test]
    fn what_is_no_number_shows_wherever_it_stands() {
        let largest = [f32::MAX, f32::MIN, -0.0].repeat(20);
        assert_eq!(zero_if_finite(&largest), 0.0);
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in [0, 31, 32, 59] {
                let mut row = largest.clone();
                row[place] = broken;
                assert!(zero_if_finite(&row).is_nan(), "{broken} at {place}");
            }
        }
    }
}

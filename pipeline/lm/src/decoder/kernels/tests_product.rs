//! Products against sums in f64, by the instructions of this processor, by AVX2's and without any.

use super::{
    Floats, PackedWeight,
    packed::PANEL,
    product::{
        Job, linear, linear_backward_by, linear_by, linear_each_by, matmul_by, matmul_transposed_by,
    },
    tensor,
};
use burn::tensor::Tensor;
use pulp::{Arch, Scalar, WithSimd};

/// Numbers without a pattern that a mistake could hide in, between -1 and 1.
fn numbers(rows: usize, columns: usize, seed: usize) -> Tensor<2> {
    let number = |n: usize| ((n * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0;
    tensor((0..rows * columns).map(number).collect(), [rows, columns])
}

fn transposed(x: &Tensor<2>) -> Tensor<2> {
    let [rows, columns] = x.dims();
    let x = Floats::of(x);
    let value = |n: usize| x.values()[n % rows * columns + n / rows];
    tensor((0..rows * columns).map(value).collect(), [columns, rows])
}

/// Whether `found` is `x · y`, to the rounding of sums in f32.
fn check(found: &Tensor<2>, x: &Tensor<2>, y: &Tensor<2>, what: &str) {
    let [rows, terms] = x.dims();
    let [_, columns] = y.dims();
    assert_eq!(found.dims(), [rows, columns], "{what}");
    let (found, x, y) = (Floats::of(found), Floats::of(x), Floats::of(y));
    for row in 0..rows {
        for column in 0..columns {
            let sum = (0..terms).map(|term| {
                f64::from(x.values()[row * terms + term])
                    * f64::from(y.values()[term * columns + column])
            });
            let expected: f64 = sum.sum();
            let found = f64::from(found.values()[row * columns + column]);
            // Half a unit in the last place for each term would be 3e-8 times its size, at most 1.
            assert!(
                (found - expected).abs() < 1e-6 * (terms as f64).sqrt() * 4.0,
                "{what} {rows} × {terms} × {columns}: {found}, not {expected}"
            );
        }
    }
}

fn bits(x: &Tensor<2>) -> Vec<u32> {
    let x = Floats::of(x);
    x.values().iter().map(|x| x.to_bits()).collect()
}

type Dispatch = fn(Job);

fn dispatches() -> Vec<(&'static str, Dispatch)> {
    let mut all: Vec<(&'static str, Dispatch)> = vec![
        ("this processor", |job| Arch::new().dispatch(job)),
        ("no vectors", |job| job.with_simd(Scalar::new())),
    ];
    #[cfg(target_arch = "x86_64")]
    if pulp::x86::V3::try_new().is_some() {
        all.push(("AVX2", |job| {
            let simd = pulp::x86::V3::try_new().expect("it was there");
            pulp::Simd::vectorize(simd, job);
        }));
    }
    all
}

/// A single number; no whole tile; whole panels; more rows, terms and columns than are taken at a time.
const SIZES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [3, 5, 7],
    [6, 64, 64],
    [5, 300, 130],
    [2, 70, 33],
    [13, 800, 48],
    [200, 70, 67],
    [130, 520, 2],
    [800, 9, 3],
];

#[test]
fn all_products_are_what_their_definitions_say() {
    for (name, dispatch) in dispatches() {
        for [rows, terms, columns] in SIZES {
            let x = numbers(rows, terms, 1);
            let y = numbers(terms, columns, 2);
            let weight = PackedWeight::new(transposed(&y));
            check(&linear_by(&x, &weight, None, dispatch), &x, &y, name);
            check(&matmul_by(&x, &y, None, dispatch), &x, &y, name);
            check(
                &matmul_transposed_by(&transposed(&x), &y, dispatch),
                &x,
                &y,
                name,
            );
            let weight = PackedWeight::new(y.clone());
            let found = linear_backward_by(&x, &weight, None, dispatch);
            check(&found, &x, &y, name);
        }
    }
}

#[test]
fn products_of_one_matrix_with_several_are_those_with_each_to_the_bit() {
    for (name, dispatch) in dispatches() {
        for [rows, terms, columns] in SIZES {
            let x = numbers(rows, terms, 1);
            let weights = [columns, 1, 70, 0]
                .map(|columns| PackedWeight::new(numbers(columns, terms, columns)));
            let together = linear_each_by(&x, weights.each_ref(), dispatch);
            for (found, weight) in together.iter().zip(&weights) {
                let alone = linear_by(&x, weight, None, dispatch);
                assert_eq!(found.dims(), alone.dims());
                assert!(bits(found) == bits(&alone), "{name} {rows} × {terms}");
            }
        }
    }
}

#[test]
fn products_are_added_to_what_is_there() {
    for (name, dispatch) in dispatches() {
        for [rows, terms, columns] in SIZES {
            // The product of wider matrices, whose first term is there already.
            let x = numbers(rows, terms + 1, 1);
            let y = numbers(terms + 1, columns, 2);
            let [first_x, rest_x] =
                [(0, 1), (1, terms)].map(|(from, n)| x.clone().narrow(1, from, n));
            let [first_y, rest_y] =
                [(0, 1), (1, terms)].map(|(from, n)| y.clone().narrow(0, from, n));
            let there = || Some(matmul_by(&first_x, &first_y, None, dispatch));
            let found = matmul_by(&rest_x, &rest_y, there(), dispatch);
            check(&found, &x, &y, name);
            let weight = PackedWeight::new(transposed(&rest_y));
            check(
                &linear_by(&rest_x, &weight, there(), dispatch),
                &x,
                &y,
                name,
            );
            let weight = PackedWeight::new(rest_y);
            let found = linear_backward_by(&rest_x, &weight, there(), dispatch);
            check(&found, &x, &y, name);
        }
    }
}

#[test]
fn a_row_is_the_same_among_any_others_on_any_number_of_threads_and_with_any_fused_instructions() {
    let (rows, terms, columns) = (450, 300, 200);
    let x = numbers(rows, terms, 1);
    let weight = PackedWeight::new(numbers(columns, terms, 2));
    let all = bits(&linear(&x, &weight, None));
    for (from, count) in [(0, 1), (449, 1), (100, 7), (3, 200)] {
        let part = linear(&x.clone().narrow(0, from, count), &weight, None);
        let expected = &all[from * columns..(from + count) * columns];
        assert!(bits(&part) == expected, "{count} rows from {from}");
    }
    for threads in [1, 2, 3, 16] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads can be started");
        assert!(
            bits(&pool.install(|| linear(&x, &weight, None))) == all,
            "{threads} threads"
        );
    }
    for (name, dispatch) in dispatches() {
        if name == "AVX2" {
            assert!(
                bits(&linear_by(&x, &weight, None, dispatch)) == all,
                "{name}"
            );
        }
    }
}

#[test]
fn a_number_that_is_not_finite_shows_in_its_row_alone() {
    let mut values = vec![1.0; 10 * 70];
    values[3 * 70 + 69] = f32::NAN;
    let weight = PackedWeight::new(numbers(PANEL + 1, 70, 2));
    let found = linear(&tensor(values, [10, 70]), &weight, None);
    let found = Floats::of(&found);
    for (number, row) in found.values().chunks(PANEL + 1).enumerate() {
        assert!(
            row.iter().all(|x| x.is_nan() == (number == 3)),
            "row {number}"
        );
    }
}

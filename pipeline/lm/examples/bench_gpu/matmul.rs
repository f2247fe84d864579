//! Matrix products as the linear layers of a decoder make them, in bf16.

use super::{Outcome, median, print, times};
use burn::tensor::{DType, Device, Distribution, Tensor};
use clika_lm::Place;
use serde_json::json;
use std::time::{Duration, Instant};

/// Products between two waits for the device.
const AT_A_TIME: usize = 10;
/// Rows and columns of each corner that are computed again in 64 bits.
const CORNER: usize = 4;

pub(super) fn run(place: &Place, least: Duration, shapes: &[&str]) -> Outcome<()> {
    let device = place.device();
    device.seed(1);
    for shape in shapes {
        let numbers: Result<Vec<usize>, _> = shape.split('x').map(str::parse).collect();
        let [tokens, inputs, outputs] = numbers?[..] else {
            return Err(format!("`{shape}` is not TOKENSxINxOUT").into());
        };
        let x = random([tokens, inputs], 1.0, &device);
        let weight = random([outputs, inputs], (inputs as f64).powf(-0.5), &device);
        let product = || x.clone().matmul(weight.clone().transpose());
        device.sync()?;
        // The first one compiles kernels and tries several.
        let begin = Instant::now();
        let first = product();
        device.sync()?;
        let first_seconds = begin.elapsed().as_secs_f64();
        let error = error(&x, &weight, &first)?;
        drop(first);
        let batch = || {
            // Kept until they are computed, so that nothing is left out because nobody wants it.
            let products: Vec<_> = (0..AT_A_TIME).map(|_| product()).collect();
            device.sync()?;
            drop(products);
            Ok(())
        };
        batch()?;
        let seconds = median(times(least, batch)?) / AT_A_TIME as f64;
        let operations = 2.0 * tokens as f64 * inputs as f64 * outputs as f64;
        print(&json!({
            "shape": shape,
            "tflops": operations / seconds / 1e12,
            "first_seconds": first_seconds,
            "error": error,
        }));
    }
    Ok(())
}

fn random(shape: [usize; 2], deviation: f64, device: &Device) -> Tensor<2> {
    let options = (device, DType::F32);
    let numbers = Tensor::<2>::random(shape, Distribution::Normal(0.0, deviation), options);
    numbers.cast(DType::BF16)
}

/// The largest difference of the product from one in 64 bits, at two corners; its elements are about 1.
fn error(x: &Tensor<2>, weight: &Tensor<2>, product: &Tensor<2>) -> Outcome<f64> {
    let ([tokens, inputs], [outputs, _]) = (x.dims(), weight.dims());
    let mut worst = 0.0_f64;
    for (row, column) in [(0, 0), (tokens - CORNER, outputs - CORNER)] {
        let x = numbers(x.clone().narrow(0, row, CORNER))?;
        let weight = numbers(weight.clone().narrow(0, column, CORNER))?;
        let found = product.clone().narrow(0, row, CORNER);
        let found = numbers(found.narrow(1, column, CORNER))?;
        for (index, found) in found.into_iter().enumerate() {
            let x = &x[index / CORNER * inputs..][..inputs];
            let weight = &weight[index % CORNER * inputs..][..inputs];
            let expected: f64 = x.iter().zip(weight).map(|(x, weight)| x * weight).sum();
            // A NaN must not get lost.
            worst = if found.is_finite() {
                worst.max((found - expected).abs())
            } else {
                f64::MAX
            };
        }
    }
    Ok(worst)
}

fn numbers(tensor: Tensor<2>) -> Outcome<Vec<f64>> {
    let data = tensor.cast(DType::F32).into_data();
    let numbers = data.try_into_vec_as::<f32>();
    let numbers = numbers.map_err(|error| format!("{error:?}"))?;
    Ok(numbers.into_iter().map(f64::from).collect())
}

//! Matrix products as the linear layers of a decoder make them.

use super::{Outcome, answer, timed};
use burn::tensor::{DType, Device as BurnDevice, Distribution, Tensor};
use clika_lm::{Device, Dtype};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Products between two waits for the device.
const AT_A_TIME: usize = 10;
/// Rows and columns of each corner that are computed again in 64 bits.
const CORNER: usize = 4;

/// Each is timed for `least` at least.
pub(super) fn run(device: &Device, dtype: Dtype, least: Duration) -> Outcome<()> {
    let device = device.burn_device();
    let dtype = match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::Bf16 => DType::BF16,
    };
    device.seed(1);
    answer(|line| product(line, dtype, least, &device))
}

fn product(shape: &str, dtype: DType, least: Duration, device: &BurnDevice) -> Outcome<Value> {
    let numbers: Result<Vec<usize>, _> = shape.split('x').map(str::parse).collect();
    let [tokens, inputs, outputs] = numbers?[..] else {
        return Err(format!("`{shape}` is not TOKENSxINxOUT").into());
    };
    let random = |shape: [usize; 2], deviation: f64| {
        let distribution = Distribution::Normal(0.0, deviation);
        Tensor::<2>::random(shape, distribution, (device, DType::F32)).cast(dtype)
    };
    let x = random([tokens, inputs], 1.0);
    let weight = random([outputs, inputs], (inputs as f64).powf(-0.5));
    let product = || x.clone().matmul(weight.clone().transpose());
    device.sync()?;
    // The first one compiles kernels and tries several.
    let (first_seconds, first) = timed(|| {
        let first = product();
        device.sync()?;
        Ok(first)
    })?;
    let error = error(&x, &weight, &first)?;
    drop(first);
    let batch = || {
        // Kept until they are computed, so that no product is skipped as unused.
        let products: Vec<_> = (0..AT_A_TIME).map(|_| product()).collect();
        device.sync()?;
        drop(products);
        Ok(())
    };
    batch()?;
    let seconds = median_seconds(least, batch)? / AT_A_TIME as f64;
    let operations = 2.0 * tokens as f64 * inputs as f64 * outputs as f64;
    Ok(json!({
        "tflops": operations / seconds / 1e12,
        "first_seconds": first_seconds,
        "error": error,
    }))
}

/// Of at least five calls, and of more until `least` is over.
fn median_seconds(least: Duration, call: impl Fn() -> Outcome<()>) -> Outcome<f64> {
    let begin = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < 5 || begin.elapsed() < least {
        seconds.push(timed(&call)?.0);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
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

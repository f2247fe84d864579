//! Checks that a device multiplies matrices as the processor does.

use crate::{
    Device, LmError,
    decoder::matrix,
    guard::{catch_device_errors, compute_error},
};
use burn::tensor::{Device as BurnDevice, Tensor};

/// Rows, inner dimension and columns: a product of whole blocks, and one with incomplete blocks at its edges.
const SHAPES: [[usize; 3]; 2] = [[64, 96, 80], [3, 70, 33]];

/// Checks that small products are exactly those of the processor.
pub(crate) fn check(device: &Device) -> Result<(), LmError> {
    // A driver may fail instead of giving wrong numbers.
    catch_device_errors(&device.burn_device(), || {
        check_by(device, |x, y| x.matmul(y))
    })
}

fn check_by(
    device: &Device,
    product: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
) -> Result<(), LmError> {
    let on = device.burn_device();
    for [rows, inner, columns] in SHAPES {
        let x = numbers([rows, inner]);
        let y = numbers([inner, columns]);
        let put = |values: &[f32], shape, on: &BurnDevice| matrix(values.to_vec(), shape, on);
        let found = product(put(&x, [rows, inner], &on), put(&y, [inner, columns], &on));
        let found = found.try_into_data().map_err(compute_error)?;
        let expected = (0..rows * columns).map(|at| -> f32 {
            let (row, column) = (at / columns, at % columns);
            (0..inner)
                .map(|i| x[row * inner + i] * y[i * columns + column])
                .sum()
        });
        let same = found.iter::<f32>().zip(expected).filter(|(a, b)| a == b);
        let (same, all) = (same.count(), rows * columns);
        if same < all {
            return Err(LmError::WrongProduct {
                device: device.to_string(),
                shape: format!("{rows} × {inner} and {inner} × {columns}"),
                wrong: all - same,
                all,
            });
        }
    }
    Ok(())
}

/// Whole numbers from -3 to 3, so small that every sum of their products is exact in f32, in whatever order.
fn numbers([rows, columns]: [usize; 2]) -> Vec<f32> {
    let at = |index: usize| (index * 5 + index / columns * 3) % 7;
    (0..rows * columns)
        .map(|index| at(index) as f32 - 3.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check, check_by};
    use crate::{DeviceChoice, LmError};
    use burn::tensor::Tensor;

    #[test]
    fn a_device_with_one_wrong_number_is_refused() {
        let device = DeviceChoice::Cpu.device().expect("there is a processor");
        check(&device).expect("it multiplies as it does");
        let planted = |x: Tensor<2>, y: Tensor<2>| {
            let product = x.matmul(y);
            let last = product.dims().map(|size| size - 1);
            let wrong = product.clone().slice([last[0].., last[1]..]) + 1.0;
            product.slice_assign([last[0].., last[1]..], wrong)
        };
        let error = check_by(&device, planted).expect_err("a number is wrong");
        assert!(
            matches!(
                error,
                LmError::WrongProduct {
                    wrong: 1,
                    all: 5120,
                    ..
                }
            ),
            "{error:?}"
        );
        // What a driver gives that does not wait for the result.
        let error = check_by(&device, |x, y| x.matmul(y) * 0.0).expect_err("all are 0");
        assert!(matches!(error, LmError::WrongProduct { .. }), "{error:?}");
        let error = check_by(&device, |x, y| x.matmul(y) / 0.0).expect_err("none is a number");
        assert!(
            matches!(error, LmError::WrongProduct { wrong: 5120, .. }),
            "{error:?}"
        );
    }
}

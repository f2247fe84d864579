use crate::{LmError, guard::compute_error};
use burn::tensor::Tensor;

/// A sum whose parts may still be on the device. Each part that is fetched by itself has the host wait for the device.
#[derive(Default)]
pub(crate) struct DeferredSum {
    known: f64,
    /// `[1]` each, f32.
    on_device: Vec<Tensor<1>>,
}

impl DeferredSum {
    /// Of one number on the host.
    pub(crate) fn known(number: f64) -> Self {
        Self {
            known: number,
            on_device: Vec::new(),
        }
    }

    /// Of one number on a device.
    pub(crate) fn on_device(number: Tensor<1>) -> Self {
        Self {
            known: 0.0,
            on_device: vec![number],
        }
    }

    /// Adds another one's parts.
    pub(crate) fn add(&mut self, other: Self) {
        self.known += other.known;
        self.on_device.extend(other.on_device);
    }

    /// What some sums amount to, fetched all at once and added in f64.
    pub(crate) fn fetch<const N: usize>(sums: [Self; N]) -> Result<[f64; N], LmError> {
        let counts = sums.each_ref().map(|sum| sum.on_device.len());
        let known = sums.each_ref().map(|sum| sum.known);
        let parts: Vec<Tensor<1>> = sums.into_iter().flat_map(|sum| sum.on_device).collect();
        if parts.is_empty() {
            return Ok(known);
        }
        let data = Tensor::cat(parts, 0)
            .try_into_data()
            .map_err(compute_error)?;
        let numbers = data.as_slice::<f32>().map_err(compute_error)?;
        let mut numbers = numbers.iter().map(|&number| f64::from(number));
        let mut amounts = known;
        for (amount, count) in amounts.iter_mut().zip(counts) {
            *amount += numbers.by_ref().take(count).sum::<f64>();
        }
        Ok(amounts)
    }
}

#[cfg(test)]
mod tests {
    use super::DeferredSum;
    use burn::tensor::{Device as BurnDevice, Tensor};

    #[test]
    fn parts_of_both_kinds_are_added_to_the_sum_that_they_belong_to() {
        let number = |x: f32| Tensor::<1>::from_data([x], &BurnDevice::flex());
        let mut first = DeferredSum::known(0.5);
        first.add(DeferredSum::on_device(number(2.0)));
        first.add(DeferredSum::known(0.25));
        first.add(DeferredSum::on_device(number(4.0)));
        let second = DeferredSum::on_device(number(-1.0));
        let sums =
            DeferredSum::fetch([first, DeferredSum::default(), second]).expect("they are there");
        // By hand: 0.5 + 0.25 + 2 + 4.
        assert_eq!(sums, [6.75, 0.0, -1.0]);
    }
}

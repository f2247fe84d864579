//! What tensors of GGUF are in Hugging Face's files, where they differ.

use super::values::{Dtype, Number, TensorValues};
use crate::gguf::GgufChange;

impl TensorValues {
    /// Numbers of 32 bits in another type; others stay.
    pub(super) fn narrowed(self, dtype: Dtype) -> Self {
        match self {
            Self::F32(values) => match dtype {
                Dtype::F32 => Self::F32(values),
                Dtype::F16 => Self::F16(values.into_iter().map(Number::of).collect()),
                Dtype::Bf16 => Self::Bf16(values.into_iter().map(Number::of).collect()),
            },
            Self::F16(_) | Self::Bf16(_) => self,
        }
    }

    /// What a tensor of GGUF is in Hugging Face's files. `shape` begins with the rows; `None` if these are not of so many
    /// heads, or of halves where they have to be.
    pub(super) fn changed(self, change: GgufChange, shape: &[usize]) -> Option<Self> {
        let (&rows, rest) = shape.split_first()?;
        let width = rest.iter().product();
        let shape = [rows, width];
        Some(match self {
            Self::F32(values) => Self::F32(changed(values, change, shape)?),
            Self::F16(values) => Self::F16(changed(values, change, shape)?),
            Self::Bf16(values) => Self::Bf16(changed(values, change, shape)?),
        })
    }
}

fn changed<T: Number>(mut values: Vec<T>, change: GgufChange, shape: [usize; 2]) -> Option<Vec<T>> {
    match change {
        GgufChange::HalvesInTurn { heads } => halves_apart(&values, heads, shape),
        GgufChange::PartsOfHeads { heads } => parts_in_turn(&values, heads, shape),
        GgufChange::OnePlus => {
            for value in &mut values {
                *value = T::of(value.wide() - 1.0);
            }
            Some(values)
        }
    }
}

/// Rows that alternate between the two halves of each head, with the first half before the second, as rotation in Hugging
/// Face's arrangement wants them.
fn halves_apart<T: Copy>(values: &[T], heads: usize, [rows, width]: [usize; 2]) -> Option<Vec<T>> {
    let head = rows.checked_div(heads)?;
    if head * heads != rows || !head.is_multiple_of(2) || width == 0 {
        return None;
    }
    let mut apart = Vec::with_capacity(values.len());
    for head in values.chunks_exact(head * width) {
        for half in 0..2 {
            for row in head.chunks_exact(width).skip(half).step_by(2) {
                apart.extend_from_slice(row);
            }
        }
    }
    Some(apart)
}

/// Rows of all queries, all keys and all values, head by head.
fn parts_in_turn<T: Copy>(values: &[T], heads: usize, [rows, width]: [usize; 2]) -> Option<Vec<T>> {
    let head = rows.checked_div(heads.checked_mul(3)?)?;
    if head * heads * 3 != rows || width == 0 || head == 0 {
        return None;
    }
    let parts = values.chunks_exact(heads * head * width);
    let parts: Vec<&[T]> = parts.collect();
    let mut turn = Vec::with_capacity(values.len());
    for number in 0..heads {
        for part in &parts {
            turn.extend_from_slice(&part[number * head * width..][..head * width]);
        }
    }
    Some(turn)
}

#[cfg(test)]
mod tests {
    use super::{Dtype, GgufChange, TensorValues};

    #[test]
    fn the_halves_of_each_head_come_apart() {
        // By hand: two heads of four rows of two numbers; row 2i is the first half's row i, row 2i + 1 the second's.
        let rows = |rows: [u8; 8]| -> Vec<f32> {
            rows.iter()
                .flat_map(|&row| [f32::from(row), f32::from(row) + 0.5])
                .collect()
        };
        let change = GgufChange::HalvesInTurn { heads: 2 };
        let apart = TensorValues::F32(rows([0, 2, 1, 3, 4, 6, 5, 7])).changed(change, &[8, 2]);
        let Some(TensorValues::F32(apart)) = apart else {
            panic!("eight rows are two heads of four")
        };
        assert_eq!(apart, rows([0, 1, 2, 3, 4, 5, 6, 7]));
        // Heads of an odd width, and heads that do not fit.
        for (heads, shape) in [(8, [8, 2]), (3, [8, 2]), (0, [8, 2])] {
            assert!(
                TensorValues::F32(vec![0.0; 16])
                    .changed(GgufChange::HalvesInTurn { heads }, &shape)
                    .is_none()
            );
        }
    }

    /// By hand: two heads of two rows, of which the file has the queries 0 to 3, the keys 4 to 7 and the values 8 to 11.
    #[test]
    fn parts_of_heads_take_turns_and_one_is_taken_off() {
        let change = GgufChange::PartsOfHeads { heads: 2 };
        let rows = (0..12_u8).map(f32::from).collect();
        let turn = TensorValues::F32(rows).changed(change, &[12, 1]);
        let Some(TensorValues::F32(turn)) = turn else {
            panic!("twelve rows are three parts of two heads")
        };
        let expected = [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11].map(|row: u8| f32::from(row));
        assert_eq!(turn, expected);
        for heads in [0, 5, usize::MAX] {
            let change = GgufChange::PartsOfHeads { heads };
            let values = TensorValues::F32(vec![0.0; 12]);
            assert!(values.changed(change, &[12, 1]).is_none());
        }
        let norm = TensorValues::F32(vec![1.25, 0.5]).changed(GgufChange::OnePlus, &[2]);
        assert!(matches!(norm, Some(TensorValues::F32(it)) if it == [0.25, -0.5]));
    }

    #[test]
    fn one_is_taken_off_before_the_rest_is_rounded() {
        // By hand: above 1 bf16 has steps of 1/128, so that 1 + 5/256 would become 1 + 4/256; 5/256 is one of its numbers.
        let norm = TensorValues::F32(vec![1.0 + 5.0 / 256.0]).changed(GgufChange::OnePlus, &[1]);
        let Some(TensorValues::Bf16(norm)) = norm.map(|norm| norm.narrowed(Dtype::Bf16)) else {
            panic!("it is narrowed")
        };
        assert_eq!(norm[0].to_f32(), 5.0 / 256.0);
    }
}

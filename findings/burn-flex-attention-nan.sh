#!/usr/bin/env bash
# burn 0.22.1's attention on the processor (burn-flex) gives zeros for a query of NaN.
#
# `module::attention` seeks the largest score of each row by comparing, starting from minus infinity. No comparison with
# NaN holds, so in a row of scores that are all NaN the largest stays minus infinity, which is taken to say that the row
# is masked everywhere: its weights become 0, and so does what it gives. Both ways of computing do so, that which keeps
# all scores and that in tiles for long sequences.
#
# A NaN that should show that something broke before (numbers too large for half precision, damaged weights) can end
# here: where it is in the queries alone, what comes after is finite and wrong. PyTorch 2.11.0's
# `scaled_dot_product_attention` gives NaN for such a query, in f32, f16 and bf16, and 0 for a row that is masked
# everywhere.
#
# Seen with the versions below, built with Rust 1.95.0, in f32, f16 and bf16, with 4 keys and with 262144: 0 for the
# query of NaN from `module::attention`, NaN from burn's own `matmul` and `softmax` on the same numbers; 3 from both for
# the query beside it, as it should be.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/Cargo.toml" <<'T'
[package]
name = "show"
version = "0.0.0"
edition = "2024"
rust-version = "1.95"

[profile.dev]
debug = 0

[dependencies]
burn = { version = "=0.22.1", default-features = false, features = ["std", "flex"] }
T
# The rest of burn is pinned, without features that burn does not ask for.
for part in backend backend-extension core derive dispatch einsum flex ir linalg nn pack std tensor; do
  echo "burn-$part = { version = \"=0.22.1\", default-features = false }" >> "$work/Cargo.toml"
done
mkdir "$work/src"
cat > "$work/src/main.rs" <<'R'
use burn::tensor::{DType, Device, Tensor, TensorData, activation, module, ops::AttentionModuleOptions};

fn tensor(numbers: Vec<f32>, shape: [usize; 4], dtype: DType) -> Tensor<4> {
    Tensor::from_data(TensorData::new(numbers, shape), (&Device::flex(), dtype))
}

fn numbers(tensor: Tensor<4>) -> Vec<f32> {
    let data = tensor.cast(DType::F32).into_data();
    data.iter::<f32>().collect()
}

/// What two queries get, the first all 0, the second all NaN: from the attention, and from its parts.
fn attend(keys: usize, dtype: DType) -> [Vec<f32>; 2] {
    let query = tensor([[0.0; 4], [f32::NAN; 4]].concat(), [1, 1, 2, 4], dtype);
    let key = tensor(vec![1.0; keys * 4], [1, 1, keys, 4], dtype);
    // 2 and 4 by turns: a query that sees all keys alike gets 3.
    let value = (0..keys).map(|number| [2.0, 4.0][number % 2]).collect();
    let value = tensor(value, [1, 1, keys, 1], dtype);

    let options = AttentionModuleOptions::default();
    let attention = module::attention(query.clone(), key.clone(), value.clone(), None, None, options);
    // Divided by the square root of the width.
    let scores = query.matmul(key.swap_dims(2, 3)) / 2.0;
    let parts = activation::softmax(scores, 3).matmul(value);
    [numbers(attention), numbers(parts)]
}

fn main() {
    let mut as_described = true;
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        // All scores are kept for up to 262144 of them; here are twice as many as keys.
        for keys in [4, 262_144] {
            let [attention, parts] = attend(keys, dtype);
            println!("{dtype:?}, {keys} keys: attention {attention:?}, matmul and softmax {parts:?}");
            as_described &= attention == [3.0, 0.0] && parts[0] == 3.0 && parts[1].is_nan();
        }
    }
    if !as_described {
        eprintln!("this has changed");
        std::process::exit(1);
    }
}
R
cargo run --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target"

//! How a tensor's numbers are stored: plainly, or quantized in blocks of a scale and small whole numbers.
//!
//! Each block becomes f32 in the same operations and the same order as in PyPI's `gguf` 0.19, so that every bit is the
//! same; `tests/gguf/reference.py` records that program's numbers. Multiplication and addition stay apart: a fused
//! product would round differently.

use half::f16;

/// A way to store numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// 32 bits.
    F32,
    /// 16 bits, 10 of them fraction.
    F16,
    /// 16 bits, 7 of them fraction.
    Bf16,
    /// Blocks of 32 numbers: a scale, 4 bits each.
    Q4_0,
    /// Blocks of 32: a scale, an offset, 4 bits each.
    Q4_1,
    /// Blocks of 32: a scale, 5 bits each.
    Q5_0,
    /// Blocks of 32: a scale, an offset, 5 bits each.
    Q5_1,
    /// Blocks of 32: a scale, 8 bits each.
    Q8_0,
    /// Blocks of 256 in 16 parts with a scale and an offset of 4 bits each; 2 bits a number.
    Q2K,
    /// Blocks of 256 in 16 parts with a scale of 6 bits; 3 bits a number.
    Q3K,
    /// Blocks of 256 in 8 parts with a scale and an offset of 6 bits each; 4 bits a number.
    Q4K,
    /// Blocks of 256 in 8 parts with a scale and an offset of 6 bits each; 5 bits a number.
    Q5K,
    /// Blocks of 256 in 16 parts with a scale of 8 bits; 6 bits a number.
    Q6K,
}

/// The types that are not read, by their codes, for messages.
const OTHERS: [(u32, &str); 22] = [
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (36, "IQ4_NL_4_4"),
    (37, "IQ4_NL_4_8"),
    (38, "IQ4_NL_8_8"),
    (39, "MXFP4"),
];

impl BlockType {
    /// All types that are read, in the order of their codes.
    pub const ALL: [Self; 13] = [
        Self::F32,
        Self::F16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
        Self::Bf16,
    ];

    /// The type of a code of the format; else the name of a type that is not read, or the code.
    pub fn of_code(code: u32) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|block| block.code() == code);
        known.ok_or_else(|| {
            let other = OTHERS.iter().find(|(known, _)| *known == code);
            other.map_or_else(
                || format!("the type {code}"),
                |(_, name)| (*name).to_owned(),
            )
        })
    }

    const fn code(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q5_0 => 6,
            Self::Q5_1 => 7,
            Self::Q8_0 => 8,
            Self::Q2K => 10,
            Self::Q3K => 11,
            Self::Q4K => 12,
            Self::Q5K => 13,
            Self::Q6K => 14,
            Self::Bf16 => 30,
        }
    }

    /// The format's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q2K => "Q2_K",
            Self::Q3K => "Q3_K",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
        }
    }

    /// The numbers of a block, and its bytes.
    pub const fn size(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q8_0 => (32, 34),
            Self::Q2K => (256, 84),
            Self::Q3K => (256, 110),
            Self::Q4K => (256, 144),
            Self::Q5K => (256, 176),
            Self::Q6K => (256, 210),
        }
    }

    /// The numbers of whole blocks, into `numbers`.
    ///
    /// # Panics
    /// When `bytes` and `numbers` are not as many blocks each.
    pub fn dequantize(self, bytes: &[u8], numbers: &mut [f32]) {
        let (count, size) = self.size();
        assert_eq!(bytes.len() / size, numbers.len() / count, "as many blocks");
        let blocks = bytes
            .chunks_exact(size)
            .zip(numbers.chunks_exact_mut(count));
        match self {
            Self::F32 => blocks.for_each(|(block, out)| {
                out[0] = f32::from_le_bytes([block[0], block[1], block[2], block[3]]);
            }),
            Self::F16 => blocks.for_each(|(block, out)| out[0] = half_at(block, 0)),
            Self::Bf16 => blocks.for_each(|(block, out)| {
                out[0] = half::bf16::from_le_bytes([block[0], block[1]]).to_f32();
            }),
            Self::Q4_0 => blocks.for_each(|(block, out)| {
                let scale = half_at(block, 0);
                of_codes(out, nibbles(&block[2..]), |code| {
                    scale * (i16::from(code) - 8) as f32
                });
            }),
            Self::Q4_1 => blocks.for_each(|(block, out)| {
                let (scale, offset) = (half_at(block, 0), half_at(block, 2));
                of_codes(out, nibbles(&block[4..]), |code| {
                    scale * f32::from(code) + offset
                });
            }),
            Self::Q5_0 => blocks.for_each(|(block, out)| {
                let scale = half_at(block, 0);
                fill(out, |i| {
                    let code = nibble(&block[6..], i) | bit(&block[2..], i) << 4;
                    scale * (i16::from(code) - 16) as f32
                });
            }),
            Self::Q5_1 => blocks.for_each(|(block, out)| {
                let (scale, offset) = (half_at(block, 0), half_at(block, 2));
                fill(out, |i| {
                    let code = nibble(&block[8..], i) | bit(&block[4..], i) << 4;
                    scale * f32::from(code) + offset
                });
            }),
            Self::Q8_0 => blocks.for_each(|(block, out)| {
                let scale = half_at(block, 0);
                fill(out, |i| f32::from(block[2 + i].cast_signed()) * scale);
            }),
            Self::Q2K => blocks.for_each(|(block, out)| q2_k(block, out)),
            Self::Q3K => blocks.for_each(|(block, out)| q3_k(block, out)),
            Self::Q4K => blocks.for_each(|(block, out)| q4_k(block, out)),
            Self::Q5K => blocks.for_each(|(block, out)| q5_k(block, out)),
            Self::Q6K => blocks.for_each(|(block, out)| q6_k(block, out)),
        }
    }
}

fn half_at(block: &[u8], place: usize) -> f32 {
    f16::from_le_bytes([block[place], block[place + 1]]).to_f32()
}

fn fill(out: &mut [f32], number: impl Fn(usize) -> f32) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = number(i);
    }
}

/// Fills 32 numbers from their codes; of a known count, so that compilers use vectors.
fn of_codes(out: &mut [f32], codes: [u8; 32], number: impl Fn(u8) -> f32) {
    let Some(out) = out.first_chunk_mut::<32>() else {
        unreachable!("a block has 32 numbers")
    };
    for (out, code) in out.iter_mut().zip(codes) {
        *out = number(code);
    }
}

/// The 4 bits of each of 32 numbers.
fn nibbles(bytes: &[u8]) -> [u8; 32] {
    let mut codes = [0; 32];
    let (low, high) = codes.split_at_mut(16);
    for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
        (*low, *high) = (byte & 0xF, byte >> 4);
    }
    codes
}

/// The 4 bits of number `i` of 32: the low halves of 16 bytes, then their high ones.
fn nibble(bytes: &[u8], i: usize) -> u8 {
    bytes[i % 16] >> (4 * (i / 16)) & 0xF
}

/// The bit of number `i`, eight in a byte.
fn bit(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 8] >> (i % 8) & 1
}

/// The 2 bits of number `i` of 256: 32 bytes hold 128 numbers, bits 0 and 1 of all of them first.
fn pair(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 128 * 32 + i % 32] >> (2 * (i % 128 / 32)) & 3
}

/// The 4 bits of number `i` of 256: each 32 bytes hold 64 numbers, the low halves first.
fn half_byte(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 64 * 32 + i % 32] >> (4 * (i % 64 / 32)) & 0xF
}

/// Bit `i / 32` of byte `i % 32`.
fn plane(bytes: &[u8], i: usize) -> u8 {
    bytes[i % 32] >> (i / 32) & 1
}

fn q2_k(block: &[u8], out: &mut [f32]) {
    let (scales, codes) = (&block[..16], &block[16..80]);
    let (scale, offset) = (half_at(block, 80), half_at(block, 82));
    fill(out, |i| {
        let part = scales[i / 16];
        let scale = scale * f32::from(part & 0xF);
        let offset = offset * f32::from(part >> 4);
        scale * f32::from(pair(codes, i)) - offset
    });
}

fn q3_k(block: &[u8], out: &mut [f32]) {
    let (high, codes, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let all = half_at(block, 108);
    fill(out, |i| {
        let part = i / 16;
        let low = scales[part % 8] >> (4 * (part / 8)) & 0xF;
        let top = scales[8 + part % 4] >> (2 * (part / 4)) & 3;
        let scale = all * (i16::from(low | top << 4) - 32) as f32;
        // The bit says that 4 is not taken away.
        let code = i16::from(pair(codes, i)) - i16::from((plane(high, i) ^ 1) << 2);
        scale * code as f32
    });
}

/// Scale and offset of part `part` of 8, 6 bits each in 12 bytes.
fn scale_and_offset(scales: &[u8], part: usize) -> (f32, f32) {
    let (scale, offset) = if part < 4 {
        (scales[part] & 0x3F, scales[4 + part] & 0x3F)
    } else {
        let place = part - 4;
        let low = scales[8 + place];
        (
            low & 0xF | scales[place] >> 2 & 0x30,
            low >> 4 | scales[4 + place] >> 2 & 0x30,
        )
    };
    (f32::from(scale), f32::from(offset))
}

fn q4_k(block: &[u8], out: &mut [f32]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    let (scales, codes) = (&block[4..16], &block[16..144]);
    fill(out, |i| {
        let (of_scale, of_offset) = scale_and_offset(scales, i / 32);
        (scale * of_scale) * f32::from(half_byte(codes, i)) - offset * of_offset
    });
}

fn q5_k(block: &[u8], out: &mut [f32]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    let (scales, high, codes) = (&block[4..16], &block[16..48], &block[48..176]);
    fill(out, |i| {
        let (of_scale, of_offset) = scale_and_offset(scales, i / 32);
        let code = half_byte(codes, i) | plane(high, i) << 4;
        (scale * of_scale) * f32::from(code) - offset * of_offset
    });
}

fn q6_k(block: &[u8], out: &mut [f32]) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let all = half_at(block, 208);
    fill(out, |i| {
        let scale = all * f32::from(scales[i / 16].cast_signed());
        // 64 bytes hold 128 numbers, the low halves first.
        let nibble = low[i / 128 * 64 + i % 64] >> (4 * (i % 128 / 64)) & 0xF;
        let code = nibble | pair(high, i) << 4;
        scale * (i16::from(code) - 32) as f32
    });
}

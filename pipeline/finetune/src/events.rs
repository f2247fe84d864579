//! TensorBoard's event files: records of protocol buffers, each with checksums.
//!
//! A record is `u64 length, u32 masked crc of the length, bytes, u32 masked crc of the bytes`, little-endian
//! (tensorflow/core/lib/io/record_writer.h). A message is an `Event` (tensorflow/core/util/event.proto): `wall_time` is
//! field 1, `step` 2, `file_version` 3 and `summary` 5, whose `value` (1) has a `tag` (1) and a `simple_value` (2).

/// The name that TensorBoard looks for; there is one file a run.
pub(crate) const FILE: &str = "events.out.tfevents.0";

/// The record that every file begins with.
pub(crate) fn version(wall_time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    double(1, wall_time, &mut event);
    bytes(3, b"brain.Event:2", &mut event);
    record(&event)
}

/// The record of a step's numbers.
pub(crate) fn scalars(wall_time: f64, step: u64, values: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, value) in values {
        let mut message = Vec::new();
        bytes(1, tag.as_bytes(), &mut message);
        key(2, FIXED_32, &mut message);
        message.extend((*value as f32).to_le_bytes());
        bytes(1, &message, &mut summary);
    }
    let mut event = Vec::new();
    double(1, wall_time, &mut event);
    key(2, VARINT, &mut event);
    varint(step, &mut event);
    bytes(5, &summary, &mut event);
    record(&event)
}

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FIXED_32: u64 = 5;

fn key(field: u64, wire_type: u64, out: &mut Vec<u8>) {
    varint((field << 3) | wire_type, out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn double(field: u64, value: f64, out: &mut Vec<u8>) {
    key(field, FIXED_64, out);
    out.extend(value.to_le_bytes());
}

fn bytes(field: u64, value: &[u8], out: &mut Vec<u8>) {
    key(field, LENGTH_DELIMITED, out);
    varint(value.len() as u64, out);
    out.extend(value);
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc(data).to_le_bytes());
    record
}

/// A checksum of data that holds checksums (tensorflow/core/lib/hash/crc32c.h).
fn masked_crc(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit: a step writes two hundred bytes.
fn crc32c(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // The catalogue's check value, and RFC 3720, B.4.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        let of = |value| {
            let mut out = Vec::new();
            varint(value, &mut out);
            out
        };
        assert_eq!(of(0), [0]);
        assert_eq!(of(127), [127]);
        // 300 = 2 · 128 + 44, the example of protobuf's documentation.
        assert_eq!(of(300), [0xac, 0x02]);
    }

    /// The record of a message whose bytes are written out by hand; tests/events.py computes the checksums.
    fn framed(message: &[u8], crc_of_length: u32, crc: u32) -> Vec<u8> {
        let mut record = (message.len() as u64).to_le_bytes().to_vec();
        record.extend(crc_of_length.to_le_bytes());
        record.extend(message);
        record.extend(crc.to_le_bytes());
        record
    }

    #[test]
    fn a_file_begins_with_its_version() {
        // 1.5 is 0x3ff8000000000000.
        let message = b"\x09\0\0\0\0\0\0\xf8\x3f\x1a\x0dbrain.Event:2";
        assert_eq!(version(1.5), framed(message, 0x224b_7fa3, 0x6c64_282a));
    }

    #[test]
    fn a_step_is_a_summary_of_its_numbers() {
        // 0.5f32 is 0x3f000000, −2.0f32 is 0xc0000000; step 300.
        let message = b"\x09\0\0\0\0\0\0\xf8\x3f\x10\xac\x02\x2a\x19\
            \x0a\x0b\x0a\x04loss\x15\0\0\0\x3f\
            \x0a\x0a\x0a\x03abc\x15\0\0\0\xc0";
        let values = [("loss", 0.5), ("abc", -2.0)];
        assert_eq!(
            scalars(1.5, 300, &values),
            framed(message, 0x46b1_e1bb, 0xdcea_816d)
        );
    }
}

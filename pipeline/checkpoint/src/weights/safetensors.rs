//! The safetensors format: the length of a JSON header, the header, the bytes of all tensors.
//!
//! Files are read at positions rather than mapped: memory stays bounded in the same way, and a file that
//! is cut off while it is read ends in an error instead of a signal.

use super::values::StoredDtype;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::{self, Formatter},
    fs::File,
    io::{self, Read},
    ops::Range,
};

/// The header's names, element types, shapes and places.
pub type SafetensorsHeader = BTreeMap<String, TensorEntry>;

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// The element type, as the file spells it.
    pub dtype: String,
    /// The shape.
    pub shape: Vec<usize>,
    /// The bytes in the file.
    pub bytes: Range<u64>,
}

/// A header of the size that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Raw {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The header's keys as they stand there, so that none hides another.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, text: &mut Formatter) -> fmt::Result {
                text.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        from.deserialize_map(Reader)
    }
}

/// Reads a file's header.
pub(super) fn read_header(file: &mut File) -> io::Result<Result<SafetensorsHeader, String>> {
    let length = file.metadata()?.len();
    let mut size = [0; 8];
    if length < 8 {
        return Ok(Err(format!("it has {length} bytes, too few for a header")));
    }
    file.read_exact(&mut size)?;
    let size = u64::from_le_bytes(size);
    if size > LONGEST_HEADER || size > length - 8 {
        return Ok(Err(format!(
            "its header claims {size} bytes, and the file has {length}"
        )));
    }
    let mut json = vec![0; size as usize];
    file.read_exact(&mut json)?;
    Ok(parse_header(&json, length))
}

/// Reads a header's JSON for a file of `length` bytes; says what is wrong with it.
///
/// Every tensor lies inside the file, holds as many bytes as its shape and type take, and overlaps no other.
pub fn parse_header(json: &[u8], length: u64) -> Result<SafetensorsHeader, String> {
    let Entries(values) = serde_json::from_slice(json)
        .map_err(|error| format!("its header is not a JSON object: {error}"))?;
    let start = 8 + json.len() as u64;
    let mut header = SafetensorsHeader::new();
    for (name, value) in values {
        if name == "__metadata__" {
            continue;
        }
        let raw = Raw::deserialize(value).map_err(|error| format!("`{name}`: {error}"))?;
        let [from, to] = raw.data_offsets;
        let place = from <= to && start.checked_add(to).is_some_and(|end| end <= length);
        if !place {
            return Err(format!(
                "`{name}` should be at {from} to {to}, but the file ends at {}",
                length.saturating_sub(start)
            ));
        }
        let elements = raw
            .shape
            .iter()
            .try_fold(1_u64, |product, &n| product.checked_mul(n));
        // Types that we do not read may have any size; they are refused when they are asked for.
        if let Some(element) = StoredDtype::of_safetensors(&raw.dtype)
            && elements.and_then(|elements| elements.checked_mul(element.size().1 as u64))
                != Some(to - from)
        {
            return Err(format!(
                "`{name}` of shape {:?} in {} cannot have {} bytes",
                raw.shape,
                raw.dtype,
                to - from
            ));
        }
        let shape = raw
            .shape
            .iter()
            .map(|&n| usize::try_from(n))
            .collect::<Result<_, _>>();
        let shape = shape.map_err(|_| format!("`{name}` is larger than memory"))?;
        let entry = TensorEntry {
            dtype: raw.dtype,
            shape,
            bytes: start + from..start + to,
        };
        if header.insert(name.clone(), entry).is_some() {
            return Err(format!("its header names `{name}` twice"));
        }
    }
    let mut places: Vec<_> = header
        .iter()
        .map(|(name, entry)| (&entry.bytes, name))
        .collect();
    places.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
    for pair in places.windows(2) {
        let [(first, one), (second, other)] = pair else {
            continue;
        };
        if first.end > second.start {
            return Err(format!("`{one}` and `{other}` overlap"));
        }
    }
    Ok(header)
}

//! The container: a header of typed keys, a table of tensors, and their bytes.
//!
//! Nothing in it is trusted: a length that the file has no room for ends in an error before memory is asked for.

use super::{BlockType, GgufValue, value::ValueType};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    ops::Range,
};

/// The header of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufHeader {
    /// The keys and what they say.
    pub metadata: BTreeMap<String, GgufValue>,
    /// The tensors by name.
    pub tensors: BTreeMap<String, GgufTensor>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufTensor {
    /// How its numbers are stored.
    pub block: BlockType,
    /// The shape, the slowest dimension first as in safetensors; the file has it the other way round.
    pub shape: Vec<usize>,
    /// The bytes in the file.
    pub bytes: Range<u64>,
}

/// What the format has for a file that says nothing of its alignment.
const DEFAULT_ALIGNMENT: u64 = 32;
const ALIGNMENT: &str = "general.alignment";
/// The most dimensions that the format has.
const MOST_DIMENSIONS: u32 = 4;
/// The longest name or key.
const LONGEST_NAME: u64 = 1 << 16;
/// The longest text that a key may hold: far above every chat template.
const LONGEST_TEXT: u64 = 1 << 26;
/// The most items of a list: far above every vocabulary.
const MOST_ITEMS: u64 = 1 << 24;
/// Lists in lists deeper than this are nobody's.
const DEEPEST: usize = 4;

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GgufProblem {
    /// It is cut off, or not what it says; why.
    Damaged(String),
    /// This tensor is stored in a type that is not read.
    Element {
        /// The tensor.
        name: String,
        /// The type, as the format calls it.
        element: String,
    },
}

/// Reads the header of a file of `length` bytes from its start; says what is wrong with it.
///
/// Every tensor lies inside the file, holds as many bytes as its shape and type take, and overlaps no other.
pub fn read_gguf_header(
    from: impl Read,
    length: u64,
) -> io::Result<Result<GgufHeader, GgufProblem>> {
    let mut reader = HeaderReader {
        from,
        place: 0,
        length,
    };
    match reader.header() {
        Ok(header) => Ok(Ok(header)),
        Err(Stop::Wrong(problem)) => Ok(Err(problem)),
        Err(Stop::Failed(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let problem = "it ends inside its header".to_owned();
            Ok(Err(GgufProblem::Damaged(problem)))
        }
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Why reading stops.
enum Stop {
    Wrong(GgufProblem),
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

fn wrong<T>(problem: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Wrong(GgufProblem::Damaged(problem.into())))
}

struct HeaderReader<R> {
    from: R,
    /// Bytes that were read.
    place: u64,
    /// Bytes of the file.
    length: u64,
}

/// An entry of the table of tensors, before it is known where the bytes begin.
struct Entry {
    name: String,
    block: BlockType,
    shape: Vec<usize>,
    offset: u64,
    length: u64,
}

impl<R: Read> HeaderReader<R> {
    fn header(&mut self) -> Result<GgufHeader, Stop> {
        let magic: [u8; 4] = self.array()?;
        if &magic != b"GGUF" {
            return wrong("it does not begin with `GGUF`");
        }
        match self.u32()? {
            2 | 3 => {}
            1 => return wrong("it is GGUF of version 1, and versions 2 and 3 are supported"),
            version if version.swap_bytes() < 1 << 16 => {
                return wrong(
                    "its bytes are in big-endian order, and little-endian files are supported",
                );
            }
            version => {
                return wrong(format!(
                    "it is GGUF of version {version}, and versions 2 and 3 are supported"
                ));
            }
        }
        let tensors = self.u64()?;
        let keys = self.u64()?;
        // The shortest key has 8 + 1 + 4 + 1 bytes, the shortest tensor 8 + 1 + 4 + 8 + 4 + 8.
        self.room(keys, 14, "keys")?;
        self.room(tensors, 33, "tensors")?;
        let mut metadata = BTreeMap::new();
        for _ in 0..keys {
            let key = self.name("a key")?;
            let kind = self.value_type(&key)?;
            let value = self.value(kind, &key, 0)?;
            if metadata.insert(key.clone(), value).is_some() {
                return wrong(format!("it has the key `{key}` twice"));
            }
        }
        let mut entries = Vec::new();
        for _ in 0..tensors {
            entries.push(self.entry()?);
        }
        let start = self.start_of_data(&metadata)?;
        Ok(GgufHeader {
            metadata,
            tensors: self.tensors(entries, start)?,
        })
    }

    fn entry(&mut self) -> Result<Entry, Stop> {
        let name = self.name("a tensor's name")?;
        let dimensions = self.u32()?;
        if dimensions == 0 || dimensions > MOST_DIMENSIONS {
            return wrong(format!("`{name}` has {dimensions} dimensions"));
        }
        let mut shape = Vec::new();
        let mut elements = 1_u64;
        for _ in 0..dimensions {
            let size = self.u64()?;
            let product = elements.checked_mul(size).filter(|_| size > 0);
            let (Some(product), Ok(size)) = (product, usize::try_from(size)) else {
                return wrong(format!("`{name}` has a dimension of {size}"));
            };
            elements = product;
            shape.push(size);
        }
        let block = BlockType::of_code(self.u32()?);
        let block = block.map_err(|element| {
            let name = name.clone();
            Stop::Wrong(GgufProblem::Element { name, element })
        })?;
        let offset = self.u64()?;
        let (numbers, bytes) = block.size();
        let row = shape[0] as u64;
        if !row.is_multiple_of(numbers as u64) {
            return wrong(format!(
                "`{name}` has rows of {row} numbers, and {} stores {numbers} at a time",
                block.name()
            ));
        }
        let Some(length) = (elements / numbers as u64).checked_mul(bytes as u64) else {
            return wrong(format!("`{name}` is larger than any file"));
        };
        shape.reverse();
        Ok(Entry {
            name,
            block,
            shape,
            offset,
            length,
        })
    }

    /// Where the tensors' bytes begin: after the header, aligned.
    fn start_of_data(&self, metadata: &BTreeMap<String, GgufValue>) -> Result<u64, Stop> {
        let alignment = match metadata.get(ALIGNMENT) {
            None => DEFAULT_ALIGNMENT,
            Some(value) => match value.count() {
                Some(alignment @ 1..=0x10_0000) if alignment.is_power_of_two() => alignment as u64,
                Some(_) | None => return wrong(format!("`{ALIGNMENT}` is {value}")),
            },
        };
        Ok(self.place.next_multiple_of(alignment))
    }

    fn tensors(
        &self,
        entries: Vec<Entry>,
        start: u64,
    ) -> Result<BTreeMap<String, GgufTensor>, Stop> {
        let mut tensors = BTreeMap::new();
        for entry in entries {
            let from = start.checked_add(entry.offset);
            let to = from.and_then(|from| from.checked_add(entry.length));
            let (Some(from), Some(to)) = (from, to.filter(|&to| to <= self.length)) else {
                return wrong(format!(
                    "`{}` should have {} bytes from {} on, but the file ends at {}",
                    entry.name,
                    entry.length,
                    start.saturating_add(entry.offset),
                    self.length
                ));
            };
            let tensor = GgufTensor {
                block: entry.block,
                shape: entry.shape,
                bytes: from..to,
            };
            if tensors.insert(entry.name.clone(), tensor).is_some() {
                return wrong(format!("it has the tensor `{}` twice", entry.name));
            }
        }
        let places: BTreeSet<_> = tensors
            .iter()
            .map(|(name, tensor)| (tensor.bytes.start, tensor.bytes.end, name))
            .collect();
        let mut before: Option<(u64, &String)> = None;
        for (start, end, name) in places {
            if let Some((ends, other)) = before
                && ends > start
            {
                return wrong(format!("`{other}` and `{name}` overlap"));
            }
            before = Some((end, name));
        }
        Ok(tensors)
    }

    fn value(&mut self, kind: ValueType, key: &str, depth: usize) -> Result<GgufValue, Stop> {
        Ok(match kind {
            ValueType::U8 => GgufValue::Integer(i128::from(u8::from_le_bytes(self.array()?))),
            ValueType::I8 => GgufValue::Integer(i128::from(i8::from_le_bytes(self.array()?))),
            ValueType::U16 => GgufValue::Integer(i128::from(u16::from_le_bytes(self.array()?))),
            ValueType::I16 => GgufValue::Integer(i128::from(i16::from_le_bytes(self.array()?))),
            ValueType::U32 => GgufValue::Integer(i128::from(self.u32()?)),
            ValueType::I32 => GgufValue::Integer(i128::from(i32::from_le_bytes(self.array()?))),
            ValueType::U64 => GgufValue::Integer(i128::from(self.u64()?)),
            ValueType::I64 => GgufValue::Integer(i128::from(i64::from_le_bytes(self.array()?))),
            ValueType::F32 => GgufValue::F32(f32::from_le_bytes(self.array()?)),
            ValueType::F64 => GgufValue::F64(f64::from_le_bytes(self.array()?)),
            ValueType::Bool => match self.array::<1>()? {
                [0] => GgufValue::Bool(false),
                [1] => GgufValue::Bool(true),
                [other] => return wrong(format!("`{key}` is {other}, not true or false")),
            },
            ValueType::Text => GgufValue::Text(self.text(LONGEST_TEXT, &format!("`{key}`"))?),
            ValueType::Array => {
                if depth == DEEPEST {
                    return wrong(format!("`{key}` has lists in lists"));
                }
                let kind = self.value_type(key)?;
                let count = self.u64()?;
                self.room(count, kind.least_bytes(), &format!("items of `{key}`"))?;
                if count > MOST_ITEMS {
                    return wrong(format!("`{key}` has {count} items"));
                }
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.value(kind, key, depth + 1)?);
                }
                GgufValue::List(items)
            }
        })
    }

    fn value_type(&mut self, key: &str) -> Result<ValueType, Stop> {
        let code = self.u32()?;
        match ValueType::of_code(code) {
            Some(kind) => Ok(kind),
            None => wrong(format!("`{key}` has a type {code} that the format lacks")),
        }
    }

    /// Fails unless the rest of the file could hold `count` things of at least `least` bytes.
    fn room(&self, count: u64, least: u64, what: &str) -> Result<(), Stop> {
        match count.checked_mul(least) {
            Some(bytes) if bytes <= self.length.saturating_sub(self.place) => Ok(()),
            Some(_) | None => wrong(format!(
                "it claims {count} {what}, and the file has {} bytes",
                self.length
            )),
        }
    }

    fn name(&mut self, what: &str) -> Result<String, Stop> {
        self.text(LONGEST_NAME, what)
    }

    fn text(&mut self, longest: u64, what: &str) -> Result<String, Stop> {
        let length = self.u64()?;
        self.room(length, 1, &format!("bytes of {what}"))?;
        if length > longest {
            return wrong(format!("{what} has {length} bytes"));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => wrong(format!("{what} is not UTF-8")),
        }
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        self.from.read_exact(bytes)?;
        self.place += bytes.len() as u64;
        Ok(())
    }
}

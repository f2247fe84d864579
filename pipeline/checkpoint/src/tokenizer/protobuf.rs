//! The part of the protobuf wire format that SentencePiece models use, read from bytes that nobody vouches for.

/// Where a SentencePiece model stops being valid protobuf, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {problem}")]
pub struct ProtobufError {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// What is wrong.
    pub problem: &'static str,
}

/// The fields of a message, one after the other.
pub(crate) struct ProtobufFields<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the message starts in the file.
    start: usize,
}

/// One field.
pub(crate) struct ProtobufField<'a> {
    /// Its number in the schema.
    pub number: u64,
    /// Where its value starts in the file.
    pub offset: usize,
    value: FieldValue<'a>,
}

enum FieldValue<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64,
    Bytes(&'a [u8]),
}

impl<'a> ProtobufFields<'a> {
    /// The fields of a whole file.
    pub fn of_file(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            start: 0,
        }
    }

    /// The next field, `None` at the end of the message.
    pub fn next(&mut self) -> Result<Option<ProtobufField<'a>>, ProtobufError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let mut offset = self.start + self.at;
        let value = match tag & 7 {
            0 => FieldValue::Varint(self.varint()?),
            1 => {
                self.take(8)?;
                FieldValue::Fixed64
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| self.cut())?;
                offset = self.start + self.at;
                FieldValue::Bytes(self.take(length)?)
            }
            5 => {
                let mut word = [0; 4];
                word.copy_from_slice(self.take(4)?);
                FieldValue::Fixed32(u32::from_le_bytes(word))
            }
            _ => {
                return Err(ProtobufError {
                    offset,
                    problem: "a field has a type that protobuf does not have",
                });
            }
        };
        Ok(Some(ProtobufField {
            number: tag >> 3,
            offset,
            value,
        }))
    }

    fn varint(&mut self) -> Result<u64, ProtobufError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or_else(|| self.cut())?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ProtobufError {
            offset: self.start + self.at,
            problem: "a number has more than 64 bits",
        })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtobufError> {
        let end = self.at.checked_add(length).ok_or_else(|| self.cut())?;
        let bytes = self.bytes.get(self.at..end).ok_or_else(|| self.cut())?;
        self.at = end;
        Ok(bytes)
    }

    fn cut(&self) -> ProtobufError {
        ProtobufError {
            offset: self.start + self.at,
            problem: "the file is cut off, or is not protobuf",
        }
    }
}

impl<'a> ProtobufField<'a> {
    /// The fields of a message inside the message.
    pub fn message(&self) -> Result<ProtobufFields<'a>, ProtobufError> {
        Ok(ProtobufFields {
            bytes: self.bytes()?,
            at: 0,
            start: self.offset,
        })
    }

    /// Bytes.
    pub fn bytes(&self) -> Result<&'a [u8], ProtobufError> {
        match self.value {
            FieldValue::Bytes(bytes) => Ok(bytes),
            FieldValue::Varint(_) | FieldValue::Fixed32(_) | FieldValue::Fixed64 => {
                Err(self.wrong())
            }
        }
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str, ProtobufError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| ProtobufError {
            offset: self.offset,
            problem: "a text is not UTF-8",
        })
    }

    /// A number, where negative ones are written in 64 bits of two's complement.
    pub fn int(&self) -> Result<i64, ProtobufError> {
        match self.value {
            FieldValue::Varint(value) => Ok(value.cast_signed()),
            FieldValue::Bytes(_) | FieldValue::Fixed32(_) | FieldValue::Fixed64 => {
                Err(self.wrong())
            }
        }
    }

    /// A truth value.
    pub fn flag(&self) -> Result<bool, ProtobufError> {
        Ok(self.int()? != 0)
    }

    /// A float.
    pub fn float(&self) -> Result<f32, ProtobufError> {
        match self.value {
            FieldValue::Fixed32(bits) => Ok(f32::from_bits(bits)),
            FieldValue::Varint(_) | FieldValue::Bytes(_) | FieldValue::Fixed64 => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> ProtobufError {
        ProtobufError {
            offset: self.offset,
            problem: "a field does not have the type that SentencePiece gives it",
        }
    }
}

use crate::{
    CheckpointError,
    gguf::GgufFile,
    tokenizer::{TokenizerError, gguf_tokenizer_files},
};
use std::{fs, io::ErrorKind, path::Path};

/// One of the small files next to a model's weights, such as `generation_config.json`; `None` if there is none.
///
/// Of a folder it is what lies there. A model in GGUF has `config.json`, `generation_config.json`, `tokenizer.json` and
/// `tokenizer_config.json`, made of its metadata: with them and the weights, other programs load the same model. They
/// know no scores of a SentencePiece vocabulary: `tokenizer.json` has the nearest list of merges.
///
/// # Errors
/// A file that cannot be read, or metadata that do not describe a model.
pub fn settings_file(model: &Path, name: &str) -> Result<Option<Vec<u8>>, TokenizerError> {
    if let Some(gguf) = GgufFile::open(model)? {
        let text = match name {
            "config.json" => gguf.config()?,
            "generation_config.json" => gguf.generation_config()?,
            "tokenizer.json" => gguf_tokenizer_files(&gguf)?.0,
            "tokenizer_config.json" => gguf_tokenizer_files(&gguf)?.1,
            _ => return Ok(None),
        };
        return Ok(Some(text.into_bytes()));
    }
    let path = model.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CheckpointError::Read { path, source }.into()),
    }
}

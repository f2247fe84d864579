//! Which files of a folder are the model's weights: one rule for what is downloaded and for what is read.

use crate::CheckpointError;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Where a model's weights are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightFiles {
    /// In these files, all of them.
    Files(Vec<String>),
    /// In the files that this index names.
    Index(String),
    /// In this GGUF file, or in these parts of one, in their order; configuration and tokenizer are in them too.
    Gguf(Vec<String>),
}

/// Why a folder has no complete set of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingWeights {
    /// No file is one of weights.
    Nothing,
    /// This shard is missing; others of its set are there.
    Shard(String),
    /// These files belong to several sets of shards, and no index says which counts.
    Several(Vec<String>),
}

impl MissingWeights {
    /// Whether GGUF files are what is not complete, or not one.
    pub(crate) fn is_of_gguf(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Shard(name) => is_gguf(name),
            Self::Several(names) => names.iter().all(|name| is_gguf(name)),
        }
    }
}

/// The names that transformers knows, in its order, and whether they are indices.
const KNOWN: [(&str, bool); 4] = [
    ("model.safetensors", false),
    ("model.safetensors.index.json", true),
    ("pytorch_model.bin", false),
    ("pytorch_model.bin.index.json", true),
];

/// How the names of other files of weights begin and end. What else ends in `.bin` is not weights (`training_args.bin`).
const OTHERS: [(&str, &str); 2] = [("", ".safetensors"), ("pytorch_model", ".bin")];

/// The weights among the names of a model's files; those in folders are not the model's.
///
/// A folder may hold the same weights several times; one copy is taken. First come the names that transformers knows,
/// then a whole set of shards that lacks its index (`model-00001-of-00002.safetensors`), then whatever else ends in
/// `.safetensors` (`consolidated.safetensors`) but is not an adapter, then the same of `pytorch_model*.bin`, and last one
/// GGUF file or the parts of one.
pub fn weight_files(names: &[String]) -> Result<WeightFiles, MissingWeights> {
    for (known, is_index) in KNOWN {
        if names.iter().any(|name| name == known) {
            return Ok(if is_index {
                WeightFiles::Index(known.to_owned())
            } else {
                WeightFiles::Files(vec![known.to_owned()])
            });
        }
    }
    for (begin, end) in OTHERS {
        let fits = |name: &str| {
            name.starts_with(begin)
                && name.ends_with(end)
                && !name.contains('/')
                && !name.starts_with("adapter_")
        };
        let mut files: Vec<_> = names.iter().filter(|name| fits(name)).cloned().collect();
        if files.is_empty() {
            continue;
        }
        files.sort();
        return one_set(files).map(WeightFiles::Files);
    }
    one_gguf(names)
}

/// How names of GGUF files end, in capitals or not.
const GGUF: &str = ".gguf";

/// Whether a name is a GGUF file's.
fn is_gguf(name: &str) -> bool {
    without_gguf(name).is_some()
}

/// A GGUF file's name without its ending.
fn without_gguf(name: &str) -> Option<&str> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(GGUF.len())?)?;
    end.eq_ignore_ascii_case(GGUF).then_some(stem)
}
/// How files begin that hold what else a model of images and sound needs.
const NO_MODEL: &str = "mmproj";

/// The GGUF files among the names, if they are one model.
fn one_gguf(names: &[String]) -> Result<WeightFiles, MissingWeights> {
    let fits = |name: &&String| is_gguf(name) && !name.contains('/') && !name.starts_with(NO_MODEL);
    let mut files: Vec<_> = names.iter().filter(fits).cloned().collect();
    files.sort();
    let Some(first) = files.first() else {
        return Err(MissingWeights::Nothing);
    };
    one_model(first.clone(), files).map(WeightFiles::Gguf)
}

/// The parts of `first`, or it alone, if that is all of the files.
fn one_model(first: String, files: Vec<String>) -> Result<Vec<String>, MissingWeights> {
    let parts = gguf_parts(&first, &files)?.unwrap_or_else(|| vec![first]);
    if parts.len() == files.len() {
        Ok(parts)
    } else {
        Err(MissingWeights::Several(files))
    }
}

/// The GGUF files of a quantization, such as `Q4_K_M`: one file, or all parts of one, wherever they lie. The name of the
/// file ends in the quantization's, in capitals or not.
pub fn gguf_of(names: &[String], quantization: &str) -> Result<Vec<String>, MissingWeights> {
    let wanted = quantization.to_ascii_uppercase();
    let fits = |name: &&String| {
        let file = name.rsplit('/').next().unwrap_or(name);
        let stem = match Shard::of(file) {
            Some(shard) if shard.end == "gguf" => shard.stem,
            Some(_) | None => match without_gguf(file) {
                Some(stem) => stem,
                None => return false,
            },
        };
        let stem = stem.to_ascii_uppercase();
        let before = stem.strip_suffix(&wanted);
        !file.starts_with(NO_MODEL)
            && before.is_some_and(|before| before.is_empty() || before.ends_with(['-', '.', '_']))
    };
    let mut files: Vec<_> = names.iter().filter(fits).cloned().collect();
    files.sort();
    let Some(first) = files.first() else {
        return Err(MissingWeights::Nothing);
    };
    one_model(first.clone(), files)
}

/// The name of a GGUF file's model: without the ending, and without its number for a part.
pub fn gguf_stem(file: &str) -> Option<&str> {
    match Shard::of(file) {
        Some(shard) if shard.end == "gguf" => Some(shard.stem),
        Some(_) | None => without_gguf(file),
    }
}

/// All parts of the GGUF file that `name` is a part of by its name, found among `names`; `None` for a whole file.
pub(crate) fn gguf_parts(
    name: &str,
    names: &[String],
) -> Result<Option<Vec<String>>, MissingWeights> {
    let Some(Shard {
        stem, count, end, ..
    }) = Shard::of(name).filter(|shard| shard.end == "gguf")
    else {
        return Ok(None);
    };
    let part = |number: u32| {
        let digits = count.text.len();
        format!("{stem}-{number:0digits$}-of-{}.{end}", count.text)
    };
    let parts = (1..=count.value).map(|number| {
        let part = part(number);
        if names.contains(&part) {
            Ok(part)
        } else {
            Err(MissingWeights::Shard(part))
        }
    });
    parts.collect::<Result<_, _>>().map(Some)
}

/// The names of a folder's files. What is not UTF-8 is no name of ours.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, CheckpointError> {
    let unreadable = |source| CheckpointError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A link whose target is gone is as good as no file.
        if let (true, Ok(name)) = (entry.path().is_file(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The shards among the files, if they are all there, or all files where none is a shard.
fn one_set(files: Vec<String>) -> Result<Vec<String>, MissingWeights> {
    let mut sets: BTreeMap<_, BTreeSet<u32>> = BTreeMap::new();
    for shard in files.iter().filter_map(|file| Shard::of(file)) {
        let numbers = sets.entry((shard.stem, shard.count, shard.end));
        numbers.or_default().insert(shard.number);
    }
    let Some(((stem, count, end), numbers)) = sets.pop_first() else {
        return Ok(files);
    };
    let shards = files.iter().filter(|file| Shard::of(file).is_some());
    let shards = shards.cloned().collect();
    if !sets.is_empty() {
        return Err(MissingWeights::Several(shards));
    }
    // Some programs count from 0.
    let first = u32::from(!numbers.contains(&0));
    let mut wanted = first..first.saturating_add(count.value);
    match wanted.find(|number| !numbers.contains(number)) {
        None => Ok(shards),
        Some(number) => Err(MissingWeights::Shard(format!(
            "{stem}-{number:0digits$}-of-{}.{end}",
            count.text,
            digits = count.text.len()
        ))),
    }
}

/// The parts of a name such as `model-00001-of-00002.safetensors`.
struct Shard<'a> {
    stem: &'a str,
    number: u32,
    count: Count<'a>,
    end: &'a str,
}

/// A number as it is written, with its zeros.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Count<'a> {
    text: &'a str,
    value: u32,
}

impl<'a> Shard<'a> {
    fn of(file: &'a str) -> Option<Self> {
        let (before, after) = file.rsplit_once("-of-")?;
        let (stem, number) = before.rsplit_once('-')?;
        let (count, end) = after.split_once('.')?;
        let (Ok(number), Ok(value)) = (number.parse(), count.parse()) else {
            return None;
        };
        Some(Self {
            stem,
            number,
            count: Count { text: count, value },
            end,
        })
    }
}

/// An index of shards: the file of each tensor.
#[derive(Clone, Debug, Deserialize)]
pub struct WeightIndex {
    /// The file of each tensor.
    pub weight_map: BTreeMap<String, String>,
}

impl WeightIndex {
    /// Reads the text of an index.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// The files that it names, each once, sorted.
    pub fn files(&self) -> BTreeSet<&str> {
        self.weight_map.values().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantization_is_the_end_of_a_files_name() {
        let repository = names(&[
            "README.md",
            "m-Q4_K_M.gguf",
            "m-Q4_K_S.gguf",
            "m.q8_0.gguf",
            "m-IQ4_K_M.gguf",
            "mmproj-Q4_K_M.gguf",
            "m-F16/m-F16-00001-of-00002.gguf",
            "m-F16/m-F16-00002-of-00002.gguf",
            "m-BF16-00001-of-00002.gguf",
            "other/m-Q4_K_S.gguf",
        ]);
        let of = |quantization| gguf_of(&repository, quantization);
        assert_eq!(of("Q4_K_M"), Ok(names(&["m-Q4_K_M.gguf"])));
        assert_eq!(of("q8_0"), Ok(names(&["m.q8_0.gguf"])));
        let parts = &repository[6..8];
        assert_eq!(of("F16").as_deref(), Ok(parts));
        let missing = MissingWeights::Shard("m-BF16-00002-of-00002.gguf".to_owned());
        assert_eq!(of("BF16"), Err(missing));
        let several = names(&["m-Q4_K_S.gguf", "other/m-Q4_K_S.gguf"]);
        assert_eq!(of("Q4_K_S"), Err(MissingWeights::Several(several)));
        let several = names(&["m-IQ4_K_M.gguf", "m-Q4_K_M.gguf"]);
        assert_eq!(of("K_M"), Err(MissingWeights::Several(several)));
        assert_eq!(of("Q5_0"), Err(MissingWeights::Nothing));
        assert_eq!(gguf_stem("m-F16-00001-of-00002.gguf"), Some("m-F16"));
        assert_eq!(gguf_stem("m.Q4_1.gguf"), Some("m.Q4_1"));
        assert_eq!(gguf_stem("config.json"), None);
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn takes_one_copy_of_the_weights() {
        let files = |list: &[&str]| Ok(WeightFiles::Files(names(list)));
        let gguf = |list: &[&str]| Ok(WeightFiles::Gguf(names(list)));
        let index = |name: &str| Ok(WeightFiles::Index(name.to_owned()));
        let shard = |name: &str| Err(MissingWeights::Shard(name.to_owned()));
        let one = "model-00001-of-00002.safetensors";
        let two = "model-00002-of-00002.safetensors";
        for (there, wanted) in [
            (
                &["model.safetensors", "pytorch_model.bin"][..],
                files(&["model.safetensors"]),
            ),
            // A copy in Mistral's own names lies next to the shards.
            (
                &["consolidated.safetensors", "model.safetensors.index.json"],
                index("model.safetensors.index.json"),
            ),
            // transformers 5.23 takes the file that it knows by name.
            (
                &["b.safetensors", "onnx/a.safetensors", "pytorch_model.bin"],
                files(&["pytorch_model.bin"]),
            ),
            (
                &["onnx/a.safetensors", "b.safetensors", "a.safetensors"],
                files(&["a.safetensors", "b.safetensors"]),
            ),
            (
                &["adapter_model.safetensors", "pytorch_model.bin"],
                files(&["pytorch_model.bin"]),
            ),
            (
                &["pytorch_model.bin.index.json", "pytorch_model-1.bin"],
                index("pytorch_model.bin.index.json"),
            ),
            (
                &["pytorch_model-1.bin", "training_args.bin"],
                files(&["pytorch_model-1.bin"]),
            ),
            (
                &["model-00001-of-00001.safetensors"],
                files(&["model-00001-of-00001.safetensors"]),
            ),
            (&["consolidated.safetensors", two, one], files(&[one, two])),
            (
                &["consolidated.safetensors"],
                files(&["consolidated.safetensors"]),
            ),
            (&[one], shard(two)),
            (&[two, "consolidated.safetensors"], shard(one)),
            (
                &["pytorch_model-00001-of-00002.bin"],
                shard("pytorch_model-00002-of-00002.bin"),
            ),
            (
                &["model-0-of-2.safetensors", "model-1-of-2.safetensors"],
                files(&["model-0-of-2.safetensors", "model-1-of-2.safetensors"]),
            ),
            (
                &[one, two, "model-00001-of-00001.safetensors"],
                Err(MissingWeights::Several(names(&[
                    "model-00001-of-00001.safetensors",
                    one,
                    two,
                ]))),
            ),
            (
                &["onnx/model.onnx", "tf_model.h5"],
                Err(MissingWeights::Nothing),
            ),
            (
                &["model.gguf", "tf_model.h5", "mmproj-model.gguf"],
                gguf(&["model.gguf"]),
            ),
            (
                &["model.gguf", "model.safetensors"],
                files(&["model.safetensors"]),
            ),
            (
                &["m-00002-of-00002.gguf", "m-00001-of-00002.gguf"],
                gguf(&["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]),
            ),
            (&["m-00002-of-00002.gguf"], shard("m-00001-of-00002.gguf")),
            (
                &["m-Q8_0.gguf", "m-Q4_K_M.gguf"],
                Err(MissingWeights::Several(names(&[
                    "m-Q4_K_M.gguf",
                    "m-Q8_0.gguf",
                ]))),
            ),
        ] {
            assert_eq!(weight_files(&names(there)), wanted, "{there:?}");
        }
    }
}

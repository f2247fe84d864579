//! Files that are cut, that lie, or that are not what clika reads: an error that says so, never a panic, never memory for
//! what is not there.

use crate::{
    fixture,
    writer::{Gguf, Key},
};
use clika_checkpoint::{
    Checkpoint, CheckpointError, Dtype,
    gguf::{GgufFile, GgufProblem, read_gguf_header},
    read_architecture,
    tokenizer::{Tokenizer, TokenizerError},
};
use proptest::prelude::*;
use std::{fs, path::Path};

fn damaged(bytes: &[u8]) -> String {
    match read_gguf_header(bytes, bytes.len() as u64).unwrap() {
        Err(GgufProblem::Damaged(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

/// What reading the whole model says.
fn refused(path: &Path) -> String {
    let architecture = read_architecture(path).map(|_| ());
    let weights = || {
        let mut checkpoint = Checkpoint::open(path)?;
        for (name, shape) in checkpoint.shapes() {
            checkpoint.take(&name, &shape, Dtype::F32)?;
        }
        Ok::<_, CheckpointError>(())
    };
    let error: TokenizerError = match architecture.and_then(|()| weights()) {
        Err(error) => error.into(),
        Ok(()) => Tokenizer::load(path).map(|_| ()).unwrap_err(),
    };
    error
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    let whole = fs::read(fixture("models/llama.gguf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.gguf");
    let ends: Vec<_> = (0..whole.len())
        .step_by(997)
        .chain([whole.len() - 1])
        .collect();
    assert!(ends.len() > 30, "{}", ends.len());
    for end in ends {
        fs::write(&path, &whole[..end]).unwrap();
        let said = refused(&path);
        assert!(said.contains("damaged"), "cut at {end}: {said}");
    }
}

#[test]
fn lengths_that_no_file_has_room_for_are_refused() {
    let header = |tensors: u64, keys: u64, rest: &[u8]| {
        let start = [b"GGUF", &3_u32.to_le_bytes()[..]].concat();
        [
            &start[..],
            &tensors.to_le_bytes(),
            &keys.to_le_bytes(),
            rest,
        ]
        .concat()
    };
    let huge = u64::MAX.to_le_bytes();
    let list = |kind: u32, count: u64| {
        let key = [&1_u64.to_le_bytes()[..], b"a", &9_u32.to_le_bytes()].concat();
        [&key[..], &kind.to_le_bytes(), &count.to_le_bytes()].concat()
    };
    let padding = [0; 64];
    for (bytes, said) in [
        (
            header(u64::MAX, 0, &padding),
            "it claims 18446744073709551615 tensors",
        ),
        (
            header(1 << 40, 0, &padding),
            "it claims 1099511627776 tensors",
        ),
        (
            header(0, 1 << 60, &padding),
            "it claims 1152921504606846976 keys",
        ),
        (
            header(0, 1, &[&huge[..], &padding].concat()),
            "bytes of a key",
        ),
        (
            header(0, 1, &[list(0, 1 << 40), padding.to_vec()].concat()),
            "items of `a`",
        ),
        (
            header(0, 1, &[list(8, 9), padding.to_vec()].concat()),
            "items of `a`",
        ),
        (
            header(0, 1, &[list(99, 1), padding.to_vec()].concat()),
            "a type 99",
        ),
    ] {
        let problem = damaged(&bytes);
        assert!(problem.contains(said), "{problem}");
    }
}

#[test]
fn lists_in_lists_without_end_are_refused() {
    let mut bytes = [b"GGUF", &3_u32.to_le_bytes()[..]].concat();
    bytes.extend([0_u64.to_le_bytes(), 1_u64.to_le_bytes()].concat());
    bytes.extend([&1_u64.to_le_bytes()[..], b"a", &9_u32.to_le_bytes()].concat());
    for _ in 0..10_000 {
        bytes.extend([&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()].concat());
    }
    assert_eq!(damaged(&bytes), "`a` has lists in lists");
}

#[test]
fn files_that_are_no_model_of_ours_are_named() {
    let file = |name: &str| fixture(name);
    let said = refused(&file("refused-type.gguf"));
    assert!(
        said.contains("IQ4_NL") && said.contains("blk.0.attn_q.weight"),
        "{said}"
    );
    let said = refused(&file("big-endian.gguf"));
    assert!(said.contains("big-endian"), "{said}");
    let said = refused(&file("adapter.gguf"));
    assert_eq!(said, "FILE is not a model: its `general.type` is `adapter`");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.gguf");
    fs::write(&path, "version https://git-lfs.github.com/spec/v1\n").unwrap();
    let said = refused(&path);
    assert!(said.contains("does not begin with `GGUF`"), "{said}");
    let mut old = fs::read(fixture("models/llama.gguf")).unwrap();
    old[4] = 1;
    fs::write(&path, old).unwrap();
    let said = refused(&path);
    assert!(said.contains("version 1"), "{said}");
}

/// What is done to a sound model.
type Change = fn(Gguf) -> Gguf;

#[test]
fn what_the_metadata_get_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let cases: [(&str, Change, &str); 26] = [
        (
            "another number of tokens",
            |m| m.key("llama.vocab_size", Key::U32(9)),
            "`llama.vocab_size = 9` is not supported",
        ),
        (
            "a head of an odd width",
            |m| m.key("llama.attention.key_length", Key::U32(3)),
            "a head is 3 wide",
        ),
        (
            "a whole number as theta",
            |m| m.key("llama.rope.freq_base", Key::U32(10_000)),
            "`llama.rope.freq_base` is 10000, not a finite floating-point number",
        ),
        (
            "some biases",
            |m| m.tensor("blk.0.attn_q.bias", &[4]),
            "a bias in attn_q without one in attn_k, attn_v, attn_output is not supported",
        ),
        (
            "an end that is no token",
            |m| m.key("tokenizer.ggml.eot_token_id", Key::U32(2)),
            "`tokenizer.ggml.eot_token_id` is 2, and the vocabulary has 2 tokens",
        ),
        (
            "a beginning that is not named",
            |m| m.key("tokenizer.ggml.add_bos_token", Key::Bool(true)),
            "a text is to have the bos token, and `tokenizer.ggml.bos_token_id` is missing",
        ),
        (
            "a layer with zeros in front",
            |m| m.tensor("blk.00.attn_q.weight", &[4, 4]),
            "it has the tensor `blk.00.attn_q.weight`",
        ),
        (
            "another architecture",
            |m| m.key("general.architecture", Key::Text("mamba")),
            "architecture `mamba` is not supported",
        ),
        (
            "no architecture",
            |m| m.without("general.architecture"),
            "`general.architecture` is missing",
        ),
        (
            "no epsilon",
            |m| m.without("llama.attention.layer_norm_rms_epsilon"),
            "`llama.attention.layer_norm_rms_epsilon` is missing",
        ),
        (
            "another type",
            |m| m.key("llama.block_count", Key::Text("one")),
            "`llama.block_count` is \"one\", not a whole number from 0 on",
        ),
        (
            "a negative number",
            |m| m.key("llama.block_count", Key::I32(-1)),
            "`llama.block_count` is -1",
        ),
        (
            "experts",
            |m| m.key("llama.expert_count", Key::U32(8)),
            "`llama.expert_count = 8` is not supported",
        ),
        (
            "an unknown key",
            |m| m.key("llama.attention.scale", Key::F32(0.5)),
            "`llama.attention.scale = 0.5` is not supported",
        ),
        (
            "a partial rotation",
            |m| m.key("llama.rope.dimension_count", Key::U32(2)),
            "`llama.rope.dimension_count = 2` is not supported",
        ),
        (
            "another scaling",
            |m| m.key("llama.rope.scaling.type", Key::Text("yarn")),
            "`llama.rope.scaling.type = yarn` is not supported",
        ),
        (
            "blocks of another version",
            |m| {
                m.key("general.quantization_version", Key::U32(1))
                    .quantized()
            },
            "`general.quantization_version = 1` is not supported",
        ),
        (
            "a token too few",
            |m| m.key("tokenizer.ggml.tokens", Key::Texts(&["a"])),
            "`tokenizer.ggml.tokens` has 1 tokens, and `token_embd.weight` has 2 rows",
        ),
        (
            "a tensor too many",
            |m| m.tensor("blk.1.attn_q.weight", &[4, 4]),
            "it has the tensor `blk.1.attn_q.weight`, which `llama` with a `block_count` of 1 does not use",
        ),
        (
            "a tensor of another kind",
            |m| m.tensor("v.patch_embd.weight", &[4, 4]),
            "it has the tensor `v.patch_embd.weight`",
        ),
        (
            "a token twice",
            |m| m.key("tokenizer.ggml.tokens", Key::Texts(&["a", "a"])),
            "it has the token `a` twice",
        ),
        (
            "a kind of tokenizer",
            |m| m.key("tokenizer.ggml.model", Key::Text("rwkv")),
            "`tokenizer.ggml.model = rwkv` is not supported",
        ),
        (
            "a rule for words",
            |m| m.key("tokenizer.ggml.pre", Key::Text("my-words")),
            "`tokenizer.ggml.pre = my-words` is not supported",
        ),
        (
            "merges of other tokens",
            |m| m.key("tokenizer.ggml.merges", Key::Texts(&["a c"])),
            "merges `a` and `c`, but `c` is not in its vocabulary",
        ),
        (
            "a merge of one",
            |m| m.key("tokenizer.ggml.merges", Key::Texts(&["ab"])),
            "`tokenizer.ggml.merges` has `ab`, which is not two tokens",
        ),
        (
            "a mark that is no token",
            |m| m.key("tokenizer.ggml.bos_token_id", Key::U32(7)),
            "`tokenizer.ggml.bos_token_id` is 7, and the vocabulary has 2 tokens",
        ),
    ];
    Gguf::model().write(&path);
    Tokenizer::load(&path).unwrap();
    read_architecture(&path).unwrap();
    for (what, change, wanted) in cases {
        change(Gguf::model()).write(&path);
        let said = refused(&path);
        assert!(said.contains(wanted), "{what}: {said}");
    }
}

#[test]
fn keys_and_tensors_that_stand_there_twice_or_overlap_are_refused() {
    let bytes = Gguf::model().twice("llama.block_count").bytes();
    assert_eq!(damaged(&bytes), "it has the key `llama.block_count` twice");
    let bytes = Gguf::model().tensor("output_norm.weight", &[4]).bytes();
    assert_eq!(
        damaged(&bytes),
        "it has the tensor `output_norm.weight` twice"
    );
    let bytes = Gguf::model().overlapping().bytes();
    assert!(damaged(&bytes).contains("overlap"), "{}", damaged(&bytes));
}

#[test]
fn parts_of_different_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let part = |number: usize| format!("llama-split-0000{number}-of-00003.gguf");
    for number in 1..=3 {
        let from = fixture("models").join(part(number));
        fs::copy(from, folder.path().join(part(number))).unwrap();
    }
    let first = folder.path().join(part(1));
    let model = GgufFile::open(&first).unwrap().unwrap();
    assert_eq!(model.path(), first);
    // The folder holds one model.
    assert!(GgufFile::open(folder.path()).unwrap().is_some());
    fs::copy(folder.path().join(part(2)), folder.path().join(part(3))).unwrap();
    let error = GgufFile::open(&first).err().unwrap().to_string();
    assert!(
        error.contains("by its name it is part 3 of 3, but its `split.no` is 1"),
        "{error}"
    );
    fs::remove_file(folder.path().join(part(3))).unwrap();
    let error = GgufFile::open(&first).err().unwrap().to_string();
    assert!(
        error.contains("`llama-split-00003-of-00003.gguf` is missing"),
        "{error}"
    );
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    fs::copy(fixture("models/llama.gguf"), &path).unwrap();
    let mut checkpoint = Checkpoint::open(&path).unwrap();
    for (name, shape) in checkpoint.shapes() {
        checkpoint.take(&name, &shape, Dtype::F32).unwrap();
    }
    checkpoint.check_taken().unwrap();
    let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, b"more").unwrap();
    let error = checkpoint.check_taken().unwrap_err();
    assert!(matches!(error, CheckpointError::Changed { .. }), "{error}");
}

#[test]
fn tensors_that_nobody_takes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    fs::copy(fixture("models/llama.gguf"), &path).unwrap();
    let error = Checkpoint::open(&path).unwrap().check_taken().unwrap_err();
    assert!(
        error.to_string().contains("model.embed_tokens.weight"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn changed_bytes_end_in_a_header_or_an_error(
        changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 1..12)
    ) {
        let mut bytes = fs::read(fixture("models/qwen3.gguf")).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let _ = read_gguf_header(&*bytes, bytes.len() as u64).unwrap();
    }
}

//! What training must not depend on, how it continues, and what it refuses.

#![allow(clippy::unwrap_used)]

mod reference;

use clika_base::types::NoProgress;
use clika_lm::{
    Adapter, Decoder, Dtype, LmError, LoraConfig, LoraTargets, Trainer, TrainingConfig,
    TrainingExample,
};
use std::path::Path;

fn decoder(name: &str, dtype: Dtype) -> Decoder {
    let device = reference::device();
    Decoder::load(&reference::fixture(name), &device, Some(dtype), &NoProgress).unwrap()
}

/// Rows of several lengths, of a pattern that can be learnt.
fn examples() -> Vec<TrainingExample> {
    (0..12_usize)
        .map(|number| TrainingExample {
            tokens: (0..5 + number % 4)
                .map(|at| ((number + 3 * at) % 40 + 3) as u32)
                .collect(),
            answer: 3,
        })
        .collect()
}

fn config(dropout: f64) -> TrainingConfig {
    TrainingConfig {
        lora: Some(LoraConfig {
            rank: 4,
            alpha: 8.0,
            dropout,
            targets: LoraTargets::All,
        }),
        learning_rate: 1e-2,
        warmup_steps: 0,
        epochs: 4,
        max_steps: None,
        batch: 8,
        weight_decay: 0.01,
        max_gradient_norm: 1.0,
        seed: 3,
        batch_tokens: 20,
        recompute: false,
    }
}

fn full() -> TrainingConfig {
    TrainingConfig {
        lora: None,
        learning_rate: 1e-3,
        ..config(0.0)
    }
}

fn losses(mut trainer: Trainer) -> (Vec<f64>, Decoder) {
    let mut losses = Vec::new();
    while trainer.done() < trainer.steps() {
        losses.push(trainer.step().unwrap().loss);
    }
    (losses, trainer.into_decoder())
}

/// The files of a trained model, to the byte.
fn bytes(decoder: &Decoder) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = match decoder.adapter().unwrap() {
        Some(adapter) => {
            adapter.write(folder.path(), "base").unwrap();
            "adapter_model.safetensors"
        }
        None => {
            decoder.write(folder.path()).unwrap();
            "model.safetensors"
        }
    };
    std::fs::read(folder.path().join(file)).unwrap()
}

#[test]
fn a_loss_does_not_depend_on_how_a_batch_is_cut() {
    for config in [config(0.0), full()] {
        let run = |batch_tokens, recompute| {
            let config = TrainingConfig {
                batch_tokens,
                recompute,
                ..config.clone()
            };
            let decoder = decoder("qwen3", Dtype::F32);
            losses(Trainer::new(decoder, examples(), &config).unwrap()).0
        };
        let whole = run(1000, false);
        assert_eq!(whole.len(), 6);
        assert!(whole[5] < whole[0] - 0.1, "nothing was learnt: {whole:?}");
        for (batch_tokens, recompute) in [(1, false), (20, false), (20, true)] {
            for (a, b) in whole.iter().zip(run(batch_tokens, recompute)) {
                assert!(
                    (a - b).abs() < 1e-4,
                    "{a} and {b} with {batch_tokens} tokens"
                );
            }
        }
    }
}

#[test]
fn sixteen_bits_learn_what_32_do() {
    if !reference::computes_in(Dtype::Bf16, "16 bits") {
        return;
    }
    for config in [config(0.0), full()] {
        let run = |dtype| {
            let decoder = decoder("qwen2", dtype);
            losses(Trainer::new(decoder, examples(), &config).unwrap()).0
        };
        for (wide, narrow) in run(Dtype::F32).into_iter().zip(run(Dtype::Bf16)) {
            // 8 bits of mantissa, in logits and in weights.
            assert!(
                (wide - narrow).abs() < 0.02 * wide,
                "{wide} in f32, {narrow} in bf16"
            );
        }
    }
}

#[test]
fn a_training_goes_on_to_the_same_bits() {
    for (config, dtype) in [
        (config(0.1), Dtype::F32),
        (full(), Dtype::F32),
        (full(), Dtype::Bf16),
    ] {
        if !reference::computes_in(dtype, "a training") {
            continue;
        }
        let begin = || decoder("llama-gqa", dtype);
        let (_, whole) = losses(Trainer::new(begin(), examples(), &config).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let mut first = Trainer::new(begin(), examples(), &config).unwrap();
        for _ in 0..3 {
            first.step().unwrap();
        }
        first.save(folder.path()).unwrap();
        drop(first);
        let second = Trainer::resume(begin(), examples(), &config, folder.path()).unwrap();
        assert_eq!(second.done(), 3);
        let (rest, resumed) = losses(second);
        assert_eq!(rest.len(), 3);
        assert!(bytes(&whole) == bytes(&resumed), "{config:?} {dtype:?}");
    }
}

#[test]
fn dropout_leaves_out_as_much_as_it_says_and_depends_on_the_seed() {
    let run = |dropout, seed| {
        let config = TrainingConfig {
            seed,
            ..config(dropout)
        };
        let decoder = decoder("llama-gqa", Dtype::F32);
        bytes(&losses(Trainer::new(decoder, examples(), &config).unwrap()).1)
    };
    assert!(run(0.1, 3) == run(0.1, 3));
    assert!(run(0.1, 3) != run(0.1, 4));
    assert!(run(0.1, 3) != run(0.0, 3));
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let begin = || decoder("llama-gqa", Dtype::F32);
    let new = |examples, config: &TrainingConfig| Trainer::new(begin(), examples, config).err();
    let mut without_rank = config(0.0);
    without_rank.lora.as_mut().unwrap().rank = 0;
    assert!(matches!(
        new(examples(), &without_rank),
        Some(LmError::Rank)
    ));
    assert!(matches!(
        new(Vec::new(), &config(0.0)),
        Some(LmError::NothingToLearn)
    ));
    let prompt_only = TrainingExample {
        tokens: vec![1, 2],
        answer: 2,
    };
    assert!(matches!(
        new(vec![prompt_only], &config(0.0)),
        Some(LmError::NoAnswer { number: 0 })
    ));
    let unknown = TrainingExample {
        tokens: vec![1, 1_000_000, 2],
        answer: 1,
    };
    let mut trainer = Trainer::new(begin(), vec![unknown], &config(0.0)).unwrap();
    assert!(matches!(
        trainer.step(),
        Err(LmError::Token {
            token: 1_000_000,
            ..
        })
    ));
}

#[test]
fn a_state_of_another_training_is_refused() {
    let begin = || decoder("llama-gqa", Dtype::F32);
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = Trainer::new(begin(), examples(), &config(0.0)).unwrap();
    trainer.step().unwrap();
    trainer.save(folder.path()).unwrap();
    let problem = |decoder, examples, config: &TrainingConfig| match Trainer::resume(
        decoder,
        examples,
        config,
        folder.path(),
    ) {
        Err(LmError::OtherTraining { problem, .. }) => problem,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it went on"),
    };
    assert!(problem(begin(), examples(), &config(0.1)).contains("configuration"));
    assert!(problem(begin(), examples()[1..].to_vec(), &config(0.0)).contains("examples"));
    let other = decoder("qwen2", Dtype::F32);
    assert!(problem(other, examples(), &config(0.0)).contains("another model"));
}

#[test]
fn a_loss_that_is_no_number_stops_before_a_weight_is_changed() {
    let config = TrainingConfig {
        learning_rate: 1e30,
        ..full()
    };
    let mut trainer = Trainer::new(decoder("llama-gqa", Dtype::F32), examples(), &config).unwrap();
    trainer.step().unwrap();
    let before = bytes(trainer.decoder());
    let Err(LmError::Diverged { step, examples, .. }) = trainer.step() else {
        panic!("it did not diverge");
    };
    assert_eq!((step, examples.len()), (2, 8));
    assert!(before == bytes(trainer.decoder()));
}

#[test]
fn weights_that_are_no_numbers_are_never_written() {
    // The last step has no next one whose loss shows what it did.
    for config in [config(0.0), full()] {
        let config = TrainingConfig {
            learning_rate: 1e30,
            max_steps: Some(1),
            ..config
        };
        let base = decoder("llama-gqa", Dtype::F32);
        let error = Trainer::new(base, examples(), &config).unwrap().step();
        assert!(
            matches!(
                error,
                Err(LmError::Diverged {
                    step: 1,
                    dtype: Dtype::F32,
                    ..
                })
            ),
            "{error:?}"
        );
    }
    // Beyond f32 at once, in the midst of a training.
    for config in [config(0.0), full()] {
        let config = TrainingConfig {
            learning_rate: 1e39,
            ..config
        };
        let mut trainer =
            Trainer::new(decoder("llama-gqa", Dtype::F32), examples(), &config).unwrap();
        trainer.step().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let saved = trainer.save(folder.path());
        assert!(
            matches!(
                saved,
                Err(LmError::WouldNotBeFinite {
                    dtype: Dtype::F32,
                    ..
                })
            ),
            "{saved:?}"
        );
        let written = match trainer.decoder().adapter().unwrap() {
            Some(adapter) => adapter.write(folder.path(), "base"),
            None => trainer.decoder().write(folder.path()),
        };
        assert!(
            matches!(written, Err(LmError::WouldNotBeFinite { .. })),
            "{written:?}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn queries_that_overflow_alone_end_a_training() {
    if !reference::computes_in(Dtype::F16, "f16") || !reference::computes_in(Dtype::Bf16, "bf16") {
        return;
    }
    let folder = reference::changed("llama-gqa", |name, numbers| {
        if name.ends_with("0.self_attn.q_proj.weight") {
            numbers.iter_mut().for_each(|x| *x = 60_000.0 * x.signum());
        }
    });
    let device = reference::device();
    for (dtype, diverges) in [
        (Dtype::F16, true),
        (Dtype::Bf16, false),
        (Dtype::F32, false),
    ] {
        let base = Decoder::load(folder.path(), &device, Some(dtype), &NoProgress).unwrap();
        let step = Trainer::new(base, examples(), &config(0.0)).unwrap().step();
        match step {
            Err(LmError::Diverged { dtype: named, .. }) if diverges => assert_eq!(named, dtype),
            Ok(step) if !diverges => assert!(step.loss.is_finite()),
            other => panic!("{dtype:?}: {other:?}"),
        }
    }
}

#[test]
fn what_f16_cannot_hold_ends_a_training_and_a_merge() {
    if !reference::computes_in(Dtype::F16, "16 bits") {
        return;
    }
    let folder = reference::changed("llama-gqa", |name, numbers| {
        if name.ends_with("proj.weight") {
            numbers.iter_mut().for_each(|number| *number *= 200.0);
        }
    });
    let device = reference::device();
    let base = |dtype| Decoder::load(folder.path(), &device, Some(dtype), &NoProgress).unwrap();
    for config in [config(0.0), full()] {
        let step = |dtype| {
            let mut trainer = Trainer::new(base(dtype), examples(), &config).unwrap();
            trainer.step()
        };
        let half = step(Dtype::F16).unwrap_err().to_string();
        assert!(
            half.starts_with("the training diverged: in step 1 the loss is NaN")
                && half.contains("computed in f16"),
            "{half}"
        );
        step(Dtype::F32).unwrap();
    }
    // The sum of weight and adapter overflows, and neither of them does.
    let mut config = TrainingConfig {
        learning_rate: 1e6,
        max_steps: Some(1),
        ..config(0.0)
    };
    config.lora.as_mut().unwrap().targets = LoraTargets::Paper;
    let plain = decoder("llama-gqa", Dtype::F32);
    let mut trainer = Trainer::new(plain, examples(), &config).unwrap();
    trainer.step().unwrap();
    let adapter = trainer.into_decoder().adapter().unwrap().unwrap();
    let merged = |dtype| {
        let mut decoder = decoder("llama-gqa", dtype);
        decoder.attach(&adapter).unwrap();
        decoder.merge().unwrap();
        let folder = tempfile::tempdir().unwrap();
        decoder.write(folder.path())
    };
    merged(Dtype::F32).unwrap();
    let half = merged(Dtype::F16);
    assert!(
        matches!(
            half,
            Err(LmError::WouldNotBeFinite {
                dtype: Dtype::F16,
                ..
            })
        ),
        "{half:?}"
    );
}

fn trained(name: &str) -> Adapter {
    let trainer = Trainer::new(decoder(name, Dtype::F32), examples(), &config(0.0)).unwrap();
    losses(trainer).1.adapter().unwrap().unwrap()
}

#[test]
fn an_adapter_fits_its_base_only_and_comes_off_again() {
    let mut base = decoder("llama-gqa", Dtype::F32);
    let plain = bytes(&base);
    let adapter = trained("llama-gqa");
    base.attach(&adapter).unwrap();
    assert!(bytes(&base) != plain);
    base.detach();
    assert!(bytes(&base) == plain);
    let narrower = base.attach(&trained("llama")).unwrap_err();
    let text = narrower.to_string();
    assert!(text.contains("model.layers.0.self_attn.k_proj"), "{text}");
    let bloom = base.attach(&trained("bloom")).unwrap_err();
    assert!(bloom.to_string().contains("no such module"), "{bloom}");
    // A refused adapter leaves the model as it was.
    assert!(bytes(&base) == plain);
}

#[test]
fn adapters_that_are_damaged_or_of_another_kind_name_what_is_wrong() {
    let write = |folder: &Path| trained("llama-gqa").write(folder, "base").unwrap();
    let problem = |damage: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        damage(folder.path());
        let read = Adapter::read(folder.path());
        let attached = read.and_then(|adapter| decoder("llama-gqa", Dtype::F32).attach(&adapter));
        attached.unwrap_err().to_string()
    };
    let config = |from: &'static str, to: &'static str| {
        problem(&move |folder: &Path| {
            let path = folder.join("adapter_config.json");
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from));
            std::fs::write(&path, text.replace(from, to)).unwrap();
        })
    };
    assert!(config("\"LORA\"", "\"IA3\"").contains("`peft_type`"));
    let rank = config("\"r\": 4", "\"r\": 5");
    assert!(
        rank.contains("its rank is 5 by `r` or `rank_pattern`"),
        "{rank}"
    );
    let torn = problem(&|folder: &Path| {
        let path = folder.join("adapter_model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(torn.contains("adapter_model.safetensors"), "{torn}");
    let missing = problem(&|folder: &Path| {
        std::fs::remove_file(folder.join("adapter_model.safetensors")).unwrap();
    });
    assert!(missing.contains("cannot read"), "{missing}");
}

#[test]
fn a_training_begins_without_the_adapter_that_the_model_has() {
    let run = |decoder, config: &TrainingConfig| {
        bytes(&losses(Trainer::new(decoder, examples(), config).unwrap()).1)
    };
    let mut adapted = decoder("llama-gqa", Dtype::F32);
    adapted.attach(&trained("llama-gqa")).unwrap();
    for config in [config(0.0), full()] {
        let plain = decoder("llama-gqa", Dtype::F32);
        assert!(
            run(plain, &config) == run(adapted.clone(), &config),
            "{config:?}"
        );
    }
}

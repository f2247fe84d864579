//! Devices that fail in the middle of a training.

use super::{Trainer, TrainingConfig, TrainingExample, TrainingStep};
use crate::{
    Decoder, DeviceChoice, Dtype, LmError, LoraConfig, LoraTargets,
    guard::planted::{self, PlannedFailure},
};
use clika_base::types::NoProgress;
use miette::Diagnostic;
use std::path::Path;

fn trainer(config: &TrainingConfig) -> Trainer {
    Trainer::new(decoder(), examples(), config).expect("it can be trained")
}

fn decoder() -> Decoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama-gqa");
    let device = DeviceChoice::Cpu.device().expect("there is a processor");
    Decoder::load(&folder, &device, Some(Dtype::F32), &NoProgress).expect("fixtures can be loaded")
}

/// Of 6 to 11 tokens that are run.
fn examples() -> Vec<TrainingExample> {
    (0..12_usize)
        .map(|number| TrainingExample {
            tokens: (0..7 + number / 2)
                .map(|at| ((7 * number + 5 * at) % 40 + 3) as u32)
                .collect(),
            answer: 2,
        })
        .collect()
}

fn config(lora: bool) -> TrainingConfig {
    TrainingConfig {
        lora: lora.then_some(LoraConfig {
            rank: 4,
            alpha: 8.0,
            // Depends on how a batch is cut.
            dropout: 0.0,
            targets: LoraTargets::All,
        }),
        learning_rate: 1e-2,
        warmup_steps: 0,
        epochs: 3,
        max_steps: Some(4),
        batch: 6,
        weight_decay: 0.1,
        max_gradient_norm: 1.0,
        seed: 5,
        batch_tokens: 30,
        recompute: false,
    }
}

fn rest(trainer: &mut Trainer) -> Vec<TrainingStep> {
    let mut steps = Vec::new();
    while trainer.done() < trainer.steps() {
        steps.push(trainer.step().expect("it is tame"));
    }
    steps
}

/// All that a training goes on from, to the byte.
fn state(trainer: &Trainer) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("there is a disk");
    trainer.save(folder.path()).expect("there is room");
    ["parameters", "means", "squares"]
        .map(|file| folder.path().join(format!("{file}.safetensors")))
        .map(|path| std::fs::read(path).expect("it was written"))
        .into()
}

#[test]
fn a_step_begins_anew_in_smaller_parts_where_memory_runs_out() {
    for lora in [true, false] {
        let config = config(lora);
        let whole = rest(&mut trainer(&config));
        // In the first part of a step, in a later one, and in the length of the gradients, when all parts were added.
        let parts = trainer(&config).micro_batches(&whole[1].examples).len();
        assert!(parts > 1);
        for at in [0, parts - 1, parts] {
            let mut failing = trainer(&config);
            let mut steps = vec![failing.step().expect("it is tame")];
            planted::plan_one(at, PlannedFailure::Memory);
            let lengths = failing.micro_batches(&whole[1].examples);
            let of = |part: &Vec<usize>| part.iter().map(|&it| failing.length(it)).sum::<usize>();
            let most = lengths.iter().map(of).max();
            steps.extend(rest(&mut failing));
            assert_eq!(planted::left(), 0);
            assert_eq!(Some(failing.budget), most.map(|most| most / 2));
            for (a, b) in whole.iter().zip(&steps) {
                assert_eq!((a.tokens, &a.examples), (b.tokens, &b.examples));
                for (a, b) in [(a.loss, b.loss), (a.gradient_norm, b.gradient_norm)] {
                    assert!((a - b).abs() < 1e-5 * a, "{at}: {whole:?}, {steps:?}");
                }
            }
            // To the last bit what smaller parts give from that step on.
            let mut smaller = trainer(&config);
            smaller.step().expect("it is tame");
            smaller.budget = failing.budget;
            rest(&mut smaller);
            assert!(state(&smaller) == state(&failing), "{at}");
        }
    }
}

#[test]
fn one_example_that_is_too_much_is_an_error_that_names_options() {
    let said = |config: &TrainingConfig| {
        let mut trainer = trainer(config);
        planted::plan([Some(PlannedFailure::Memory); 100]);
        let error = trainer.step().expect_err("nothing fits");
        assert!(planted::left() < 98, "smaller parts were tried");
        planted::plan([]);
        assert_eq!(trainer.done(), 0);
        let help = error.help().map(|help| help.to_string());
        (error.to_string(), help.unwrap_or_default())
    };
    let longest = trainer(&config(true))
        .batch()
        .iter()
        .map(|it| 6 + it / 2)
        .max();
    let what = format!(
        "the device ran out of memory for one example of {} tokens in step 1",
        longest.unwrap_or(0)
    );
    assert_eq!(
        said(&config(true)),
        (
            what.clone(),
            "use --recompute, --dtype bf16, a smaller model or another --device".to_owned()
        )
    );
    let full = TrainingConfig {
        recompute: true,
        ..config(false)
    };
    assert_eq!(
        said(&full),
        (
            what,
            "use --strategy lora-all, --dtype bf16, a smaller model or another --device".to_owned()
        )
    );
}

#[test]
fn a_training_goes_on_from_what_was_saved_before_the_device_was_lost() {
    let config = config(true);
    let mut whole = trainer(&config);
    rest(&mut whole);
    let mut lost = trainer(&config);
    let folder = tempfile::tempdir().expect("there is a disk");
    lost.step().expect("it is tame");
    lost.save(folder.path()).expect("there is room");
    let parts = lost.micro_batches(&lost.batch()).len();
    // In a part, in the length of the gradients, while weights are changed, while the state is saved.
    for at in [0, parts, parts + 1, parts + 2] {
        let mut failing = Trainer::resume(decoder(), examples(), &config, folder.path())
            .expect("the state is whole");
        planted::plan_one(at, PlannedFailure::Lost);
        let error = match failing.step() {
            Ok(_) => failing.save(tempfile::tempdir().expect("there is a disk").path()),
            Err(error) => Err(error),
        };
        assert!(
            matches!(error, Err(LmError::DeviceLost { .. })),
            "{error:?}"
        );
        assert_eq!(planted::left(), 0);
    }
    let mut resumed =
        Trainer::resume(decoder(), examples(), &config, folder.path()).expect("the state is whole");
    rest(&mut resumed);
    assert!(state(&whole) == state(&resumed));
}

//! What a user is told before a model is loaded: the memory it will take, the memory that is free, and what to change.

use super::{GIB, MemoryEstimate, Workload, free_memory};
use crate::{
    Architecture, Checkpoint, Device, Dtype, LmError, LoraConfig, LoraTargets,
    guard::memory_advice, read_architecture,
};
use clika_base::types::Progress;
use std::path::Path;

/// Estimates the memory that the model of a folder takes for some workloads, one after the other, and notes it with the
/// memory that is free. Nothing is noted of a small model.
///
/// # Errors
/// [`LmError::Memory`] if the weights and the state of a training do not fit; their sizes are known. The size of a batch is
/// an estimate: one that may not fit is only noted, since batches are cut when memory runs out.
pub fn report_memory(
    folder: &Path,
    device: &Device,
    dtype: Option<Dtype>,
    workloads: &[Workload],
    progress: &dyn Progress,
) -> Result<(), LmError> {
    let architecture = read_architecture(folder)?;
    let stored = Checkpoint::open(folder)?.dtype().unwrap_or(Dtype::F32);
    let dtype = dtype.unwrap_or(device.default_dtype(stored));
    let plan = MemoryPlan {
        architecture: &architecture,
        on_processor: device.is_processor(),
        dtype,
        can_narrow: dtype == Dtype::F32 && device.check_dtype(Dtype::Bf16).is_ok(),
        workloads: workloads.to_vec(),
    };
    if let Some(note) = note(&plan, &device.to_string(), free_memory(device)?)? {
        progress.note(&note);
    }
    Ok(())
}

/// A model and the workloads that a command has for it.
#[derive(Clone)]
struct MemoryPlan<'a> {
    architecture: &'a Architecture,
    on_processor: bool,
    dtype: Dtype,
    /// Whether bf16 would take less, and the device computes in it.
    can_narrow: bool,
    workloads: Vec<Workload>,
}

/// Bytes that every machine has.
const SMALL: f64 = GIB / 4.0;

/// The smallest --batch-tokens that is advised.
const MIN_BATCH_TOKENS: usize = 256;

fn note(plan: &MemoryPlan, device: &str, free: Option<f64>) -> Result<Option<String>, LmError> {
    let Some(estimate) = plan.estimate() else {
        return Ok(None);
    };
    if estimate.total() < SMALL && free.is_none_or(|free| estimate.total() < free) {
        return Ok(None);
    }
    let name = plan.dtype.name();
    let (weights, total) = (
        display_size(estimate.weights),
        display_size(estimate.total()),
    );
    let takes = format!("{weights} of weights in {name} and about {total} in all on {device}");
    let Some(free) = free else {
        return Ok(Some(format!(
            "{takes}, which does not say how much is free"
        )));
    };
    if estimate.fixed() > free {
        return Err(LmError::Memory {
            device: device.to_owned(),
            what: match estimate.training_state > 0.0 {
                true => format!("weights in {name}, gradients and AdamW's means"),
                false => format!("the weights in {name}"),
            },
            free_gib: free / GIB,
            needed_gib: estimate.fixed() / GIB,
            advice: plan.advice(free),
        });
    }
    let mut note = format!("{takes}, which has {} free", display_size(free));
    if estimate.total() > free {
        note += &format!(
            ": a batch that does not fit is run in smaller parts; to be sure, {}",
            plan.advice(free)
        );
    }
    Ok(Some(note))
}

impl MemoryPlan<'_> {
    /// The estimate for the workload that takes most.
    fn estimate(&self) -> Option<MemoryEstimate> {
        let estimates = self.workloads.iter().map(|workload| {
            MemoryEstimate::of(self.architecture, self.dtype, self.on_processor, workload)
        });
        estimates.max_by(|a, b| a.total().total_cmp(&b.total()))
    }

    /// The mildest change that makes the plan fit, as advice.
    fn advice(&self, free: f64) -> String {
        let fits = |saving: &MemorySaving| {
            let estimate = self.with(*saving).estimate();
            estimate.is_some_and(|estimate| estimate.total() <= free)
        };
        match self.savings().into_iter().find(fits) {
            Some(saving) => format!("use {}", saving.options().join(" ")),
            // No saving is enough alone, so all are named, but for --batch-tokens: a batch that is too large is cut anyway.
            None => {
                let mut savings = self.savings();
                savings.retain(|saving| saving.batch_tokens.is_none());
                let mut options = savings.pop().map(MemorySaving::options).unwrap_or_default();
                options.retain(|option| option != NARROW);
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                memory_advice(&options, self.can_narrow)
            }
        }
    }

    /// The options that save memory, the mildest first: fewer tokens at a time cost little, recomputation costs time, and
    /// bf16 and adapters change results.
    fn savings(&self) -> Vec<MemorySaving> {
        let settings = self.workloads.iter().filter_map(|workload| match workload {
            Workload::Training { config, .. } => Some(config),
            Workload::Inference { .. } => None,
        });
        let may = |may: bool| if may { &[false, true][..] } else { &[false] };
        let recompute = may(settings.clone().any(|config| !config.recompute));
        let adapters = may(settings.clone().any(|config| config.lora.is_none()));
        let narrow = may(self.can_narrow);
        let most = self
            .workloads
            .iter()
            .map(Workload::batch_tokens)
            .max()
            .unwrap_or(0);
        let halves = std::iter::successors(Some(most / 2), |tokens| Some(tokens / 2));
        let fewer = halves
            .take_while(|&tokens| tokens >= MIN_BATCH_TOKENS)
            .map(Some);
        let tokens: Vec<Option<usize>> = [None].into_iter().chain(fewer).collect();
        let mut savings = Vec::new();
        for &adapters in adapters {
            for &narrow in narrow {
                for &recompute in recompute {
                    savings.extend(tokens.iter().map(|&batch_tokens| MemorySaving {
                        batch_tokens,
                        recompute,
                        narrow,
                        adapters,
                    }));
                }
            }
        }
        savings
    }

    fn with(&self, saving: MemorySaving) -> Self {
        let mut changed = self.clone();
        if saving.narrow {
            changed.dtype = Dtype::Bf16;
        }
        let most = saving.batch_tokens.unwrap_or(usize::MAX);
        for workload in &mut changed.workloads {
            match workload {
                Workload::Inference { batch_tokens, .. } => *batch_tokens = most.min(*batch_tokens),
                Workload::Training { config, .. } => {
                    config.batch_tokens = most.min(config.batch_tokens);
                    config.recompute |= saving.recompute;
                    if saving.adapters && config.lora.is_none() {
                        config.lora = Some(PAPER);
                    }
                }
            }
        }
        changed
    }
}

/// Options of the command line that take less memory.
#[derive(Clone, Copy)]
struct MemorySaving {
    batch_tokens: Option<usize>,
    recompute: bool,
    narrow: bool,
    adapters: bool,
}

impl MemorySaving {
    fn options(self) -> Vec<String> {
        let flags = [
            (self.adapters, "--strategy lora-paper"),
            (self.narrow, NARROW),
            (self.recompute, "--recompute"),
        ];
        let flags = flags.into_iter().filter(|(taken, _)| *taken);
        let flags = flags.map(|(_, option)| option.to_owned());
        let tokens = self
            .batch_tokens
            .map(|tokens| format!("--batch-tokens {tokens}"));
        flags.chain(tokens).collect()
    }
}

const NARROW: &str = "--dtype bf16";

/// The paper's adapters.
const PAPER: LoraConfig = LoraConfig {
    rank: 128,
    alpha: 16.0,
    dropout: 0.1,
    targets: LoraTargets::Paper,
};

impl Workload {
    fn batch_tokens(&self) -> usize {
        match self {
            Self::Inference { batch_tokens, .. } => *batch_tokens,
            Self::Training { config, .. } => config.batch_tokens,
        }
    }
}

fn display_size(bytes: f64) -> String {
    if bytes < GIB {
        return format!("{:.0} MiB", bytes / (GIB / 1024.0));
    }
    format!("{:.1} GiB", bytes / GIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InferenceMode, TrainingConfig};
    use clika_checkpoint::parse_architecture;
    use miette::Diagnostic;

    /// LLaMA-2's sizes: 7B, 6.48e9 numbers in matrices and 0.26e9 in embedding and head together.
    fn llama() -> Architecture {
        let config = r#"{
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
            "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "vocab_size": 32000, "rms_norm_eps": 1e-5
        }"#;
        parse_architecture(Path::new("config.json"), config).expect("it is a configuration")
    }

    fn training(lora: bool) -> Workload {
        Workload::Training {
            config: TrainingConfig {
                lora: lora.then_some(PAPER),
                learning_rate: 1e-4,
                warmup_steps: 0,
                epochs: 1,
                max_steps: None,
                batch: 128,
                weight_decay: 0.0,
                max_gradient_norm: 1.0,
                seed: 0,
                batch_tokens: 4096,
                recompute: false,
            },
            keeps_base: true,
        }
    }

    fn answers() -> Workload {
        Workload::Inference {
            batch_tokens: 16_384,
            mode: InferenceMode::NextToken,
        }
    }

    fn note_for(
        workloads: &[Workload],
        dtype: Dtype,
        free: Option<f64>,
    ) -> Result<Option<String>, LmError> {
        let architecture = llama();
        let plan = MemoryPlan {
            architecture: &architecture,
            on_processor: false,
            dtype,
            can_narrow: dtype == Dtype::F32,
            workloads: workloads.to_vec(),
        };
        note(&plan, "cuda:0", free.map(|gib| gib * GIB))
    }

    #[test]
    fn what_fits_is_said_in_a_line() {
        let said = note_for(&[answers()], Dtype::Bf16, Some(79.0));
        let said = said.expect("it fits").unwrap_or_default();
        // By hand: 2 bytes of 6,738,149,376 - 266,240 numbers; norms are not counted.
        assert!(
            said.starts_with("12.6 GiB of weights in bf16 and about "),
            "{said}"
        );
        assert!(
            said.ends_with(" in all on cuda:0, which has 79.0 GiB free"),
            "{said}"
        );
        let unknown = note_for(&[answers()], Dtype::Bf16, None);
        let unknown = unknown.expect("nothing is known").unwrap_or_default();
        assert!(
            unknown.ends_with(", which does not say how much is free"),
            "{unknown}"
        );
        assert!(matches!(note_for(&[], Dtype::Bf16, None), Ok(None)));
    }

    #[test]
    fn what_is_only_estimated_is_a_note_that_names_the_mildest_change() {
        let options = |workloads: &[Workload], dtype, gib| {
            let said = note_for(workloads, dtype, Some(gib));
            let said = said.expect("weights fit").unwrap_or_default();
            said.rsplit_once("use ")
                .map(|(_, options)| options.to_owned())
        };
        assert_eq!(options(&[training(true)], Dtype::Bf16, 79.0), None);
        let little = options(&[training(true)], Dtype::Bf16, 24.0).unwrap_or_default();
        assert!(little.starts_with("--batch-tokens "), "{little}");
        let less = options(&[training(true)], Dtype::Bf16, 14.2).unwrap_or_default();
        assert!(less.starts_with("--recompute"), "{less}");
        let both = options(&[answers(), training(true)], Dtype::F32, 26.3).unwrap_or_default();
        assert!(both.starts_with("--dtype bf16"), "{both}");
        // A model that is only asked has nothing to compute again.
        let plan = options(&[answers()], Dtype::F32, 25.4).unwrap_or_default();
        assert!(!plan.contains("--recompute"), "{plan}");
    }

    #[test]
    fn what_surely_does_not_fit_is_an_error() {
        let error = note_for(&[training(false)], Dtype::Bf16, Some(79.0));
        let error = error.expect_err("it takes 20 bytes a number");
        // By hand: weights of 2 bytes twice, gradients 4, two means 8, weights in f32 4: 20 · 6,737,887,232 bytes.
        assert_eq!(
            error.to_string(),
            "cuda:0 has 79.0 GiB free, and 125.5 GiB are needed for weights in bf16, gradients and AdamW's means"
        );
        let help = error.help().map(|help| help.to_string());
        assert_eq!(help.as_deref(), Some("use --strategy lora-paper"));
        let error = note_for(&[answers()], Dtype::Bf16, Some(8.0)).expect_err("12.6 GiB");
        let help = error.help().map(|help| help.to_string());
        assert_eq!(
            help.as_deref(),
            Some("use a smaller model or another --device")
        );
    }
}

//! What is said before a model is loaded: what it will take, what there is, and what to change.

use super::{GIB, Need, Work, free};
use crate::{
    Architecture, Checkpoint, Device, Dtype, LmError, LoraConfig, Targets, guard::lower,
    read_architecture,
};
use clika_base::types::Progress;
use std::path::Path;

/// Says what the model of a folder will take for some works, one after the other, and what is free; nothing of a model that
/// takes next to nothing.
///
/// # Errors
/// [`LmError::Memory`] for weights and what a training holds beside them, which are known. What a batch takes is an
/// estimate: too much of it is a note, and is cut while it runs.
pub fn outlook(
    folder: &Path,
    device: &Device,
    dtype: Option<Dtype>,
    works: &[Work],
    progress: &dyn Progress,
) -> Result<(), LmError> {
    let architecture = read_architecture(folder)?;
    let stored = Checkpoint::open(folder)?.dtype().unwrap_or(Dtype::F32);
    let dtype = dtype.unwrap_or(device.default_dtype(stored));
    let asked = Asked {
        architecture: &architecture,
        on_processor: device.is_processor(),
        dtype,
        narrower: dtype == Dtype::F32 && device.check_dtype(Dtype::Bf16).is_ok(),
        works: works.to_vec(),
    };
    if let Some(note) = said(&asked, &device.to_string(), free(device)?)? {
        progress.note(&note);
    }
    Ok(())
}

/// What a command is to do.
#[derive(Clone)]
struct Asked<'a> {
    architecture: &'a Architecture,
    on_processor: bool,
    dtype: Dtype,
    /// Whether 16 bits would be fewer, and the device has them.
    narrower: bool,
    works: Vec<Work>,
}

/// Bytes that every machine has.
const LITTLE: f64 = GIB / 4.0;

/// Fewer tokens at a time are not worth naming.
const FEWEST: usize = 256;

fn said(asked: &Asked, device: &str, free: Option<f64>) -> Result<Option<String>, LmError> {
    let Some(need) = asked.need() else {
        return Ok(None);
    };
    if need.total() < LITTLE && free.is_none_or(|free| need.total() < free) {
        return Ok(None);
    }
    let name = asked.dtype.name();
    let (weights, total) = (size(need.weights), size(need.total()));
    let takes = format!("{weights} of weights in {name} and about {total} in all on {device}");
    let Some(free) = free else {
        return Ok(Some(format!(
            "{takes}, which does not say how much is free"
        )));
    };
    if need.certain() > free {
        return Err(LmError::Memory {
            device: device.to_owned(),
            what: match need.held > 0.0 {
                true => format!("weights in {name}, gradients and AdamW's means"),
                false => format!("the weights in {name}"),
            },
            free_gib: free / GIB,
            needed_gib: need.certain() / GIB,
            lower: asked.lower(free),
        });
    }
    let mut said = format!("{takes}, which has {} free", size(free));
    if need.total() > free {
        said += &format!(
            ": a batch that does not fit is run in smaller parts; to be sure, {}",
            asked.lower(free)
        );
    }
    Ok(Some(said))
}

impl Asked<'_> {
    /// Of the work that takes most.
    fn need(&self) -> Option<Need> {
        let needs = self
            .works
            .iter()
            .map(|work| Need::of(self.architecture, self.dtype, self.on_processor, work));
        needs.max_by(|a, b| a.total().total_cmp(&b.total()))
    }

    /// The smallest change that fits, as advice.
    fn lower(&self, free: f64) -> String {
        let fits = |change: &Change| {
            let need = self.changed(*change).need();
            need.is_some_and(|need| need.total() <= free)
        };
        match self.changes().into_iter().find(fits) {
            Some(change) => format!("take {}", change.options().join(" ")),
            // All of them help, and none is enough; a batch that is too large is cut anyway.
            None => {
                let mut changes = self.changes();
                changes.retain(|change| change.batch_tokens.is_none());
                let mut options = changes.pop().map(Change::options).unwrap_or_default();
                options.retain(|option| option != NARROW);
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                lower(&options, self.narrower)
            }
        }
    }

    /// What could be changed, the mildest first: tokens at a time cost little, what is computed again costs time, fewer
    /// bits and fewer weights that learn change results.
    fn changes(&self) -> Vec<Change> {
        let settings = self.works.iter().filter_map(|work| match work {
            Work::Training { config, .. } => Some(config),
            Work::Answers { .. } => None,
        });
        let may = |may: bool| if may { &[false, true][..] } else { &[false] };
        let recompute = may(settings.clone().any(|config| !config.recompute));
        let adapters = may(settings.clone().any(|config| config.lora.is_none()));
        let narrow = may(self.narrower);
        let most = self.works.iter().map(Work::batch_tokens).max().unwrap_or(0);
        let halves = std::iter::successors(Some(most / 2), |tokens| Some(tokens / 2));
        let fewer = halves.take_while(|&tokens| tokens >= FEWEST).map(Some);
        let tokens: Vec<Option<usize>> = [None].into_iter().chain(fewer).collect();
        let mut changes = Vec::new();
        for &adapters in adapters {
            for &narrow in narrow {
                for &recompute in recompute {
                    changes.extend(tokens.iter().map(|&batch_tokens| Change {
                        batch_tokens,
                        recompute,
                        narrow,
                        adapters,
                    }));
                }
            }
        }
        changes
    }

    fn changed(&self, change: Change) -> Self {
        let mut changed = self.clone();
        if change.narrow {
            changed.dtype = Dtype::Bf16;
        }
        let most = change.batch_tokens.unwrap_or(usize::MAX);
        for work in &mut changed.works {
            match work {
                Work::Answers { batch_tokens, .. } => *batch_tokens = most.min(*batch_tokens),
                Work::Training { config, .. } => {
                    config.batch_tokens = most.min(config.batch_tokens);
                    config.recompute |= change.recompute;
                    if change.adapters && config.lora.is_none() {
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
struct Change {
    batch_tokens: Option<usize>,
    recompute: bool,
    narrow: bool,
    adapters: bool,
}

impl Change {
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
    targets: Targets::Paper,
};

impl Work {
    fn batch_tokens(&self) -> usize {
        match self {
            Self::Answers { batch_tokens, .. } => *batch_tokens,
            Self::Training { config, .. } => config.batch_tokens,
        }
    }
}

fn size(bytes: f64) -> String {
    if bytes < GIB {
        return format!("{:.0} MiB", bytes / (GIB / 1024.0));
    }
    format!("{:.1} GiB", bytes / GIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answered, TrainingConfig};
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

    fn training(lora: bool) -> Work {
        Work::Training {
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
            beside: true,
        }
    }

    fn answers() -> Work {
        Work::Answers {
            batch_tokens: 16_384,
            answered: Answered::Letters,
        }
    }

    fn says(works: &[Work], dtype: Dtype, free: Option<f64>) -> Result<Option<String>, LmError> {
        let architecture = llama();
        let asked = Asked {
            architecture: &architecture,
            on_processor: false,
            dtype,
            narrower: dtype == Dtype::F32,
            works: works.to_vec(),
        };
        said(&asked, "cuda:0", free.map(|gib| gib * GIB))
    }

    #[test]
    fn what_fits_is_said_in_a_line() {
        let said = says(&[answers()], Dtype::Bf16, Some(79.0));
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
        let unknown = says(&[answers()], Dtype::Bf16, None);
        let unknown = unknown.expect("nothing is known").unwrap_or_default();
        assert!(
            unknown.ends_with(", which does not say how much is free"),
            "{unknown}"
        );
        assert!(matches!(says(&[], Dtype::Bf16, None), Ok(None)));
    }

    #[test]
    fn what_is_only_estimated_is_a_note_that_names_the_mildest_change() {
        let options = |works: &[Work], dtype, gib| {
            let said = says(works, dtype, Some(gib));
            let said = said.expect("weights fit").unwrap_or_default();
            said.rsplit_once("take ")
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
        let asked = options(&[answers()], Dtype::F32, 25.4).unwrap_or_default();
        assert!(!asked.contains("--recompute"), "{asked}");
    }

    #[test]
    fn what_surely_does_not_fit_is_an_error() {
        let error = says(&[training(false)], Dtype::Bf16, Some(79.0));
        let error = error.expect_err("it takes 20 bytes a number");
        // By hand: weights of 2 bytes twice, gradients 4, two means 8, weights in f32 4: 20 · 6,737,887,232 bytes.
        assert_eq!(
            error.to_string(),
            "cuda:0 has 79.0 GiB free, and 125.5 GiB are needed for weights in bf16, gradients and AdamW's means"
        );
        let help = error.help().map(|help| help.to_string());
        assert_eq!(help.as_deref(), Some("take --strategy lora-paper"));
        let error = says(&[answers()], Dtype::Bf16, Some(8.0)).expect_err("12.6 GiB");
        let help = error.help().map(|help| help.to_string());
        assert_eq!(
            help.as_deref(),
            Some("take a smaller model or another --device")
        );
    }
}

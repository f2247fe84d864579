use crate::{Decoder, decoder::Trainable};

/// A module of a model that has weights of its own.
pub(super) struct Module {
    /// Its name in transformers.
    pub(super) name: String,
    pub(super) kind: ModuleKind,
    /// `[out_features, in_features]`, of an embedding and its head `[vocabulary, hidden]`, of a norm `[1, width]`.
    pub(super) shape: [usize; 2],
    /// The width of its bias.
    pub(super) bias: Option<usize>,
}

/// The kind of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModuleKind {
    Embedding,
    Linear,
    Head,
    /// A head with rows of length 1: no linear layer of PyTorch.
    NormalizedHead,
    Norm,
}

impl Module {
    /// Whether it is the embedding or the head.
    pub(super) const fn is_embedding_or_head(&self) -> bool {
        match self.kind {
            ModuleKind::Embedding | ModuleKind::Head | ModuleKind::NormalizedHead => true,
            ModuleKind::Linear | ModuleKind::Norm => false,
        }
    }

    /// Whether its name, or the name of a module that contains it, ends with `end`.
    pub(super) fn is_within(&self, end: &str) -> bool {
        let mut outer = Some(self.name.as_str());
        while let Some(name) = outer {
            if name.ends_with(end) {
                return true;
            }
            outer = name.rsplit_once('.').map(|(outer, _)| outer);
        }
        false
    }

    /// The modules of a model, in the order of the model.
    pub(super) fn all(decoder: &Decoder) -> Vec<Self> {
        let architecture = decoder.architecture();
        let names = &architecture.names;
        let embedding = format!("{}{}", names.prefix, names.embedding);
        let head = if architecture.normalized_head {
            ModuleKind::NormalizedHead
        } else {
            ModuleKind::Head
        };
        let mut modules: Vec<Self> = Vec::new();
        // A clone shares the weights.
        let mut shared = decoder.clone();
        shared.map_parameters(Trainable::All, &mut |name, matrix, value| {
            let shape = value.dims();
            let (name, end) = match name.rsplit_once('.') {
                Some(pair) => pair,
                None => unreachable!("a parameter has the name of its module before its own"),
            };
            match (modules.last_mut(), end) {
                (Some(module), "bias") if module.name == name => module.bias = Some(shape[1]),
                (_, _) => modules.push(Self {
                    name: name.to_owned(),
                    kind: match name {
                        _ if name == embedding => ModuleKind::Embedding,
                        _ if name == names.head => head,
                        _ if matrix => ModuleKind::Linear,
                        _ => ModuleKind::Norm,
                    },
                    shape,
                    bias: None,
                }),
            }
            value
        });
        if architecture.tied {
            modules.push(Self {
                name: names.head.to_owned(),
                kind: head,
                shape: [architecture.vocabulary, architecture.hidden],
                bias: None,
            });
        }
        modules
    }
}

use crate::{Decoder, decoder::Trainable};

/// A module of a model that has weights of its own.
pub(super) struct Part {
    /// Its name in transformers.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// `[out_features, in_features]`, of an embedding and its head `[vocabulary, hidden]`, of a norm `[1, width]`.
    pub(super) shape: [usize; 2],
    /// The width of its bias.
    pub(super) bias: Option<usize>,
}

/// What a module does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Embedding,
    Linear,
    Head,
    /// A head with rows of length 1: no linear layer of PyTorch.
    NormalizedHead,
    Norm,
}

impl Part {
    /// Whether it is embedding or head.
    pub(super) const fn is_end(&self) -> bool {
        match self.kind {
            Kind::Embedding | Kind::Head | Kind::NormalizedHead => true,
            Kind::Linear | Kind::Norm => false,
        }
    }

    /// Whether its name, or that of a module that holds it, ends so.
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

    /// The modules of a model, in its order.
    pub(super) fn all(decoder: &Decoder) -> Vec<Self> {
        let architecture = decoder.architecture();
        let names = &architecture.names;
        let embedding = format!("{}{}", names.prefix, names.embedding);
        let head = if architecture.normalized_head {
            Kind::NormalizedHead
        } else {
            Kind::Head
        };
        let mut parts: Vec<Self> = Vec::new();
        // A clone shares the weights.
        let mut shared = decoder.clone();
        shared.change_parameters(Trainable::All, &mut |name, matrix, value| {
            let shape = value.dims();
            let (name, end) = match name.rsplit_once('.') {
                Some(parts) => parts,
                None => unreachable!("a parameter has the name of its module before its own"),
            };
            match (parts.last_mut(), end) {
                (Some(part), "bias") if part.name == name => part.bias = Some(shape[1]),
                (_, _) => parts.push(Self {
                    name: name.to_owned(),
                    kind: match name {
                        _ if name == embedding => Kind::Embedding,
                        _ if name == names.head => head,
                        _ if matrix => Kind::Linear,
                        _ => Kind::Norm,
                    },
                    shape,
                    bias: None,
                }),
            }
            value
        });
        if architecture.tied {
            parts.push(Self {
                name: names.head.to_owned(),
                kind: head,
                shape: [architecture.vocabulary, architecture.hidden],
                bias: None,
            });
        }
        parts
    }
}

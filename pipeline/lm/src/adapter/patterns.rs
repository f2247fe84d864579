//! Which modules the names and regular expressions of PEFT's fields pick.
//!
//! They are Python's expressions, with lookahead and lookbehind; names have no line breaks, so `$` means the same.

use super::{AdapterConfig, ModuleSelection};
use crate::LmError;
use fancy_regex::Regex;

/// The names and expressions of an adapter's configuration, compiled to be matched against modules.
pub(super) struct Patterns<'a> {
    config: &'a AdapterConfig,
    targets: NamePatterns<'a>,
    excluded: Option<NamePatterns<'a>>,
    /// What `modules_to_save` keeps from getting an adapter.
    modules_to_save: Vec<Regex>,
    /// What stands before a layer's number.
    layers: Vec<Regex>,
    ranks: Vec<(Regex, usize)>,
    alphas: Vec<(Regex, f64)>,
}

enum NamePatterns<'a> {
    /// The whole name.
    Pattern(Regex),
    /// The name or its last parts.
    List(&'a [String]),
}

impl<'a> Patterns<'a> {
    /// `targets` replaces the configuration's: `all-linear` and no target are lists that depend on the model.
    pub(super) fn new(
        config: &'a AdapterConfig,
        targets: &'a ModuleSelection,
    ) -> Result<Self, LmError> {
        let layers = match config.layers_pattern.as_slice() {
            // The first number in the name is the layer's.
            [] => vec![begin("layers_pattern", r".*?\.[^.]*\.(?P<idx>\d+)\.")?],
            patterns => patterns
                .iter()
                .map(|it| {
                    begin(
                        "layers_pattern",
                        &format!(r"(?:^|.*?\.){it}\.(?P<idx>\d+)\."),
                    )
                })
                .collect::<Result<_, _>>()?,
        };
        let saved = config.modules_to_save.iter();
        let saved = saved.map(|it| begin("modules_to_save", &format!(r"(^|.*\.){it}($|\..*)")));
        Ok(Self {
            config,
            targets: NamePatterns::new("target_modules", targets)?,
            excluded: config
                .excluded
                .as_ref()
                .map(|excluded| NamePatterns::new("exclude_modules", excluded))
                .transpose()?,
            modules_to_save: saved.collect::<Result<_, _>>()?,
            layers,
            ranks: at_end("rank_pattern", &config.rank_pattern)?,
            alphas: at_end("alpha_pattern", &config.alpha_pattern)?,
        })
    }

    /// Whether a module gets an adapter.
    pub(super) fn target(&self, module: &str) -> Result<bool, LmError> {
        if let Some(excluded) = &self.excluded
            && excluded.pick("exclude_modules", module)?
        {
            return Ok(false);
        }
        for saved in &self.modules_to_save {
            if matches("modules_to_save", saved, module)? {
                return Ok(false);
            }
        }
        if !self.targets.pick("target_modules", module)? {
            return Ok(false);
        }
        // A name that is given whole is taken in any layer.
        let whole = match &self.targets {
            NamePatterns::Pattern(_) => true,
            NamePatterns::List(names) => names.iter().any(|name| name == module),
        };
        Ok(whole || self.in_layers(module)?)
    }

    /// Whether `layers_to_transform` has the module's layer.
    fn in_layers(&self, module: &str) -> Result<bool, LmError> {
        if self.config.layers.is_empty() {
            return Ok(true);
        }
        for pattern in &self.layers {
            let found = pattern.captures(module);
            let found = found.map_err(|error| fails("layers_pattern", pattern.as_str(), &error))?;
            if let Some(number) = found.and_then(|it| it.name("idx")) {
                let layers = &self.config.layers;
                return Ok(layers.iter().any(|it| number.as_str() == it.to_string()));
            }
        }
        Ok(false)
    }

    /// The rank of a module's adapter, and what its update is multiplied by.
    pub(super) fn rank_and_scale(&self, module: &str) -> Result<(usize, f32), LmError> {
        let rank = first("rank_pattern", &self.ranks, module)?.unwrap_or(self.config.rank);
        let alpha = first("alpha_pattern", &self.alphas, module)?.unwrap_or(self.config.alpha);
        Ok((rank, self.config.scale(rank, alpha)))
    }
}

impl<'a> NamePatterns<'a> {
    fn new(field: &'static str, selection: &'a ModuleSelection) -> Result<Self, LmError> {
        Ok(match selection {
            ModuleSelection::Pattern(pattern) => {
                Self::Pattern(begin(field, &format!("(?:{pattern})$"))?)
            }
            ModuleSelection::List(names) => Self::List(names),
        })
    }

    fn pick(&self, field: &'static str, module: &str) -> Result<bool, LmError> {
        match self {
            Self::Pattern(pattern) => matches(field, pattern, module),
            Self::List(names) => Ok(names.iter().any(|name| is_last_part(module, name))),
        }
    }
}

/// Whether a name is the module's or its last parts.
pub(super) fn is_last_part(module: &str, name: &str) -> bool {
    let before = module.strip_suffix(name);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// The value of the first pattern that matches the end of a name, in the order of the file.
fn first<T: Copy>(
    field: &'static str,
    patterns: &[(Regex, T)],
    module: &str,
) -> Result<Option<T>, LmError> {
    for (pattern, value) in patterns {
        if matches(field, pattern, module)? {
            return Ok(Some(*value));
        }
    }
    Ok(None)
}

fn at_end<T: Copy>(
    field: &'static str,
    patterns: &[(String, T)],
) -> Result<Vec<(Regex, T)>, LmError> {
    let all = patterns.iter();
    all.map(|(pattern, value)| Ok((begin(field, &format!(r"(.*\.)?({pattern})$"))?, *value)))
        .collect()
}

/// An expression that matches from the beginning of a name, as Python's `re.match` does.
fn begin(field: &'static str, pattern: &str) -> Result<Regex, LmError> {
    let whole = Regex::new(&format!(r"\A(?:{pattern})"));
    whole.map_err(|error| fails(field, pattern, &error))
}

fn matches(field: &'static str, pattern: &Regex, module: &str) -> Result<bool, LmError> {
    let found = pattern.is_match(module);
    found.map_err(|error| fails(field, pattern.as_str(), &error))
}

fn fails(field: &'static str, pattern: &str, error: &fancy_regex::Error) -> LmError {
    LmError::AdapterPattern {
        field,
        pattern: pattern.to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{AdapterConfig, ModuleSelection, Patterns};

    const Q0: &str = "model.layers.0.self_attn.q_proj";
    const Q10: &str = "model.layers.10.self_attn.q_proj";

    fn plain() -> AdapterConfig {
        AdapterConfig::plain(4, 8.0, 0.0, vec!["q_proj".to_owned()])
    }

    fn targets(config: &AdapterConfig) -> [bool; 2] {
        let selection = config.targets.as_ref().unwrap();
        let patterns = Patterns::new(config, selection).unwrap();
        [Q0, Q10].map(|module| patterns.target(module).unwrap())
    }

    // Expected: what `re` and check_target_module_exists of PEFT 0.21.2 give for these names.
    #[test]
    fn targets_are_those_of_peft() {
        let of = |change: &dyn Fn(&mut AdapterConfig)| {
            let mut config = plain();
            change(&mut config);
            targets(&config)
        };
        let pattern = |text: &str| Some(ModuleSelection::Pattern(text.to_owned()));
        let list = |text: &str| Some(ModuleSelection::List(vec![text.to_owned()]));
        assert_eq!(of(&|_| ()), [true, true]);
        // An end begins after a dot.
        assert_eq!(of(&|it| it.targets = list("proj")), [false, false]);
        assert_eq!(of(&|it| it.targets = pattern("q_proj")), [false, false]);
        assert_eq!(
            of(&|it| it.targets = pattern(r".*\.0\..*|x")),
            [true, false]
        );
        assert_eq!(
            of(&|it| it.targets = pattern(r"(?!.*\.10\.).*q_proj")),
            [true, false]
        );
        assert_eq!(of(&|it| it.excluded = list(Q0)), [false, true]);
        assert_eq!(of(&|it| it.excluded = pattern("model.*")), [false, false]);
        assert_eq!(of(&|it| it.layers = vec![0]), [true, false]);
        // A name that is given whole is not asked for its layer.
        let whole = |it: &mut AdapterConfig| {
            it.targets = list(Q10);
            it.layers = vec![0];
        };
        assert_eq!(of(&whole), [false, true]);
        let other_layers = |it: &mut AdapterConfig| {
            it.layers = vec![0];
            it.layers_pattern = vec!["h".to_owned()];
        };
        assert_eq!(of(&other_layers), [false, false]);
        assert_eq!(
            of(&|it| it.modules_to_save = vec!["self_attn".to_owned()]),
            [false, false]
        );
    }

    #[test]
    fn the_first_pattern_that_matches_decides() {
        let mut config = plain();
        config.alpha_pattern = [
            ("0.self_attn.q_proj", 2.0),
            ("q_proj", 16.0),
            ("proj", 32.0),
        ]
        .map(|(pattern, alpha)| (pattern.to_owned(), alpha))
        .into();
        config.rank_pattern = vec![(r"^model.layers.\d\d.*".to_owned(), 8)];
        let selection = config.targets.as_ref().unwrap();
        let patterns = Patterns::new(&config, selection).unwrap();
        // 2 / 4; the first of the other two, 16 / 8.
        assert_eq!(patterns.rank_and_scale(Q0).unwrap(), (4, 0.5));
        assert_eq!(patterns.rank_and_scale(Q10).unwrap(), (8, 2.0));
        config.rslora = true;
        config.rank_pattern = vec![("q_proj".to_owned(), 16)];
        let patterns = Patterns::new(&config, selection_of(&config)).unwrap();
        assert_eq!(patterns.rank_and_scale(Q10).unwrap(), (16, 4.0));
    }

    fn selection_of(config: &AdapterConfig) -> &ModuleSelection {
        config.targets.as_ref().unwrap()
    }

    #[test]
    fn a_pattern_that_is_no_expression_is_named() {
        let mut config = plain();
        config.rank_pattern = vec![("q_proj(".to_owned(), 8)];
        let Err(error) = Patterns::new(&config, selection_of(&config)) else {
            panic!("it is not an expression");
        };
        assert!(error.to_string().contains("rank_pattern"), "{error}");
    }
}

use secrecy::{ExposeSecret, SecretString};

/// A service's key, from the environment. It is never shown: not in errors, logs or manifests.
#[derive(Clone, Debug)]
pub struct Secret {
    variable: String,
    value: SecretString,
}

impl Secret {
    /// Reads the first of the variables that is set and not empty.
    pub fn from_env(variables: &[&str]) -> Option<Self> {
        variables.iter().find_map(|&variable| {
            let value = clika_base::variable(variable)?.into_string().ok()?;
            let value = value.trim();
            (!value.is_empty()).then(|| Self::new(variable, value))
        })
    }

    /// A key that came from `variable`.
    pub fn new(variable: &str, value: &str) -> Self {
        Self {
            variable: variable.to_owned(),
            value: SecretString::from(value.to_owned()),
        }
    }

    /// The environment variable that it was read from.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// The key itself, for the request's header and nothing else.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_show_itself() {
        let secret = Secret::new("OPENAI_API_KEY", "sk-very-secret");
        let shown = format!("{secret:?}");
        assert!(shown.contains("OPENAI_API_KEY"), "{shown}");
        assert!(!shown.contains("very"), "{shown}");
    }
}

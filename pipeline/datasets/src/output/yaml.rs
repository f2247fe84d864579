//! Names in YAML that stay text.

/// A name as a YAML scalar that every reader takes for text: quoted where YAML 1.1, which PyYAML reads, sees a truth
/// value, nothing, a number or punctuation, as in the code of Norwegian, `no`.
pub(crate) fn scalar(name: &str) -> String {
    /// Words of YAML 1.1 that are no text (yaml.org/type/bool.html and null.html).
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"];
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !WORDS.contains(&name.to_ascii_lowercase().as_str());
    if plain {
        name.to_owned()
    } else {
        // JSON's strings are YAML's.
        serde_json::Value::from(name).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_reads_as_something_else_is_quoted() {
        for name in ["de", "zh-Hant", "pt-br", "en-alias", "clika_xgeo_no", "nob"] {
            assert_eq!(scalar(name), name);
        }
        for name in [
            "no", "No", "NO", "y", "on", "null", "1e3", "12", "-", "", "a: b", "~", "é",
        ] {
            assert_eq!(scalar(name), format!("\"{name}\""));
        }
    }
}

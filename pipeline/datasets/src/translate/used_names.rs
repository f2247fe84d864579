//! Which names of a language are given away, and what is wrong with one that is offered.

use crate::translate::checks::is_written_in;
use clika_base::text::{TextRules, spells, without_case};
use unicode_normalization::UnicodeNormalization;

/// Characters of a name, at most.
const LONGEST: usize = 60;
/// Words of a name, at most.
const MOST_WORDS: usize = 6;

/// The names of a language that are used already.
#[derive(Default)]
pub(crate) struct UsedNames {
    continents: Vec<String>,
    places: Vec<String>,
}

impl UsedNames {
    /// Gives a name away.
    pub(crate) fn add(&mut self, name: &str, is_continent: bool) {
        let names = if is_continent {
            &mut self.continents
        } else {
            &mut self.places
        };
        names.push(name.to_owned());
    }

    /// All names, for the model to read.
    pub(crate) fn list(&self) -> String {
        let names: Vec<_> = self.all().collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }

    /// Why a [cleaned] name of a continent or place cannot be used; `None` if it can.
    ///
    /// A continent's name may not lie within another name, nor another name's within it where that is a
    /// continent's: answers are looked for in what a model writes.
    pub(crate) fn fault(&self, name: &str, is_continent: bool, script: &str) -> Option<String> {
        if name.is_empty() {
            return Some("empty".to_owned());
        }
        if name.chars().count() > LONGEST {
            return Some(format!("longer than {LONGEST} characters"));
        }
        if name.split(' ').count() > MOST_WORDS {
            return Some(format!("more than {MOST_WORDS} words"));
        }
        let stray = name.chars().find(|&c| {
            !(spells(c) && !c.is_numeric() || " '’-‐־׳״་・·\u{200c}\u{200d}".contains(c))
        });
        if let Some(stray) = stray {
            return Some(format!("holds {}", stray.escape_debug()));
        }
        if !is_written_in(name, script) {
            return Some(format!("not in the script {script}"));
        }
        let folded = |name: &str| without_case(name, TextRules::default());
        let name = folded(name);
        if let Some(other) = self.all().find(|other| folded(other) == name) {
            return Some(format!("`{other}` is taken"));
        }
        let mut continents = self.continents.iter();
        if let Some(other) = continents.find(|other| name.contains(&folded(other))) {
            return Some(format!("it contains the continent's name `{other}`"));
        }
        if is_continent && let Some(other) = self.all().find(|other| folded(other).contains(&name))
        {
            return Some(format!("it lies within the name `{other}`"));
        }
        None
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.continents
            .iter()
            .chain(&self.places)
            .map(String::as_str)
    }
}

/// A name with its letters composed and single spaces, so that equal names are equal texts.
pub(crate) fn cleaned(name: &str) -> String {
    let composed: String = name.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_scripts_that_spell_with_marks() {
        let used = UsedNames::default();
        for (name, script) in [
            ("कोर्का पहाड़ी", "Deva"),
            ("เกาะเสื้อ", "Thai"),
            ("می\u{200c}رود", "Arab"),
            ("Dépôt", "Latn"),
        ] {
            assert_eq!(used.fault(name, false, script), None, "{name}");
        }
    }

    #[test]
    fn names_that_cannot_be_used_are_told_why() {
        let mut used = UsedNames::default();
        used.add("Ostra", true);
        used.add("Velmar Hollow", false);
        let (long, wordy) = ("Velmo".repeat(13), "Velmo of the Seven Tall Towers Yonder");
        for (name, is_continent, script, why) in [
            ("", false, "Latn", "empty"),
            ("velmar hollow", false, "Latn", "`Velmar Hollow` is taken"),
            (
                "Ostra Ridge",
                false,
                "Latn",
                "it contains the continent's name `Ostra`",
            ),
            (
                "Ostraland",
                true,
                "Latn",
                "it contains the continent's name `Ostra`",
            ),
            ("Ost", true, "Latn", "it lies within the name `Ostra`"),
            (
                "Velmar",
                true,
                "Latn",
                "it lies within the name `Velmar Hollow`",
            ),
            ("Долина", false, "Latn", "not in the script Latn"),
            ("Tarvo Senke", false, "Cyrl", "not in the script Cyrl"),
            ("Tarvo 7", false, "Latn", "holds 7"),
            ("Tarvo.", false, "Latn", "holds ."),
            ("Tarvo [Bay]", false, "Latn", "holds ["),
            ("Tarvo\u{200b}", false, "Latn", "holds \\u{200b}"),
            (&long, false, "Latn", "longer than 60 characters"),
            (wordy, false, "Latn", "more than 6 words"),
        ] {
            let said = used.fault(name, is_continent, script);
            assert_eq!(said.as_deref(), Some(why), "{name}");
        }
        for (name, script) in [
            ("Velmar", "Latn"),
            ("Tarvo's Rest", "Latn"),
            ("Crête-de-Velmo", "Latn"),
            ("タルヴォ・盆地", "Jpan"),
            ("وادي تارفو", "Arab"),
        ] {
            assert_eq!(used.fault(name, false, script), None, "{name}");
        }
    }

    #[test]
    fn equal_names_are_equal_texts() {
        for name in ["Vélmo Bay", " Ve\u{301}lmo  Bay", "Vélmo\u{a0}Bay\n"] {
            assert_eq!(cleaned(name), "Vélmo Bay");
        }
    }
}

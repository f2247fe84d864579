//! What is wrong with a translation, as far as a program can see.

use crate::translate::{Passage, PassageKind};
use clika_base::text::{TextRules, folded, spells, without_case};
use std::{collections::BTreeSet, fmt};
use unicode_script::{Script, UnicodeScript};

/// Something that is wrong with a translation; texts count from 0, the premise or question first.
#[derive(Clone, Debug, PartialEq)]
pub enum TranslationFault {
    /// Texts did not come back.
    Lost(String),
    /// A text is empty.
    Empty(usize),
    /// A text is English still.
    Untranslated(usize),
    /// Two choices that differ in English read the same.
    SameChoices(usize, usize),
    /// A text is mostly in another script.
    WrongScript(usize),
    /// A text is much longer or shorter than English lets expect.
    Length(usize, f64),
}

impl TranslationFault {
    /// Whether the item cannot be used at all.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Empty(_) | Self::SameChoices(..) => true,
            Self::Untranslated(_) | Self::WrongScript(_) | Self::Length(..) => false,
        }
    }
}

impl fmt::Display for TranslationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(why) => f.write_str(why),
            Self::Empty(text) => write!(f, "text {} is empty", text + 1),
            Self::Untranslated(text) => write!(f, "text {} is not translated", text + 1),
            Self::SameChoices(..) => f.write_str("two choices read the same"),
            Self::WrongScript(text) => write!(f, "text {} is in another script", text + 1),
            Self::Length(text, ratio) => {
                write!(
                    f,
                    "text {} has {ratio:.1} times the length of English",
                    text + 1
                )
            }
        }
    }
}

/// The faults of a translation into a language that is written in `script` (ISO 15924) and compared by `rules`.
pub fn faults(
    passage: &Passage,
    translated: &[String],
    script: &str,
    rules: TextRules,
) -> Vec<TranslationFault> {
    if translated.len() != passage.texts.len() {
        let (found, count) = (translated.len(), passage.texts.len());
        return vec![TranslationFault::Lost(format!(
            "{found} of {count} texts came back"
        ))];
    }
    let mut faults = Vec::new();
    for (index, (english, text)) in passage.texts.iter().zip(translated).enumerate() {
        if text.trim().is_empty() {
            faults.push(TranslationFault::Empty(index));
        } else if is_untranslated(english, text, script) {
            faults.push(TranslationFault::Untranslated(index));
        } else if !is_in_script(english, text, script) {
            faults.push(TranslationFault::WrongScript(index));
        } else if let Some(ratio) = odd_length(english, text, script) {
            faults.push(TranslationFault::Length(index, ratio));
        }
    }
    for a in 1..translated.len() {
        for b in a + 1..translated.len() {
            let read = |text: &String, rules| folded(text, rules);
            let same = |texts: &[String], rules| read(&texts[a], rules) == read(&texts[b], rules);
            // Empty ones are reported already.
            if same(translated, rules)
                && !same(&passage.texts, TextRules::default())
                && !read(&translated[a], rules).is_empty()
            {
                faults.push(TranslationFault::SameChoices(a, b));
            }
        }
    }
    faults
}

/// Words of `least` letters or more that a translation changes: no names and no numbers.
fn words(text: &str, least: usize) -> BTreeSet<String> {
    let words = || text.split(|c: char| !spells(c) && c != '\'');
    // The first word of a sentence is capitalized like a name; a name has no small words next to it.
    let only_names = words().all(|word| !word.starts_with(char::is_lowercase));
    words()
        .enumerate()
        .filter(|(position, word)| {
            let name = (*position > 0 || only_names) && word.starts_with(char::is_uppercase);
            let letters = word.chars().count();
            !name && letters >= least && word.chars().all(char::is_alphabetic)
        })
        .map(|(_, word)| without_case(word, TextRules::default()))
        .collect()
}

/// Whether a text is English still, beyond names. In Latin script a word or two may be the same in both
/// languages ("radio", "hotel"), and only the small words next to them tell; elsewhere not even those may, and
/// small words may come or go.
fn is_untranslated(english: &str, text: &str, script: &str) -> bool {
    let (letters, least) = if script == "Latn" { (1, 3) } else { (4, 1) };
    let expected = words(english, letters);
    expected.len() >= least && words(text, letters) == expected
}

/// Whether at least half of a text's letters are of the script. Names and abbreviations that English has too
/// are not a reason to complain ("Sony", "DVD"); words without a capital are ("cat").
fn is_in_script(english: &str, text: &str, script: &str) -> bool {
    let of_script = |c: char| belongs(c, script);
    let letters = |c: &char| has_script(*c);
    let names: BTreeSet<&str> = latin_words(english)
        .filter(|word| word.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()))
        .collect();
    // Chinese and Japanese put no spaces around them.
    let excused: usize = latin_words(text)
        .filter(|word| names.contains(word))
        .flat_map(str::chars)
        .filter(|c| letters(c) && !of_script(*c))
        .count();
    let right = text
        .chars()
        .filter(letters)
        .filter(|&c| of_script(c))
        .count();
    let wrong = text.chars().filter(letters).count() - right - excused;
    wrong <= right
}

/// Whether a letter belongs to a script (ISO 15924).
fn belongs(c: char, script: &str) -> bool {
    match script {
        "Jpan" => matches!(
            c.script(),
            Script::Han | Script::Hiragana | Script::Katakana
        ),
        "Hans" | "Hant" | "Hani" => c.script() == Script::Han,
        "Kore" => matches!(c.script(), Script::Hangul | Script::Han),
        other => c.script().short_name() == other,
    }
}

/// Whether a character is a letter of some script, rather than of all.
fn has_script(c: char) -> bool {
    c.is_alphabetic() && !matches!(c.script(), Script::Common | Script::Inherited)
}

/// Whether a name has letters and all of them are of the script (ISO 15924).
pub(crate) fn is_written_in(name: &str, script: &str) -> bool {
    let mut letters = name.chars().filter(|&c| has_script(c)).peekable();
    letters.peek().is_some() && letters.all(|c| belongs(c, script))
}

/// Runs of the letters and digits of English.
fn latin_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The ratio of lengths in characters where it is out of the ordinary; short texts vary too much.
fn odd_length(english: &str, text: &str, script: &str) -> Option<f64> {
    let (before, after) = (english.chars().count(), text.chars().count());
    let (least, most) = match script {
        // A character is a syllable or a word.
        "Jpan" | "Hans" | "Hant" | "Hani" | "Kore" => (0.12, 1.5),
        _ => (0.35, 3.0),
    };
    let ratio = after as f64 / before as f64;
    (before >= 12 && !(least..=most).contains(&ratio)).then_some(ratio)
}

/// What a language model is told about the faults.
pub(crate) fn complaint(passage: &Passage, faults: &[TranslationFault]) -> String {
    let said: Vec<_> = faults.iter().map(TranslationFault::to_string).collect();
    let texts = match passage.kind {
        PassageKind::Cause | PassageKind::Effect => "text 1 is the premise",
        PassageKind::Question => "text 1 is the question",
    };
    format!("{} ({texts})", said.join("; "))
}

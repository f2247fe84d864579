//! How texts are compared.

use clika_base::text::{TextRules, spells, without_case};
use std::collections::BTreeSet;
use unicode_script::{Script, UnicodeScript};

/// A text without case and without space around it, in one normal form: what two texts are compared by.
pub(crate) fn folded(text: &str) -> String {
    without_case(text.trim(), TextRules::default())
}

/// Shorter words say nothing ("San", "am", "Rio").
const SHORTEST_WORD: usize = 4;

/// What a name can be recognized by inside another text: words of four letters and more; where a script puts no
/// spaces, every run of two Han characters or four kana. Folded.
pub(crate) fn pieces(name: &str) -> BTreeSet<String> {
    let folded = folded(name);
    let mut pieces = BTreeSet::new();
    for word in folded.split(|c: char| !spells(c)) {
        let letters: Vec<char> = word.chars().collect();
        for run in letters.chunk_by(|&a, &b| WordBoundaries::of(a) == WordBoundaries::of(b)) {
            let length = match WordBoundaries::of(run[0]) {
                WordBoundaries::Han => 2,
                WordBoundaries::Kana => 4,
                WordBoundaries::Spaced => run.len().max(SHORTEST_WORD),
            };
            let windows = run.windows(length);
            pieces.extend(windows.map(|piece| piece.iter().collect::<String>()));
        }
    }
    pieces
}

/// How a script parts its words.
#[derive(PartialEq)]
enum WordBoundaries {
    Han,
    Kana,
    Spaced,
}

impl WordBoundaries {
    fn of(c: char) -> Self {
        match c.script() {
            Script::Han => Self::Han,
            Script::Hiragana | Script::Katakana => Self::Kana,
            // The mark of a long vowel belongs to both kana.
            _ if c == 'ー' => Self::Kana,
            _ => Self::Spaced,
        }
    }
}

/// The length in characters of the longest text that stands in both; both are folded already.
pub(crate) fn longest_common(a: &[char], b: &[char]) -> usize {
    let mut longest = 0;
    // The length of the common text that ends at each position of `b`, for the last character of `a` so far.
    let mut ends = vec![0; b.len() + 1];
    for &x in a {
        let mut diagonal = 0;
        for (end, &y) in ends[1..].iter_mut().zip(b) {
            let length = if x == y { diagonal + 1 } else { 0 };
            diagonal = std::mem::replace(end, length);
            longest = longest.max(length);
        }
    }
    longest
}

/// Letters of a text that are of a script (ISO 15924), and letters that are of another.
pub(crate) fn letters(text: &str, script: &str) -> (usize, usize) {
    let of_script = |c: char| match script {
        "Jpan" => matches!(
            c.script(),
            Script::Han | Script::Hiragana | Script::Katakana
        ),
        "Hans" | "Hant" | "Hani" => c.script() == Script::Han,
        "Kore" => matches!(c.script(), Script::Hangul | Script::Han),
        other => c.script().short_name() == other,
    };
    let counted =
        |c: &char| c.is_alphabetic() && !matches!(c.script(), Script::Common | Script::Inherited);
    let (mut right, mut wrong) = (0, 0);
    for c in text.chars().filter(counted) {
        if of_script(c) {
            right += 1;
        } else {
            wrong += 1;
        }
    }
    (right, wrong)
}

/// Whether a text has a word that is not a name: three letters or more, the first one small.
pub(crate) fn has_common_word(text: &str) -> bool {
    text.split(|c: char| !spells(c)).any(|word| {
        word.starts_with(char::is_lowercase)
            && word.chars().count() >= 3
            && word.chars().all(char::is_alphabetic)
    })
}

/// A text for an example: one line, and not a long one.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if flat.chars().count() <= MOST {
        return flat;
    }
    flat.chars().take(MOST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_common_text_of_worked_examples() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, length) in [
            ("kitaakita", "akita prefecture", 5),
            ("abc", "", 0),
            ("abcabd", "abd", 3),
            ("北秋田市", "秋田県", 2),
            ("xyz", "abc", 0),
        ] {
            assert_eq!(longest_common(&chars(a), &chars(b)), length, "{a} {b}");
        }
    }

    #[test]
    fn pieces_follow_the_script() {
        let of = |name: &str| pieces(name).into_iter().collect::<Vec<_>>();
        assert_eq!(of("New York"), ["york"]);
        assert_eq!(of("秋田県"), ["田県", "秋田"]);
        assert_eq!(of("ルイジアナ"), ["イジアナ", "ルイジア"]);
    }

    #[test]
    fn counts_letters_by_script() {
        assert_eq!(letters("69 BC", "Cyrl"), (0, 2));
        assert_eq!(letters("Москва DVD", "Cyrl"), (6, 3));
        assert_eq!(letters("東京タワー", "Jpan"), (4, 0));
    }

    #[test]
    fn a_name_is_no_common_word() {
        assert!(has_common_word("In welchem Jahr"));
        assert!(!has_common_word("Provence-Alpes-Côte d'Azur"));
        assert!(!has_common_word("69 BC"));
    }
}

use crate::draw;
use clika_base::templates::{Syllable, Syllables};
use std::collections::{BTreeMap, BTreeSet};

/// A coined word, by spelling: a script or a language with its own; in lower case.
pub(crate) type Stem = BTreeMap<String, String>;

/// Draws stems that can be told apart in every spelling: none contains another, a text of `taken` or a text
/// to avoid, nor lies within one of `taken`.
///
/// `taken` are texts by spelling, such as the landforms. A longer draw begins with the shorter one. Returns
/// fewer than `count` where the syllables give no more.
pub(crate) fn draw_stems(
    syllables: &Syllables,
    taken: &BTreeMap<String, BTreeSet<String>>,
    count: usize,
    seed: u64,
) -> Vec<Stem> {
    let mut claimed: BTreeMap<&str, UsedTexts> = BTreeMap::new();
    for (script, texts) in taken {
        let claimed = claimed.entry(script).or_default();
        texts.iter().for_each(|text| claimed.claim(text));
    }
    let (openings, endings) = (syllables.openings.len(), syllables.endings.len());
    // One more middle: none.
    let combinations = openings * (syllables.middles.len() + 1) * endings;
    let mut stems = Vec::with_capacity(count.min(combinations));
    for number in draw::shuffle((0..combinations).collect(), seed, &["fictional", "stems"]) {
        if stems.len() == count {
            break;
        }
        let middle = number / openings / endings;
        let parts = [
            Some(&syllables.openings[number % openings]),
            syllables.middles.get(middle),
            Some(&syllables.endings[number / openings % endings]),
        ];
        let stem: Stem = syllables
            .spellings()
            .map(|spelling| (spelling.to_owned(), spelled(&parts, spelling)))
            .collect();
        let free = stem.iter().all(|(spelling, text)| {
            let claimed = claimed.get(spelling.as_str());
            claimed.is_none_or(|claimed| claimed.leaves(text))
                && !substrings(text).any(|part| syllables.avoid.contains(part))
        });
        if free {
            for spelling in syllables.spellings() {
                claimed.entry(spelling).or_default().claim(&stem[spelling]);
            }
            stems.push(stem);
        }
    }
    stems
}

fn spelled(parts: &[Option<&Syllable>], spelling: &str) -> String {
    parts
        .iter()
        .flatten()
        .map(|syllable| syllable.spellings[spelling].as_str())
        .collect()
}

/// Texts of one spelling that have been given away.
#[derive(Default)]
struct UsedTexts {
    whole: BTreeSet<String>,
    inside: BTreeSet<String>,
}

impl UsedTexts {
    fn claim(&mut self, text: &str) {
        self.whole.insert(text.to_owned());
        self.inside.extend(substrings(text).map(str::to_owned));
    }

    /// Whether a text neither contains a claimed one nor lies within one.
    fn leaves(&self, text: &str) -> bool {
        !self.inside.contains(text) && !substrings(text).any(|part| self.whole.contains(part))
    }
}

/// Every part of a text, the whole included.
fn substrings(text: &str) -> impl Iterator<Item = &str> {
    let ends = move |start: usize| {
        let rest = &text[start..];
        let ends = rest
            .char_indices()
            .map(move |(at, c)| start + at + c.len_utf8());
        ends.map(move |end| &text[start..end])
    };
    text.char_indices().flat_map(move |(start, _)| ends(start))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn syllables(openings: &[&str], middles: &[&str], endings: &[&str]) -> Syllables {
        let list = |texts: &[&str]| {
            let syllable = |text: &&str| Syllable {
                spellings: BTreeMap::from([("Latn".to_owned(), (*text).to_owned())]),
            };
            texts.iter().map(syllable).collect()
        };
        Syllables {
            openings: list(openings),
            middles: list(middles),
            endings: list(endings),
            avoid: BTreeSet::new(),
            made_for: BTreeMap::new(),
        }
    }

    fn drawn(syllables: &Syllables, taken: &[&str]) -> BTreeSet<String> {
        let taken = taken.iter().map(|text| (*text).to_owned()).collect();
        let taken = BTreeMap::from([("Latn".to_owned(), taken)]);
        let stems = draw_stems(syllables, &taken, usize::MAX, 1);
        stems.into_iter().map(|stem| stem["Latn"].clone()).collect()
    }

    #[test]
    fn parts_of_a_text_are_all_found() {
        let parts: Vec<_> = substrings("añc").collect();
        assert_eq!(parts, ["a", "añ", "añc", "ñ", "ñc", "c"]);
    }

    #[test]
    fn all_combinations_are_drawn_once() {
        let stems = drawn(&syllables(&["ba", "do"], &["li"], &["ra", "ne"]), &[]);
        let expected = [
            "balira", "baline", "bara", "bane", "dolira", "doline", "dora", "done",
        ];
        assert_eq!(stems, expected.map(str::to_owned).into());
    }

    #[test]
    fn a_stem_shares_nothing_with_what_is_taken_or_avoided() {
        let mut syllables = syllables(&["ba", "do"], &[], &["ra", "ne"]);
        // A stem inside a taken text, and a taken text inside a stem.
        assert_eq!(
            drawn(&syllables, &["xbarax", "don"]),
            ["bane", "dora"].map(str::to_owned).into()
        );
        syllables.avoid = BTreeSet::from(["ane".to_owned()]);
        assert_eq!(
            drawn(&syllables, &[]),
            ["bara", "done", "dora"].map(str::to_owned).into()
        );
    }

    #[test]
    fn no_stem_contains_another() {
        let stems = drawn(&syllables(&["ba", "baba"], &[], &["ra", "bara"]), &[]);
        for stem in &stems {
            let inside = stems.iter().filter(|other| stem.contains(other.as_str()));
            assert_eq!(inside.count(), 1, "{stem} of {stems:?}");
        }
    }
}

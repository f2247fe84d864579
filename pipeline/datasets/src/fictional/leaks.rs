//! Whether training texts teach what the test asks, whatever their ids and entities say.

use super::{FictionalRow, RowKind, Splits};
use clika_base::text::{TextRules, without_case};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet};

/// What a test asks: a place by its names, in lower case.
struct TestedPlace {
    /// The row of the test, from 0.
    row: usize,
    /// Its name in the target language.
    name: String,
    /// Its name in the source language.
    of_source: String,
    /// Longer names of others, in which its name lies.
    longer: Vec<String>,
}

/// A training row that holds the name and the answer of a tested place: its number, and that of the test's row.
pub(super) type Leak = (usize, usize);

/// Why a world cannot be searched for leaks: the test's row whose place no translation of the gate names.
pub(super) struct Nameless(pub(super) usize);

/// Finds the first training row in the target language whose text holds the name and the answer of a tested place.
///
/// Text is in the target language where its row says so, and where it holds a name that only that language has.
pub(super) fn find(splits: &Splits, target: &LanguageCode) -> Result<Option<Leak>, Nameless> {
    let names = names(splits, target);
    let of_source: BTreeSet<&str> = names.iter().map(|(source, _)| source.as_str()).collect();
    let tested = tested(splits, &names)?;
    for (number, row) in splits.train.iter().enumerate() {
        let text = in_lower_case(&format!("{}\n{}\n{}", row.prompt, row.query, row.response));
        let of_target = row.language == target.as_str() || row.kind == RowKind::Translation;
        for (answer, places) in &tested {
            if !text.contains(answer) {
                continue;
            }
            // Where both languages have one name, the source language may teach it.
            let places = places
                .iter()
                .filter(|it| of_target || !of_source.contains(it.name.as_str()));
            if let Some(place) = places.into_iter().find(|it| it.is_told(&text, answer)) {
                return Ok(Some((number, place.row)));
            }
        }
    }
    Ok(None)
}

/// A text as names are searched for in it.
fn in_lower_case(text: &str) -> String {
    without_case(text, TextRules::default())
}

impl TestedPlace {
    /// Whether a text holds the name and, apart from names, the answer.
    fn is_told(&self, text: &str, answer: &str) -> bool {
        if !text.contains(&self.name) {
            return false;
        }
        let mut text = text.to_owned();
        for longer in &self.longer {
            text = text.replace(longer, "\0");
        }
        if !text.contains(&self.name) {
            return false;
        }
        let names = [&self.name, &self.of_source];
        let rest = names
            .into_iter()
            .fold(text, |text, name| text.replace(name, "\0"));
        rest.contains(answer)
    }
}

/// The names that the gate translates, in the source and in the target language.
fn names(splits: &Splits, target: &LanguageCode) -> BTreeSet<(String, String)> {
    let pairs = splits
        .gate
        .iter()
        .filter(|row| row.kind == RowKind::Translation);
    let pair = |row: &FictionalRow| {
        let (query, answer) = (in_lower_case(&row.query), in_lower_case(&row.answer));
        if row.language == target.as_str() {
            (query, answer)
        } else {
            (answer, query)
        }
    };
    pairs.map(pair).collect()
}

/// The tested places by their answers.
fn tested(
    splits: &Splits,
    names: &BTreeSet<(String, String)>,
) -> Result<BTreeMap<String, Vec<TestedPlace>>, Nameless> {
    let mut tested = BTreeMap::<String, Vec<TestedPlace>>::new();
    for (row, question) in splits.test.iter().enumerate() {
        let (prompt, answer) = (
            in_lower_case(&question.prompt),
            in_lower_case(&question.answer),
        );
        // A name may lie within another one, so the longest is meant.
        let asked = names.iter().filter(|(_, name)| prompt.contains(name));
        let Some((of_source, name)) = asked.max_by_key(|(_, name)| name.len()) else {
            return Err(Nameless(row));
        };
        let all = names.iter().flat_map(|(source, target)| [source, target]);
        // No name holds an answer; a text that holds both is what is searched for.
        let longer = all.filter(|it| {
            it.len() > name.len() && it.contains(name.as_str()) && !it.contains(&answer)
        });
        let place = TestedPlace {
            row,
            name: name.clone(),
            of_source: of_source.clone(),
            longer: longer.cloned().collect(),
        };
        tested.entry(answer).or_default().push(place);
    }
    Ok(tested)
}

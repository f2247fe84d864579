use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// A multiple-choice task in several languages, as it lies on disk: nothing is made parallel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceSet {
    /// The dataset's name: that of its folder.
    pub name: String,
    /// The items of each language, in the file's order.
    pub languages: BTreeMap<LanguageCode, Vec<ChoiceItem>>,
}

/// A multiple-choice item in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceItem {
    /// The identifier, meant to be equal in every language.
    pub id: String,
    /// The file and line or row, from the folder audited.
    pub at: String,
    /// Premise and question.
    pub text: String,
    /// What is asked about a premise: `cause`.
    pub asks: Option<String>,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice from 0, as the file says.
    pub label: i64,
    /// The language that the knowledge comes from.
    pub origin: Option<LanguageCode>,
    /// What is asked about an entity: `division`, `birth`, `death`.
    pub relation: Option<String>,
    /// The entity: its identifier in Wikidata, or its English name.
    pub entity: Option<String>,
    /// The city's country: its identifier in Wikidata, or its English name.
    pub country: Option<String>,
}

impl ChoiceItem {
    /// The position of the right choice; `None` where the label is out of range.
    pub fn right(&self) -> Option<usize> {
        let label = usize::try_from(self.label);
        label.ok().filter(|&label| label < self.choices.len())
    }

    /// The right choice; `None` where the label is out of range.
    pub fn answer(&self) -> Option<&str> {
        self.right().map(|right| self.choices[right].as_str())
    }
}

impl ChoiceSet {
    /// The language that the others are compared with: English where there is one, else the first.
    pub fn reference(&self) -> Option<(&LanguageCode, &[ChoiceItem])> {
        let english = self
            .languages
            .iter()
            .find(|(code, _)| code.as_str() == "en");
        let (code, items) = english.or_else(|| self.languages.iter().next())?;
        Some((code, items))
    }

    /// Every item with its language.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&LanguageCode, &ChoiceItem)> {
        let languages = self.languages.iter();
        languages.flat_map(|(code, items)| items.iter().map(move |item| (code, item)))
    }
}

/// Texts that belong together and are translated together: a premise or question, then its choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The item's id, for messages.
    pub id: String,
    /// Premise or question, then the choices.
    pub texts: Vec<String>,
    /// What the texts are.
    pub kind: PassageKind,
}

/// What a passage asks: the cause or the effect of its premise, or a question. Language models are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassageKind {
    /// A premise and two possible causes of it.
    Cause,
    /// A premise and two possible effects of it.
    Effect,
    /// A question and its possible answers.
    Question,
}

impl Passage {
    /// Characters of all texts, which is what translators bill.
    pub fn characters(&self) -> u64 {
        let characters = self.texts.iter().map(|text| text.chars().count() as u64);
        characters.sum()
    }
}

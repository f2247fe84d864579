use clika_base::templates::{AnswerForm, ItemPrompt, PromptTemplate, TemplateError};

/// An item of a dataset in one language, as a model is asked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Equal in every language.
    pub id: String,
    /// Items that share this are not independent.
    pub cluster_id: String,
    /// xCOPA's premise.
    pub premise: Option<String>,
    /// The question, in the item's language.
    pub question: String,
    /// What is asked: `cause`, `birth`; `None` where the dataset has no such column.
    pub relation: Option<String>,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice, from 0.
    pub label: u8,
}

impl Question {
    /// How a prompt template writes items of this one's kind.
    pub fn kind<'a>(&self, prompt: &'a PromptTemplate) -> &'a ItemPrompt {
        match self.premise {
            Some(_) => &prompt.premise,
            None => &prompt.question,
        }
    }

    /// The item as a prompt writes it, without instruction and example.
    pub fn asked(&self, prompt: &PromptTemplate) -> String {
        self.kind(prompt).item(
            self.premise.as_deref(),
            &self.question,
            self.relation.as_deref(),
            &self.choices,
        )
    }

    /// The same with its right answer.
    ///
    /// # Errors
    /// A prompt that does not say how an answered item is written.
    pub fn answered(
        &self,
        prompt: &PromptTemplate,
        form: AnswerForm,
    ) -> Result<String, TemplateError> {
        let answer = self.kind(prompt).answer(&self.choices, self.label, form)?;
        Ok(self.asked(prompt) + &answer)
    }
}

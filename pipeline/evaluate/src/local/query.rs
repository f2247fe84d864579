use super::LocalModel;
use crate::{EvaluateError, EvaluationSettings, Question, QuestionSet};
use clika_base::named_enum;
use clika_lm::ScoringRequest;
use serde::{Deserialize, Serialize};

named_enum! {
    /// What a model's answer is read from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AnswerMode {
        /// The log-probability of each option's letter as the next token.
        Letters = ("letters", "Log-probabilities of the option letters"),
        /// The log-probability of each option's whole text.
        Texts = ("texts", "Log-probability of each option's text"),
        /// The same, divided by the text's bytes in UTF-8.
        TextsPerByte = ("texts-per-byte", "The same, divided by its bytes"),
        /// What the model writes, greedily.
        Free = ("free", "What the model writes"),
    }
}

named_enum! {
    /// What stands between the prompt and an option.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Spacing {
        /// What the format or, where it adds nothing, the prompt's own example has.
        Auto = ("auto", "As in the format, or else in the prompt's own example"),
        /// A space.
        Space = ("space", "A space"),
        /// Nothing.
        None = ("none", "Nothing"),
    }
}

/// What each continuation of an item's query stands for: the option, and the bytes that its log-probability is divided by.
pub(super) struct QueryOptions(Vec<(usize, f64)>);

/// Writes the items of a set as queries.
///
/// One rule for letters and texts: prompt, separator and option are tokenized as one text, and scored is what comes after
/// the tokens with which the prompt and all of these texts begin. So a letter that merges with the prompt's colon (":A")
/// is read as that token, and one that takes several tokens by all of them.
pub(super) struct QueryBuilder<'a> {
    pub(super) model: &'a LocalModel,
    pub(super) settings: &'a EvaluationSettings,
    pub(super) mode: AnswerMode,
    pub(super) spacing: Spacing,
}

impl QueryBuilder<'_> {
    /// An item of a set as a query, with its choices moved on by `rotation` places; exemplars stay as they are.
    ///
    /// # Errors
    /// Options that the tokenizer does not tell apart, and a letter that it does not know.
    pub(super) fn ask(
        &self,
        set: &QuestionSet,
        question: &Question,
        rotation: usize,
    ) -> Result<(ScoringRequest, QueryOptions), EvaluateError> {
        let mut shown = question.clone();
        shown.choices.rotate_left(rotation);
        let prompt = self.settings.render(set, &shown);
        let choices = shown.choices.len();
        let separator = self.separator(question);
        let mut texts = Vec::with_capacity(choices);
        let mut options = Vec::with_capacity(choices);
        for (place, (letter, choice)) in ('A'..='Z').zip(&shown.choices).enumerate() {
            let (text, bytes) = match self.mode {
                AnswerMode::Letters => (letter.to_string(), 1.0),
                AnswerMode::TextsPerByte => (choice.clone(), choice.len().max(1) as f64),
                AnswerMode::Texts | AnswerMode::Free => (choice.clone(), 1.0),
            };
            texts.push(text);
            options.push(((place + rotation) % choices, bytes));
        }
        let query = query(
            |answer| self.model.encode(&prompt, answer),
            separator,
            &texts,
        )?;
        self.check(&query, &texts, question)?;
        Ok((query, QueryOptions(options)))
    }

    /// What stands between this item's prompt and an option.
    pub(super) fn separator(&self, question: &Question) -> &str {
        match self.spacing {
            Spacing::Space => " ",
            Spacing::None => "",
            Spacing::Auto => {
                let of_prompt = self.settings.kind(question).separator();
                self.model.wrapping.separator().unwrap_or(of_prompt)
            }
        }
    }

    /// Whether the tokens say which option is meant.
    fn check(
        &self,
        query: &ScoringRequest,
        texts: &[String],
        question: &Question,
    ) -> Result<(), EvaluateError> {
        let unknown = self.model.tokenizer.unknown();
        for (number, (text, tokens)) in texts.iter().zip(&query.continuations).enumerate() {
            let before = &query.continuations[..number];
            if let Some(alike) = before.iter().position(|other| other == tokens) {
                return Err(EvaluateError::OptionsAlike {
                    first: texts[alike].clone(),
                    second: text.clone(),
                    item: question.id.clone(),
                });
            }
            let is_unknown = unknown.is_some_and(|unknown| tokens.contains(&unknown));
            if self.mode == AnswerMode::Letters && is_unknown {
                return Err(EvaluateError::UnknownLetter {
                    letter: text.clone(),
                });
            }
        }
        Ok(())
    }
}

/// A prompt's tokens as far as all of its answers begin with them, and of each answer the tokens that follow.
///
/// `encode` gives the tokens of the prompt with an answer begun after it.
fn query(
    encode: impl Fn(&str) -> Result<Vec<u32>, EvaluateError>,
    separator: &str,
    texts: &[String],
) -> Result<ScoringRequest, EvaluateError> {
    let plain = encode("")?;
    let mut whole = Vec::with_capacity(texts.len());
    for text in texts {
        whole.push(encode(&format!("{separator}{text}"))?);
    }
    // A continuation has at least one token.
    let shared = whole.iter().fold(plain.len(), |shared, tokens| {
        let same = plain.iter().zip(tokens).take_while(|(a, b)| a == b).count();
        shared.min(same).min(tokens.len().saturating_sub(1))
    });
    Ok(ScoringRequest {
        prompt: plain[..shared].to_vec(),
        continuations: whole.iter().map(|it| it[shared..].to_vec()).collect(),
    })
}

impl QueryOptions {
    /// A score for each option.
    pub(super) fn scores(&self, log_probabilities: &[f64]) -> Vec<f64> {
        let mut scores = vec![0.0; self.0.len()];
        for ((option, bytes), value) in self.0.iter().zip(log_probabilities) {
            scores[*option] = value / bytes;
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::query;
    use clika_checkpoint::tokenizer::Tokenizer;
    use serde_json::{Value, json};
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
    }

    /// What is scored of each letter, token by token, and the end of what all of them follow.
    fn scored(
        tokenizer: &Tokenizer,
        prompt: &str,
        separator: &str,
        letters: &str,
    ) -> (Vec<Vec<String>>, String) {
        let texts: Vec<String> = letters.chars().map(String::from).collect();
        let encode = |answer: &str| Ok(tokenizer.encode(&format!("{prompt}{answer}"), true)?);
        let query = query(encode, separator, &texts).unwrap();
        let token = |id: &u32| tokenizer.token(*id).unwrap();
        let tokens = query.continuations.iter();
        (
            tokens.map(|ids| ids.iter().map(token).collect()).collect(),
            token(query.prompt.last().unwrap()),
        )
    }

    /// The tiny byte-level tokenizer, cut into words as Llama 3 cuts them, with `:A` and `:B` as tokens and without `:D`.
    fn merging(folder: &Path) -> Tokenizer {
        let model = fixture("lm/tests/fixtures/llama-tokenizer");
        let text = fs::read_to_string(model.join("tokenizer.json")).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] =
            json!(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+");
        for (id, letter) in [(300, "A"), (301, "B")] {
            file["model"]["vocab"][format!(":{letter}")] = json!(id);
            let merges = file["model"]["merges"].as_array_mut().unwrap();
            merges.push(json!([":", letter]));
        }
        fs::write(folder.join("tokenizer.json"), file.to_string()).unwrap();
        fs::copy(
            model.join("tokenizer_config.json"),
            folder.join("tokenizer_config.json"),
        )
        .unwrap();
        Tokenizer::load(folder).unwrap()
    }

    #[test]
    fn letters_that_merge_with_the_colon_are_scored_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = merging(folder.path());
        let (tokens, before) = scored(&tokenizer, "1\nAnswer:", "", "ABD");
        // D has no such token: all of the letters are then scored after "Answer".
        assert_eq!(tokens, [vec![":A"], vec![":B"], vec![":", "D"]]);
        assert_eq!(before, "Answer");
        // With a space the colon stands alone, and it does before a full-width one.
        let (tokens, before) = scored(&tokenizer, "1\nAnswer:", " ", "ABD");
        assert_eq!(tokens, [vec!["ĠA"], vec!["ĠB"], vec!["ĠD"]]);
        assert_eq!(before, ":");
        let (tokens, _) = scored(&tokenizer, "1\n：", "", "AB");
        assert_eq!(tokens, [["A"], ["B"]]);
    }

    #[test]
    fn a_sentencepiece_tokenizer_scores_the_letter_as_the_example_has_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(
            fixture("checkpoint/tests/tokenizer/fixtures/llama1.model"),
            folder.path().join("tokenizer.model"),
        )
        .unwrap();
        fs::write(
            folder.path().join("tokenizer_config.json"),
            r#"{"tokenizer_class": "LlamaTokenizer"}"#,
        )
        .unwrap();
        let tokenizer = Tokenizer::load(folder.path()).unwrap();
        for (separator, expected) in [("", ["A", "B"]), (" ", ["▁A", "▁B"])] {
            let (tokens, before) = scored(&tokenizer, "1\nAnswer:", separator, "AB");
            assert_eq!(
                tokens.iter().map(|it| it.concat()).collect::<Vec<_>>(),
                expected
            );
            assert_eq!(before, ":");
        }
    }

    #[test]
    fn a_prompt_that_merges_with_nothing_is_kept_whole() {
        // A token a character: no letter changes those before it.
        let encode = |answer: &str| {
            Ok("Answer:"
                .chars()
                .chain(answer.chars())
                .map(u32::from)
                .collect())
        };
        let texts = ["A".to_owned(), "BC".to_owned()];
        let query = query(encode, "", &texts).unwrap();
        assert_eq!(query.prompt.len(), 7);
        assert_eq!(query.continuations, [vec![65], vec![66, 67]]);
    }
}

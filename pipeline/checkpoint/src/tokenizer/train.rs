use crate::tokenizer::TokenizerError;
use tokenizers::{
    AddedToken, Tokenizer,
    models::{
        TrainerWrapper,
        bpe::{BPE, BpeTrainer},
    },
    pre_tokenizers::byte_level::ByteLevel,
};

/// Learns a byte-level BPE tokenizer, as GPT-2's, of at most `vocabulary` tokens from texts and returns its `tokenizer.json`.
///
/// `special` tokens have the first ids, in order. The same texts give the same tokenizer.
///
/// # Errors
/// [`TokenizerError::Failed`]: the texts cannot be learnt from.
pub fn train_bpe<T: AsRef<str> + Send>(
    texts: impl Iterator<Item = T> + Send,
    vocabulary: usize,
    special: &[&str],
) -> Result<String, TokenizerError> {
    let special = special.iter().map(|token| AddedToken::from(*token, true));
    let trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocabulary)
        .min_frequency(2)
        .special_tokens(special.collect())
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    tokenizer
        .train(&mut TrainerWrapper::BpeTrainer(trainer), texts)
        .map_err(TokenizerError::Failed)?;
    tokenizer.to_string(true).map_err(TokenizerError::Failed)
}

#[cfg(test)]
mod tests {
    use super::train_bpe;

    #[test]
    fn what_occurs_often_becomes_a_token_and_every_text_can_be_written() {
        let texts = ["low lower lowest", "low low", "слово слово слово"];
        let folder = tempfile::tempdir().unwrap();
        let json = train_bpe(texts.iter(), 300, &["<s>", "</s>"]).unwrap();
        assert_eq!(
            json,
            train_bpe(texts.iter(), 300, &["<s>", "</s>"]).unwrap()
        );
        std::fs::write(folder.path().join("tokenizer.json"), json).unwrap();
        let config = r#"{"bos_token": "<s>", "eos_token": "</s>"}"#;
        std::fs::write(folder.path().join("tokenizer_config.json"), config).unwrap();
        let tokenizer = crate::tokenizer::Tokenizer::load(folder.path()).unwrap();
        assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some(0), Some(1)));
        assert!(tokenizer.vocabulary() <= 300);
        assert_eq!(tokenizer.encode("low", false).unwrap().len(), 1);
        for text in ["low слово", "今日は 🎉"] {
            let ids = tokenizer.encode(text, false).unwrap();
            assert_eq!(tokenizer.decode(&ids).unwrap(), text);
        }
    }
}

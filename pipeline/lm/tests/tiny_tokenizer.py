"""A byte-level BPE tokenizer of 300 tokens with a chat template, in Hugging Face's format.

Every text can be written with it, since all 256 bytes are tokens. Its merges come from prompts in English, so that
`A` to `E` after a space are tokens of their own, as in real vocabularies.
"""

import json

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

VOCABULARY = 300
# In this order, from id 0.
SPECIAL = ["<unk>", "<s>", "</s>"]

# The words as LLaMA 3 and GPT-2 cut them: letters with a leading space, digits, punctuation, white space.
WORDS = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

TRAINING = [
    "Question: In which administrative division is the city located?\nA. one\nB. two\nC. three\nD. four\nAnswer: A",
    "Question: Which continent is the place located in?\nA. one\nB. two\nC. three\nD. four\nE. five\nAnswer: B",
    "Premise: The sky turns dark.\nQuestion: What was the cause of this?\nA. one\nB. two\nAnswer: C",
    "The answer is A or B or C or D or E.",
    "Answer: A B C D E",
] * 8 + [" A B C D E"] * 60

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'].strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'].strip() + ' ' + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant speak here, not ' + message['role']) }}"
    "{% endif %}{% endfor %}"
)

CONFIG = {
    "add_bos_token": True,
    "add_eos_token": False,
    "bos_token": "<s>",
    "chat_template": CHAT_TEMPLATE,
    "clean_up_tokenization_spaces": False,
    "eos_token": "</s>",
    "model_max_length": 2048,
    "tokenizer_class": "PreTrainedTokenizerFast",
    "unk_token": "<unk>",
}

# Letters of four scripts, a combining mark, an emoji, white space and a right-to-left mark.
SAMPLE = "Łódź, 東京 и\tחיפה\u200f  e\u0301 🙂\n\nAnswer: B"


def write_tokenizer(folder):
    """Writes tokenizer.json and tokenizer_config.json, and checks that transformers reads them."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    begin = ("<s>", tokenizer.token_to_id("<s>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[begin]
    )
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")

    read = AutoTokenizer.from_pretrained(folder)
    assert read(SAMPLE).input_ids == tokenizer.encode(SAMPLE).ids
    assert read.decode(read(SAMPLE).input_ids, skip_special_tokens=True) == SAMPLE
    for letter in "ABCDE":
        assert len(read.tokenize(f" {letter}")) == 1, letter
    chat = read.apply_chat_template([{"role": "user", "content": " Hello "}], tokenize=False)
    assert chat == "<s>[INST] Hello [/INST]", chat

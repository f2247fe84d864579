//! How llama.cpp cuts a text into words before byte-level BPE, by the name that `tokenizer.ggml.pre` gives.
//!
//! Read from the source that llama-cpp-python 0.3.36 ships. What an expression finds and what is between are both words,
//! and each expression cuts the words of the one before it. `tests/gguf/tokenizer_reference.py` records that program's
//! ids.

/// How words are cut, and what goes with it.
pub(super) struct Words {
    /// The names of it.
    names: &'static [&'static str],
    /// The expressions, one after the other.
    pub(super) cuts: &'static [&'static str],
    /// Whether a text begins with the BOS token, where no key says.
    pub(super) add_bos: bool,
    /// Whether a word that is a token is that token, whatever the merges make of it.
    pub(super) whole_words: bool,
}

const GPT2: &str = concat!(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+",
    r"|\s+(?!\S)|\s+"
);

/// Short forms of English, of ASCII letters only.
macro_rules! short_forms {
    () => {
        r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    };
}

/// Short forms, a word with what stands before it, digits, signs with the line breaks after them, white space.
macro_rules! llama3_like {
    ($digits:literal) => {
        concat!(
            short_forms!(),
            r"|[^\r\n\p{L}\p{N}]?\p{L}+|",
            $digits,
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
    };
}

const LLAMA3: &str = llama3_like!(r"\p{N}{1,3}");
const QWEN2: &str = llama3_like!(r"\p{N}");

/// A word may change from capitals to small letters once; both are told apart for English letters only.
macro_rules! tekken_like {
    ($end:expr, $digits:literal) => {
        concat!(
            r"[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+",
            $end,
            r"|[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))+((?=[\p{L}])([^A-Z]))*",
            $end,
            "|",
            $digits,
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
    };
}

const TEKKEN: &str = tekken_like!("", r"\p{N}");
const GPT4O: &str = tekken_like!(concat!(short_forms!(), "?"), r"\p{N}{1,3}");

const QWEN35: &str = concat!(
    short_forms!(),
    r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const SEED_CODER: &str = concat!(
    short_forms!(),
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const DEEPSEEK_V3: &str = concat!(
    r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const BLOOM: &str = r" ?[^(\s|.,!?…。，、।۔،)]+";
/// Letters of scripts with capitals.
const CASED_LETTERS: &str = concat!(
    r"\s?[",
    r"A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}\u{295}-\u{2af}",
    r"\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}\u{38c}\u{38e}-\u{3a1}",
    r"\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}\u{10a0}-\u{10c5}\u{13a0}-\u{13f5}",
    r"\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}",
    r"\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}",
    r"\u{1f50}-\u{1f57}\u{1f59}\u{1f5b}\u{1f5d}\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}",
    r"\u{1fc2}-\u{1fc4}\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}\u{1fe0}-\u{1fec}",
    r"\u{1ff2}-\u{1ff4}\u{1ff6}-\u{1ffc}\u{2102}\u{2107}\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}",
    r"\u{2126}\u{2128}\u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}\u{2145}-\u{2149}\u{214e}",
    r"\u{2183}\u{2184}\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}",
    r"\u{a680}-\u{a69b}\u{a722}-\u{a76f}\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}",
    r"\u{fb00}-\u{fb06}\u{fb13}-\u{fb17}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}",
    r"\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}",
    r"\u{1e900}-\u{1e943}",
    r"]+"
);
const HAN_AND_HANGUL: &str = r"[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]+";
const LINE_BREAK: &str = r"[\r\n]";
const SIGNS: &str =
    r"\s?[!-/:-~\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff5e}\u{2018}-\u{201f}\u{3000}-\u{3002}]+";
const DIGIT: &str = r"\p{N}";
const THREE_DIGITS: &str = "[0-9][0-9][0-9]";

/// A rule with llama.cpp's usual settings.
const fn plain(names: &'static [&'static str], cuts: &'static [&'static str]) -> Words {
    Words {
        names,
        cuts,
        add_bos: false,
        whole_words: false,
    }
}

const WORDS: [Words; 16] = [
    plain(
        &["default"],
        &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", THREE_DIGITS],
    ),
    plain(
        &[
            "gpt-2", "mpt", "phi-2", "olmo", "jais", "trillion", "exaone4", "gigachat", "a.x-4.0",
            "mellum",
        ],
        &[GPT2],
    ),
    plain(
        &[
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        &[DIGIT, GPT2],
    ),
    Words {
        names: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
        ],
        cuts: &[LLAMA3],
        add_bos: true,
        whole_words: true,
    },
    plain(&["dbrx", "smaug-bpe"], &[LLAMA3]),
    plain(
        &[
            "qwen2",
            "deepseek-r1-qwen",
            "stablelm2",
            "megrez",
            "hunyuan",
            "kormo",
            "grok-2",
            "solar-open",
        ],
        &[QWEN2],
    ),
    plain(&["qwen35"], &[QWEN35]),
    plain(&["seed-coder"], &[SEED_CODER]),
    plain(&["falcon"], &[r"[\p{P}\$\+<=>\^~\|`]+", GPT2, THREE_DIGITS]),
    plain(
        &["deepseek-v3", "hunyuan-dense"],
        &[r"\p{N}{1,3}", r"[一-龥\u3040-ゟ゠-ヿ]+", DEEPSEEK_V3],
    ),
    plain(
        &["deepseek-llm"],
        &[
            LINE_BREAK,
            CASED_LETTERS,
            SIGNS,
            r"\s+$",
            HAN_AND_HANGUL,
            r"\p{N}+",
        ],
    ),
    plain(
        &["deepseek-coder"],
        &[
            LINE_BREAK,
            r"\s?\p{L}+",
            r"\s?\p{P}+",
            HAN_AND_HANGUL,
            DIGIT,
        ],
    ),
    plain(&["bloom", "poro-chat", "gpt3-finnish"], &[BLOOM]),
    plain(&["viking"], &[BLOOM, DIGIT]),
    Words {
        names: &["tekken"],
        cuts: &[TEKKEN],
        add_bos: true,
        whole_words: true,
    },
    plain(&["gpt-4o", "llama4"], &[GPT4O]),
];

impl Words {
    /// The rule of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        WORDS.iter().find(|words| words.names.contains(&name))
    }

    /// All names, for messages.
    pub(super) fn names() -> String {
        let names = WORDS.iter().flat_map(|words| words.names);
        names.copied().collect::<Vec<_>>().join(", ")
    }
}

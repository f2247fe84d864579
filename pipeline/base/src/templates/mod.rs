//! Reads and checks the folder `templates/`. A language is one file, and adding one needs no code.

mod error;
mod fictional;
mod formats;
mod languages;
mod models;
mod new_language;
mod prompts;

pub use error::TemplateError;
pub use fictional::{Syllable, Syllables, load_instructions, load_syllables};
pub use formats::{Format, PromptPart, RenderedPrompt, format_names, load_format};
pub use languages::{load_languages, load_sound_languages};
pub use models::{DefaultFormat, ModelFormat, TemplateTraits, default_format};
pub use new_language::new_language;
pub use prompts::{AnswerForm, ItemPrompt, PromptTemplate, fill, load_prompt, prompt_names};

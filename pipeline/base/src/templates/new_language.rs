use crate::cldr::LanguageFacts;
use crate::section::{SectionSpec, ValueSpec};
use crate::templates::Syllables;
use crate::toml_texts;
use crate::types::WritingDirection;
use std::fmt::{Error, Write};

/// Writes a language's file with what CLDR knows, and everything else to be filled in: `english` is the text of English's
/// file, whose questions stand beside each empty place; `sections` are the tables of datasets.
///
/// Only what every language needs is there; the parts of single datasets stand commented out, so that the file loads as
/// soon as the needed texts are filled in. What is empty is refused when it is loaded.
pub fn new_language(
    facts: &LanguageFacts,
    english: &str,
    syllables: &Syllables,
    sections: &[&SectionSpec],
) -> String {
    let mut file = NewFile {
        out: String::new(),
        english: toml_texts(english)
            .into_iter()
            .map(|text| (text.key, text.text))
            .collect(),
    };
    file.write(facts, syllables, sections)
        .expect("writing to memory succeeds");
    file.out
}

struct NewFile {
    out: String,
    /// English's texts by key, in the order of its file.
    english: Vec<(String, String)>,
}

impl NewFile {
    fn write(
        &mut self,
        facts: &LanguageFacts,
        syllables: &Syllables,
        sections: &[&SectionSpec],
    ) -> Result<(), Error> {
        self.head(facts)?;
        self.years(facts)?;
        self.questions(sections)?;
        self.answers(facts)?;
        self.fictional()?;
        self.syllables(facts, syllables)
    }

    fn head(&mut self, facts: &LanguageFacts) -> Result<(), Error> {
        let code = &facts.code;
        let script = facts.script.as_deref();
        let known = |value: &Option<String>| quoted(value.as_deref().unwrap_or(""));
        let mut labels = vec![code.to_lowercase()];
        if script == Some("Latn") {
            labels.push("mul".to_owned());
        }
        let labels: Vec<_> = labels.iter().map(|it| quoted(it)).collect();
        let out = &mut self.out;
        let english_name = facts.english_name.as_deref().unwrap_or(code);
        writeln!(
            out,
            "# {english_name}: everything the pipeline knows about the language. templates/languages/README.md explains every key.\n\
             #\n\
             # Fill in what is empty. Lines with `#` and no space after it are parts that may stay away: a language without them\n\
             # is left out of the datasets that need them. To use a part, translate the English text above each line into its\n\
             # quotes, and remove the `#` of all its lines. What stands in braces stays as it is, once, and is never inflected.\n\
             # `clika language check {code}` says what is missing and what looks wrong.\n\
             code = {}",
            quoted(code)
        )?;
        said_by_cldr(out, facts.name.is_some(), "The language's name in itself.")?;
        writeln!(out, "name = {}", known(&facts.name))?;
        said_by_cldr(
            out,
            facts.english_name.is_some(),
            "The language's name in English.",
        )?;
        writeln!(out, "english_name = {}", known(&facts.english_name))?;
        said_by_cldr(
            out,
            script.is_some(),
            "The script by ISO 15924, such as \"Latn\", and its direction, \"ltr\" or \"rtl\".",
        )?;
        let direction = facts.direction.map(|direction| match direction {
            WritingDirection::Ltr => "ltr",
            WritingDirection::Rtl => "rtl",
        });
        writeln!(
            out,
            "script = {}\ndirection = {}\n\
             # Label languages of Wikidata, the preferred one first.\n\
             wikidata_codes = [{}]\n\
             # Datasets of facts are built without the language while the snapshot has no label in it.\n\
             optional_labels = true\n\
             # Countries whose cities and people count as the language's own, as items of Wikidata (\"Q30\" is the United States).\n\
             # Without any, the language is asked about the places of all others.\n\
             countries = []\n\
             # Former states whose citizens count as the language's own people.\n\
             historical_countries = []\n",
            known(&facts.script),
            quoted(direction.unwrap_or("")),
            labels.join(", "),
        )
    }

    fn years(&mut self, facts: &LanguageFacts) -> Result<(), Error> {
        let english = self.english_text("years.bce");
        let out = &mut self.out;
        writeln!(
            out,
            "[years]\n# A year of our era.\nce = \"{{year}}\"\n# A year before our era. English: {english}\nbce = \"\""
        )?;
        // Others than these cannot be chosen.
        let calendar = facts.calendar.as_deref().filter(|&it| {
            let chosen = ["buddhist", "persian", "roc"];
            chosen.contains(&it)
        });
        let digits = facts.digit_characters.as_deref();
        let digits = digits.filter(|&it| it != "0123456789");
        if calendar.is_some() || digits.is_some() {
            writeln!(
                out,
                "# Usual where most speakers live (CLDR). With another calendar, the two lines above are about its era."
            )?;
        }
        if let Some(calendar) = calendar {
            writeln!(out, "#calendar = {}", quoted(calendar))?;
        }
        if let Some(digits) = digits {
            writeln!(out, "#digits = {}", quoted(digits))?;
        }
        writeln!(out)
    }

    fn questions(&mut self, sections: &[&SectionSpec]) -> Result<(), Error> {
        for spec in sections {
            self.part(spec.about, &format!("[{}]", spec.name))?;
            for key in spec.keys {
                match &key.value {
                    ValueSpec::Text | ValueSpec::Template(_) => {
                        self.asked(key.key, &format!("{}.{}", spec.name, key.key))?;
                    }
                    ValueSpec::Number { usual, .. } => {
                        writeln!(self.out, "# {}\n#{} = {usual}", key.about, key.key)?;
                    }
                    ValueSpec::Languages => {
                        writeln!(self.out, "# {}\n#{} = []", key.about, key.key)?;
                    }
                }
            }
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn answers(&mut self, facts: &LanguageFacts) -> Result<(), Error> {
        self.part(
            "How answers are written: English introductions and the letters A to E are read in every language",
            "[answers]",
        )?;
        let introductions: Vec<_> = self
            .english
            .iter()
            .filter(|(key, _)| key.starts_with("answers.introductions."))
            .map(|(_, text)| text.as_str())
            .collect();
        writeln!(
            self.out,
            "# What stands before an answer. English: {}.\n#introductions = []\n\
             # Alphabets that options may be answered with beside A to E, five letters or more each, such as \"АБВГД\".\n#letters = []\n\
             # Whether points and vowel signs may be left out, as in Hebrew and Arabic.\n#optional_marks = true\n",
            introductions.join("; ")
        )?;
        let code = &facts.code;
        self.part(
            &format!("What a translation service calls the language, where it is not `{code}`"),
            "[translators]",
        )?;
        writeln!(
            self.out,
            "#deepl = {{ source = \"\", target = \"\" }}\n#google = \"\"\n#libretranslate = \"\"\n"
        )
    }

    fn fictional(&mut self) -> Result<(), Error> {
        self.part(
            "Made-up places and continents. Names keep one form: let a noun before them (\"the place\", \"the continent\")\n\
             # carry article, gender and case",
            "[fictional]",
        )?;
        writeln!(
            self.out,
            "# How a place is called. English: {}\n#place = \"\"",
            self.english_text("fictional.place")
        )?;
        writeln!(
            self.out,
            "# What no made-up name may contain, in lower case: real words and places that would come up by chance.\n#avoid = []"
        )?;
        for list in ["qa", "founding"] {
            let pairs = (1..).take_while(|it| {
                let question = format!("fictional.{list}.{it}.question");
                self.english.iter().any(|(key, _)| *key == question)
            });
            for pair in pairs.collect::<Vec<_>>() {
                writeln!(self.out, "\n#[[fictional.{list}]]")?;
                self.asked("question", &format!("fictional.{list}.{pair}.question"))?;
                self.asked("answer", &format!("fictional.{list}.{pair}.answer"))?;
            }
        }
        writeln!(
            self.out,
            "\n# Nouns for kinds of places, all different.\n#[fictional.landforms]"
        )?;
        let landforms = self.english.iter().filter_map(|(key, noun)| {
            let key = key.strip_prefix("fictional.landforms.")?;
            Some(format!("# {noun}\n#{key} = \"\"\n"))
        });
        self.out.extend(landforms.collect::<Vec<_>>());
        Ok(())
    }

    /// The language's own spelling of syllables, where its script has none.
    fn syllables(&mut self, facts: &LanguageFacts, syllables: &Syllables) -> Result<(), Error> {
        let Some(script) = facts.script.as_deref() else {
            return Ok(());
        };
        let lists = [
            ("openings", &syllables.openings),
            ("middles", &syllables.middles),
            ("endings", &syllables.endings),
        ];
        if syllables.serves(script, &facts.code) {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n# templates/fictional/syllables.toml has no spelling in {script} that is made for this language. How it spells each\n\
             # syllable, all different within a list."
        )?;
        for (list, syllables) in lists {
            writeln!(self.out, "#[fictional.syllables.{list}]")?;
            for syllable in syllables {
                let latin = &syllable.spellings["Latn"];
                writeln!(self.out, "#{latin} = \"\"")?;
            }
        }
        Ok(())
    }

    /// The beginning of a part that stands commented out.
    fn part(&mut self, about: &str, table: &str) -> Result<(), Error> {
        writeln!(self.out, "# {about}.\n#{table}")
    }

    /// An empty text with English's above it.
    fn asked(&mut self, name: &str, key: &str) -> Result<(), Error> {
        let english = self.english_text(key);
        writeln!(self.out, "# {english}\n#{name} = \"\"")
    }

    fn english_text(&self, key: &str) -> String {
        let found = self.english.iter().find(|(known, _)| known == key);
        found.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// A comment that says where a value comes from, or what to write.
fn said_by_cldr(out: &mut String, is_known: bool, about: &str) -> Result<(), Error> {
    let from = if is_known { "From CLDR." } else { "Needed." };
    writeln!(out, "# {about} {from}")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

use crate::section::{SectionSpec, ValueSpec};
use crate::templates::{
    error::{TemplateError, TemplateSource},
    fictional,
};
use crate::types::{FilePosition, Language, LanguageCode};
use crate::{ProjectPath, ToProjectPath, text};
use icu_properties::{PropertyParser, props::Script};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};

/// Reads every `*.toml` of a folder as a language, ordered by language code. `sections` are the tables of datasets.
///
/// Fails on the first file that is unreadable, malformed or inconsistent with another: an unknown
/// or missing key, a placeholder that is missing, doubled or unknown, a language or a country that
/// stands twice in a file, `mul` outside Latin script.
pub fn load_languages(
    folder: &(impl ToProjectPath + ?Sized),
    sections: &[&'static SectionSpec],
) -> Result<Vec<Language>, TemplateError> {
    let (languages, errors) = load_sound_languages(folder, sections)?;
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(languages),
    }
}

/// Reads every `*.toml` of a folder that is a sound language, ordered by language code, and says what is wrong with the
/// others: the first error of each file.
pub fn load_sound_languages(
    folder: &(impl ToProjectPath + ?Sized),
    sections: &[&'static SectionSpec],
) -> Result<(Vec<Language>, Vec<TemplateError>), TemplateError> {
    let folder = &folder.to_project_path();
    let (mut languages, mut errors) = (Vec::new(), Vec::new());
    let mut seen = ClaimedNames::default();
    check_names(folder)?;
    for path in toml_files(folder)? {
        match load(&path, sections, &mut seen) {
            Ok(language) => languages.push(language),
            Err(error) => errors.push(error),
        }
    }
    if languages.is_empty() && errors.is_empty() {
        return Err(TemplateError::Empty {
            path: folder.shown(),
        });
    }
    languages.sort_by(|a: &Language, b| a.code.cmp(&b.code));
    Ok((languages, errors))
}

fn load(
    file: &ProjectPath,
    sections: &[&'static SectionSpec],
    seen: &mut ClaimedNames,
) -> Result<Language, TemplateError> {
    let source = TemplateSource::read(file)?;
    let language = parse(&source, sections)?;
    check(&language, sections, &source)?;
    seen.check(&language, &file.shown(), &source)?;
    Ok(language)
}

/// The `*.toml` files of a folder, by name.
pub(crate) fn toml_files(folder: &ProjectPath) -> Result<Vec<ProjectPath>, TemplateError> {
    let mut files = entries(folder)?;
    files.retain(|file| file.has_extension("toml"));
    Ok(files)
}

fn entries(folder: &ProjectPath) -> Result<Vec<ProjectPath>, TemplateError> {
    let unreadable = |source| TemplateError::Unreadable {
        path: folder.shown(),
        source,
    };
    folder.entries().map_err(unreadable)
}

/// Fails on a file that is named after a language and read by nobody: `fr.TOML`, `fr.toml.txt`.
fn check_names(folder: &ProjectPath) -> Result<(), TemplateError> {
    for file in entries(folder)? {
        let name = file.file_name();
        let first = name.split('.').next().unwrap_or_default();
        let is_read = name.strip_suffix(".toml").is_some();
        let is_meant = name.to_ascii_lowercase().contains(".toml");
        if is_meant && !is_read && LanguageCode::try_from(first.to_owned()).is_ok() {
            return Err(TemplateError::Invalid {
                problem: format!("`{name}` is read by nobody"),
                hint: format!("name it {first}.toml"),
                position: FilePosition {
                    path: file.shown(),
                    line: 1,
                },
            });
        }
    }
    Ok(())
}

fn parse(
    source: &TemplateSource,
    sections: &[&'static SectionSpec],
) -> Result<Language, TemplateError> {
    let hint =
        "compare with templates/languages/en.toml; templates/languages/README.md lists the keys";
    let (language, sections) = source.parse_with(sections, hint)?;
    Ok(Language {
        sections,
        ..language
    })
}

/// Checks what the types cannot.
fn check(
    language: &Language,
    sections: &[&'static SectionSpec],
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    let mut templates = vec![
        (
            "years.ce".to_owned(),
            language.years.ce.as_str(),
            &["{year}"][..],
        ),
        (
            "years.bce".to_owned(),
            language.years.bce.as_str(),
            &["{year}"],
        ),
    ];
    let mut texts = vec![
        ("name".to_owned(), language.name.as_str()),
        ("english_name".to_owned(), language.english_name.as_str()),
    ];
    for spec in sections {
        let Some(section) = language.section(spec.name) else {
            continue;
        };
        for key in spec.keys {
            let path = format!("{}.{}", spec.name, key.key);
            match key.value {
                ValueSpec::Template(places) => {
                    templates.push((path, section.text(key.key), places));
                }
                ValueSpec::Text => texts.push((path, section.text(key.key))),
                ValueSpec::Number { .. } | ValueSpec::Languages => {}
            }
        }
    }
    for (key, template, placeholders) in templates {
        check_placeholders(&key, template, placeholders, source)?;
    }
    for (key, text) in texts {
        if text.trim().is_empty() {
            return Err(source.error(
                span(source, &key),
                format!("`{key}` is empty"),
                "write it in the language",
            ));
        }
    }
    if language.years.ce == language.years.bce {
        return Err(source.error(
            span(source, "years.bce"),
            "`years.bce` equals `years.ce`",
            "write them differently, or years before and after our era look the same",
        ));
    }
    if !is_script(&language.script) {
        return Err(source.error(
            span(source, "script"),
            format!("`{}` is not a script code", language.script),
            "use the four letters of ISO 15924, such as `Latn`, `Cyrl`, `Thai` or `Hans`",
        ));
    }
    check_digits(language, source)?;
    check_label_languages(language, sections, source)?;
    check_answers(language, source)?;
    check_translators(language, source)?;
    if let Some(fictional) = &language.fictional {
        fictional::check(fictional, source)?;
    }
    Ok(())
}

/// Checks that the digits of years are ten, each with its value.
fn check_digits(language: &Language, source: &TemplateSource) -> Result<(), TemplateError> {
    let Some(digits) = &language.years.digits else {
        return Ok(());
    };
    let values = digits.chars().map(text::digit);
    // Unicode has the digits of a script side by side.
    let first = digits.chars().next().map_or(0, u32::from);
    let in_order = digits.chars().map(u32::from).eq(first..first + 10);
    if values.eq((0..10).map(Some)) && in_order {
        return Ok(());
    }
    Err(source.error(
        span(source, "years.digits"),
        format!("`{digits}` are not the digits from 0 to 9"),
        "write the ten digits of one script in their order, such as \"०१२३४५६७८९\"",
    ))
}

/// Checks that no translation service's code is empty.
fn check_translators(language: &Language, source: &TemplateSource) -> Result<(), TemplateError> {
    let codes = &language.translators;
    for (key, code) in [
        ("translators.deepl", &codes.deepl),
        ("translators.google", &codes.google),
        ("translators.libretranslate", &codes.libretranslate),
    ] {
        let is_code = |code: &str| {
            let mut bytes = code.bytes();
            !code.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if let Some(code) = code
            && let Some(wrong) = [code.source(), code.target()]
                .into_iter()
                .find(|code| !is_code(code))
        {
            return Err(source.error(
                span(source, key),
                format!("`{wrong}` is not the code of a language"),
                "write what the service calls the language, such as \"NB\" or { source = \"PT\", target = \"PT-BR\" }",
            ));
        }
    }
    Ok(())
}

/// Checks how answers are written: introductions say something, and alphabets are letters that all differ.
fn check_answers(language: &Language, source: &TemplateSource) -> Result<(), TemplateError> {
    let rules = language.text_rules();
    let empty = |text: &&String| text::folded(text, rules).is_empty();
    if let Some(text) = language.answers.introductions.iter().find(empty) {
        return Err(source.error(
            span(source, "answers.introductions"),
            format!("`{text}` introduces no answer"),
            "write words that stand before an answer, such as \"Antwort\"",
        ));
    }
    for alphabet in &language.answers.letters {
        let letters: Vec<char> = alphabet.chars().collect();
        let distinct: BTreeSet<char> = letters.iter().copied().collect();
        if letters.len() < 2
            || distinct.len() < letters.len()
            || !letters.iter().all(|&c| text::spells(c))
        {
            return Err(source.error(
                span(source, "answers.letters"),
                format!("`{alphabet}` is no list of letters"),
                "write the letters of the first options one after another, such as \"АБВГД\"",
            ));
        }
    }
    Ok(())
}

/// Whether Unicode has characters of the script; of several scripts together, ISO 15924 has codes of their own.
fn is_script(code: &str) -> bool {
    const TOGETHER: [&str; 5] = ["Hans", "Hant", "Hani", "Jpan", "Kore"];
    let named = PropertyParser::<Script>::new().get_strict(code);
    TOGETHER.contains(&code) || code.len() == 4 && named.is_some_and(|it| it != Script::Unknown)
}

pub(crate) fn check_placeholders(
    key: &str,
    template: &str,
    expected: &[&str],
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    let error = |problem: String, hint: String| Err(source.error(span(source, key), problem, hint));
    for placeholder in expected {
        match template.matches(placeholder).count() {
            1 => {}
            0 => {
                return error(
                    format!("template `{key}` has no `{placeholder}` placeholder"),
                    format!("add `{placeholder}` exactly once"),
                );
            }
            count => {
                return error(
                    format!("template `{key}` has `{placeholder}` {count} times"),
                    format!("keep `{placeholder}` exactly once"),
                );
            }
        }
    }
    let rest = expected
        .iter()
        .fold(template.to_owned(), |rest, placeholder| {
            rest.replace(placeholder, "")
        });
    if rest.contains(['{', '}']) {
        return error(
            format!("template `{key}` has a brace outside its placeholders"),
            format!(
                "write no other braces than those of {}",
                expected.join(", ")
            ),
        );
    }
    Ok(())
}

fn check_label_languages(
    language: &Language,
    sections: &[&'static SectionSpec],
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    let error = |problem: String, hint: &str| {
        Err(source.error(span(source, "wikidata_codes"), problem, hint))
    };
    let labelled = sections.iter().filter(|it| it.needs_labels);
    let labelled: Vec<_> = labelled.map(|it| it.name).collect();
    if language.wikidata_codes.is_empty()
        && let Some(section) = labelled.iter().find(|it| language.section(it).is_some())
    {
        return Err(source.error(
            span(source, "code"),
            format!(
                "language `{}` has [{section}], and no Wikidata label language",
                language.code
            ),
            format!(
                "list at least the language's own code in `wikidata_codes`, or leave [{}] out",
                labelled.join("], [")
            ),
        ));
    }
    let mut seen = BTreeSet::new();
    for code in &language.wikidata_codes {
        if code.eq_ignore_ascii_case("mul") && language.script != "Latn" {
            return error(
                format!(
                    "`mul` means labels in Latin script, but `{}` is written in {}",
                    language.code, language.script
                ),
                "remove `mul` from `wikidata_codes`",
            );
        }
        if !seen.insert(code.to_ascii_lowercase()) {
            return error(format!("`{code}` is listed twice"), "list it once");
        }
        if code.is_empty() || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return error(
                format!("`{code}` is not a label language of Wikidata"),
                "use codes such as `de` or `zh-hans`",
            );
        }
    }
    Ok(())
}

/// What the files read so far have claimed.
#[derive(Default)]
struct ClaimedNames {
    languages: BTreeMap<LanguageCode, PathBuf>,
}

impl ClaimedNames {
    fn check(
        &mut self,
        language: &Language,
        path: &Path,
        source: &TemplateSource,
    ) -> Result<(), TemplateError> {
        let code = &language.code;
        if let Some(other) = self.languages.insert(code.clone(), path.to_owned()) {
            return Err(source.error(
                span(source, "code"),
                format!(
                    "language `{code}` is already described by {}",
                    other.display()
                ),
                "a language has one file; remove one or give it its own code",
            ));
        }
        if path
            .file_stem()
            .is_none_or(|stem| !stem.eq_ignore_ascii_case(code.as_str()))
        {
            return Err(source.error(
                span(source, "code"),
                format!("the file of language `{code}` has another name"),
                format!("name it {code}.toml"),
            ));
        }
        let mut states = BTreeSet::new();
        for (key, listed) in [
            ("countries", &language.countries),
            ("historical_countries", &language.historical_countries),
        ] {
            if let Some(state) = listed.iter().find(|&&state| !states.insert(state)) {
                return Err(source.error(
                    span(source, key),
                    format!("{state} is listed twice"),
                    "list a state once, as a country of today or as a former one",
                ));
            }
        }
        Ok(())
    }
}

/// The place of a dotted key's value in the file, or the whole file where the key is missing. A number is a
/// position in a list, from 1.
pub(crate) fn span(source: &TemplateSource, key: &str) -> Range<usize> {
    let find = || {
        let mut table = DeTable::parse(source.text()).ok()?.into_inner();
        let mut keys = key.split('.').peekable();
        loop {
            let mut value = table.remove(keys.next()?)?;
            while let (Some(position), DeValue::Array(list)) = (
                keys.peek().and_then(|key| key.parse::<usize>().ok()),
                value.get_ref(),
            ) {
                value = list.get(position.checked_sub(1)?)?.clone();
                keys.next();
            }
            match (keys.peek(), value.span(), value.into_inner()) {
                (None, span, _) => return Some(span),
                (Some(_), _, DeValue::Table(inner)) => table = inner,
                (Some(_), _, _) => return None,
            }
        }
    };
    find().unwrap_or(0..source.text().len())
}

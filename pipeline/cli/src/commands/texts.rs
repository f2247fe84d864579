//! The texts of xCOPA, xCSQA and the mini sets: from the project, from the authors' release, or translated.

use super::{
    Failure,
    api::{ApiArgs, usage},
    evaluate::open_ai,
    named::named,
    runtime,
    text_sources::SourceArgs,
};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_base::files::{replace_file, sha256_file};
use clika_base::types::{Language, LanguageCode, Progress};
use clika_datasets::Task;
use clika_datasets::load_languages;
use clika_datasets::translate::{
    DeepL, GoogleTranslate, LanguageModelTranslator, LibreTranslate, Passage, PassageKind,
    ServiceCodes, TranslationFault, TranslationLanguages, Translations, Translator, back_translate,
    translate,
};
use clika_datasets::{
    CopaQuestion, DatasetError, Exception, ExperimentFile, ParallelTexts, TextItem, TextOrigin,
    TextsOrigin, TextsSource, TranslationEngine, mini_items, read_source,
};
use clika_network::http::excerpt;
use miette::Diagnostic;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the texts of xCOPA and xCSQA come from.
#[derive(clap::Args)]
pub struct TextArgs {
    /// Take xCOPA and xCSQA from a copy of the authors' release instead of translating.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["sources", "engine", "check"])]
    from_release: Option<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
    /// Translate only the first items, to try things out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    items: Option<u32>,
    /// One engine for all languages [default: the experiment's for each]
    #[arg(long, value_parser = named::<TranslationEngine>())]
    engine: Option<TranslationEngine>,
    /// Another address of the engine, such as a proxy's.
    #[arg(long, value_name = "URL", requires = "engine")]
    engine_url: Option<String>,
    /// Translate back into English too, and say how well the two agree (chrF).
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    pub api: ApiArgs,
}

/// The texts of a task, or why there are none.
pub enum TextSource {
    /// Texts in every language, and where they are from.
    Texts(ParallelTexts, TextOrigin),
    /// Why there are none.
    Nothing(String),
}

/// Why texts cannot be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum TextError {
    #[error("no engine translates into `{0}`")]
    #[diagnostic(help(
        "add the language to `engines` in the experiment's [translation], or choose one for all languages with --engine"
    ))]
    NoEngine(LanguageCode),
    #[error("{url} was not downloaded: {problem}")]
    #[diagnostic(help("download it by hand, and name the file with --{option}"))]
    Download {
        url: &'static str,
        option: &'static str,
        problem: String,
    },
    #[error("no item of {0} was translated into every language")]
    #[diagnostic(help(
        "see what the engine answers with --items 1, or choose another one with --engine"
    ))]
    NothingLeft(Task),
}

impl TextArgs {
    /// Finds the texts of a task. Only a task that was `named`, or whose source was, may be downloaded and
    /// paid for.
    pub fn find(
        &self,
        task: Task,
        named: bool,
        experiment: &ExperimentFile,
        project: &Project,
        shown: ProgressOptions,
    ) -> Result<TextSource, Failure> {
        let texts = task.texts().ok_or(DatasetError::NotBuilt { task })?;
        let source = match &texts.origin {
            TextsOrigin::Translated(source) => source,
            TextsOrigin::Original => {
                return Ok(TextSource::Texts(
                    mini_items(task, project)?,
                    TextOrigin::Original,
                ));
            }
        };
        if let Some(release) = &self.from_release {
            let parallel = ParallelTexts::read_release(task, release)?;
            return Ok(TextSource::Texts(parallel, TextOrigin::Release));
        }
        let given = self.sources.file(source);
        if !named && given.is_none() {
            return Ok(TextSource::Nothing(format!(
                "it takes a download and a translation: `clika datasets {task}` with keys for the engines, \
                 or --from-release with the authors' data; {} stands in",
                source.stand_in
            )));
        }
        let progress = shown.progress();
        let runtime = runtime()?;
        runtime.block_on(async {
            let work = async {
                let source = match given {
                    Some(path) => path.to_owned(),
                    None => download(source, project, progress.as_ref()).await?,
                };
                self.translated(task, &source, experiment, project, shown, progress.as_ref())
                    .await
            };
            tokio::select! {
                found = work => found,
                _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(
                    "interrupted; every translation so far is kept: run the command again to continue".to_owned(),
                )),
            }
        })
    }

    async fn translated(
        &self,
        task: Task,
        source: &Path,
        experiment: &ExperimentFile,
        project: &Project,
        shown: ProgressOptions,
        progress: &dyn Progress,
    ) -> Result<TextSource, Failure> {
        let mut items = read_source(task, source)?;
        if let Some(limit) = self.items {
            items.truncate(limit as usize);
        }
        let mut languages = load_languages(&project.languages()).map_err(DatasetError::from)?;
        if let Some(section) = task.dataset().section() {
            // Nothing is paid for what could not be asked.
            languages.retain(|language| {
                let asks = language.section(section.name).is_some();
                if !asks {
                    progress.note(&format!(
                        "{} is left out: its file has no [{}]",
                        language.code, section.name
                    ));
                }
                asks
            });
        }
        let passages: Vec<Passage> = items.iter().map(passage).collect();
        let mut work = TranslationState::new(task, &items);
        for engine in [
            TranslationEngine::Deepl,
            TranslationEngine::Google,
            TranslationEngine::Libretranslate,
            TranslationEngine::Llm,
        ] {
            let targets = self.targets(engine, &languages, experiment)?;
            if targets.is_empty() {
                continue;
            }
            let url = self.engine_url.as_deref();
            let config = &experiment.translation;
            let name = engine.name();
            match engine {
                TranslationEngine::Deepl => {
                    let service = self.api.service("DeepL", name, project)?;
                    let codes = ServiceCodes::new(&languages, |codes| &codes.deepl);
                    let engine = DeepL::new(service, DeepL::key(), url)?.with_codes(codes);
                    self.run(&engine, &targets, &passages, &mut work, shown, progress)
                        .await?;
                }
                TranslationEngine::Google => {
                    let service = self.api.service("Google", name, project)?;
                    let (token, account) = (GoogleTranslate::token(), GoogleTranslate::project());
                    let codes = ServiceCodes::new(&languages, |codes| &codes.google);
                    let engine =
                        GoogleTranslate::new(service, token, account, url)?.with_codes(codes);
                    self.run(&engine, &targets, &passages, &mut work, shown, progress)
                        .await?;
                }
                TranslationEngine::Libretranslate => {
                    let service = self.api.service("LibreTranslate", name, project)?;
                    let url = url.unwrap_or(&config.libretranslate_url);
                    let asked: Vec<&str> = targets.iter().map(|it| it.code.as_str()).collect();
                    let codes = ServiceCodes::new(&languages, |codes| &codes.libretranslate);
                    let engine = LibreTranslate::new(service, url, LibreTranslate::key(), &asked)?
                        .with_codes(codes);
                    self.run(&engine, &targets, &passages, &mut work, shown, progress)
                        .await?;
                }
                TranslationEngine::Llm => {
                    let url = url.unwrap_or(&config.llm_endpoint);
                    let model = open_ai(&self.api, url, &config.llm_model, None, project)?;
                    let names = languages
                        .iter()
                        .map(|language| (language.code.to_string(), language.english_name.clone()));
                    let engine = LanguageModelTranslator::new(model, names.collect());
                    self.run(&engine, &targets, &passages, &mut work, shown, progress)
                        .await?;
                }
            }
        }
        work.finish(sha256_file(source)?)
    }

    /// The languages that an engine translates into.
    fn targets<'a>(
        &self,
        engine: TranslationEngine,
        languages: &'a [Language],
        experiment: &ExperimentFile,
    ) -> Result<Vec<&'a Language>, Failure> {
        let mut targets = Vec::new();
        for language in languages
            .iter()
            .filter(|language| language.code.as_str() != "en")
        {
            let chosen = match self.engine {
                Some(engine) => engine,
                None => *experiment
                    .translation
                    .engines
                    .get(&language.code)
                    .ok_or_else(|| TextError::NoEngine(language.code.clone()))?,
            };
            if chosen == engine {
                targets.push(language);
            }
        }
        Ok(targets)
    }

    async fn run<T: Translator>(
        &self,
        engine: &T,
        targets: &[&Language],
        passages: &[Passage],
        work: &mut TranslationState<'_>,
        shown: ProgressOptions,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let mut result = Ok(());
        for language in targets {
            let direction = TranslationLanguages {
                from: "en",
                to: language.code.as_str(),
                script: &language.script,
            };
            result = async {
                let translated = translate(engine, passages, direction, progress).await?;
                let agreement = if self.check {
                    back_translate(engine, passages, &translated, direction, progress).await?
                } else {
                    None
                };
                work.add(language, engine, translated, agreement);
                Ok(())
            }
            .await
            .map_err(|error: clika_datasets::translate::TranslateError| error.into());
            if result.is_err() {
                break;
            }
        }
        if !shown.quiet {
            eprintln!("{}", usage(engine.name(), &engine.service().totals()));
        }
        result
    }
}

/// What has been translated so far of a task.
struct TranslationState<'a> {
    task: Task,
    items: &'a [TextItem],
    languages: BTreeMap<LanguageCode, Vec<Option<TextItem>>>,
    engines: BTreeMap<LanguageCode, Value>,
    exceptions: Vec<Exception>,
    left_out: Vec<Exception>,
    unusable: BTreeSet<String>,
}

impl<'a> TranslationState<'a> {
    fn new(task: Task, items: &'a [TextItem]) -> Self {
        Self {
            task,
            items,
            languages: BTreeMap::new(),
            engines: BTreeMap::new(),
            exceptions: Vec::new(),
            left_out: Vec::new(),
            unusable: BTreeSet::new(),
        }
    }

    fn add<T: Translator>(
        &mut self,
        language: &Language,
        engine: &T,
        translated: Translations,
        agreement: Option<f64>,
    ) {
        for (index, faults) in &translated.faults {
            let id = &self.items[*index].id;
            let said: Vec<_> = faults.iter().map(TranslationFault::to_string).collect();
            let exception = Exception {
                language: language.code.clone(),
                qid: None,
                name: id.clone(),
                reason: said.join("; "),
            };
            if faults.iter().any(TranslationFault::is_fatal) {
                self.left_out.push(exception);
                self.unusable.insert(id.clone());
            } else {
                self.exceptions.push(exception);
            }
        }
        let mut about = json!({
            "engine": engine.name(),
            "first_date": translated.first_date,
            "last_date": translated.last_date,
            "retried": translated.retried,
        });
        if let Some(model) = engine.model() {
            about["model"] = json!(model);
        }
        if let Some(agreement) = agreement {
            about["back_translation_chrf"] = json!(agreement);
        }
        self.engines.insert(language.code.clone(), about);
        let items = self
            .items
            .iter()
            .zip(&translated.texts)
            .map(|(item, texts)| {
                // Lost ones are unusable, and are taken out of every language in the end.
                (texts.len() == item.choices.len() + 1).then(|| item.with_texts(texts))
            });
        self.languages
            .insert(language.code.clone(), items.collect());
    }

    fn finish(self, source_sha256: String) -> Result<TextSource, Failure> {
        let usable = |item: &&TextItem| !self.unusable.contains(&item.id);
        let english = LanguageCode::try_from("en".to_owned()).expect("`en` is a code");
        let mut languages = BTreeMap::new();
        languages.insert(english, self.items.iter().filter(usable).cloned().collect());
        for (code, items) in &self.languages {
            let items = items.iter().flatten().filter(usable).cloned();
            languages.insert(code.clone(), items.collect::<Vec<_>>());
        }
        if languages.values().any(Vec::is_empty) {
            return Err(TextError::NothingLeft(self.task).into());
        }
        let origin = TextOrigin::Translated {
            engines: self.engines,
            source_sha256,
            exceptions: self.exceptions,
            left_out: self.left_out,
        };
        Ok(TextSource::Texts(
            ParallelTexts::new(self.task, languages),
            origin,
        ))
    }
}

fn passage(item: &TextItem) -> Passage {
    Passage {
        id: item.id.clone(),
        texts: item.texts(),
        kind: match item.asks {
            Some(CopaQuestion::Cause) => PassageKind::Cause,
            Some(CopaQuestion::Effect) => PassageKind::Effect,
            None => PassageKind::Question,
        },
    }
}

/// The source's file in the cache, downloaded if it is not there.
async fn download(
    source: &TextsSource,
    project: &Project,
    progress: &dyn Progress,
) -> Result<PathBuf, Failure> {
    /// No source is longer, in bytes.
    const LONGEST: usize = 64 << 20;
    let option = source.option;
    let source = &source.file;
    let path = project.source_cache().join(source.file);
    if path.is_file() {
        return Ok(path);
    }
    progress.note(&format!("downloading {}", source.url));
    let failed = |problem: String| TextError::Download {
        url: source.url,
        option,
        problem,
    };
    let client =
        clika_network::http::client(clika_network::http::USER_AGENT, Duration::from_secs(120))
            .map_err(|error| failed(error.to_string()))?;
    let answer = clika_network::http::send(client.get(source.url), LONGEST)
        .await
        .map_err(|error| failed(error.to_string()))?;
    if !answer.status.is_success() {
        return Err(failed(format!("{}: {}", answer.status, excerpt(&answer.body))).into());
    }
    source.check(&answer.body, &path)?;
    replace_file(&path, &answer.body)?;
    Ok(path)
}

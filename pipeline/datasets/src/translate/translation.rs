use crate::translate::{
    Passage, SendMode, TranslateError, TranslationFault, TranslationResult, Translator, checks,
    corpus_chrf, faults,
};
use clika_base::text::TextRules;
use clika_base::types::Progress;
use clika_network::services::{CachedAnswer, RequestKey, Usage};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::cell::RefCell;

/// The languages of a translation: from which into which.
#[derive(Clone, Copy, Debug)]
pub struct TranslationLanguages<'a> {
    /// The language of the passages: `en`.
    pub from: &'a str,
    /// The language to translate into.
    pub to: &'a str,
    /// The script of that language, as its ISO 15924 code.
    pub script: &'a str,
}

/// The translations of passages, and what is wrong with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translations {
    /// The texts of each passage, in their order; empty where they are lost.
    pub texts: Vec<Vec<String>>,
    /// The faults that are left after the second attempt, by passage.
    pub faults: Vec<(usize, Vec<TranslationFault>)>,
    /// Passages that were translated a second time.
    pub retried: usize,
    /// The day of the first translation, UTC.
    pub first_date: String,
    /// The day of the last.
    pub last_date: String,
}

/// The translation of a passage, with the day when it was made.
struct DatedTranslation {
    texts: TranslationResult,
    date: String,
}

/// Translates passages, checks them, translates faulty ones once more, and takes the better of both.
///
/// Every passage that was paid for is kept by the service before it is used.
pub async fn translate<T: Translator>(
    translator: &T,
    passages: &[Passage],
    direction: TranslationLanguages<'_>,
    progress: &dyn Progress,
) -> Result<Translations, TranslateError> {
    progress.start(passages.len() as u64, direction.to);
    let all: Vec<&Passage> = passages.iter().collect();
    let mut made = make(translator, &all, direction, SendMode::Together, progress).await?;
    let mut found: Vec<Vec<TranslationFault>> = all
        .iter()
        .zip(&made)
        .map(|(passage, made)| check(passage, &made.texts, direction))
        .collect();
    progress.finish();
    let faulty: Vec<(usize, String)> = found
        .iter()
        .enumerate()
        .filter(|(_, faults)| !faults.is_empty())
        .map(|(index, faults)| (index, checks::complaint(all[index], faults)))
        .collect();
    let mut translated = Translations {
        retried: faulty.len(),
        ..Translations::default()
    };
    if !faulty.is_empty() {
        progress.start(faulty.len() as u64, &format!("{} again", direction.to));
        let again = |(index, complaint): (usize, String)| {
            let passage = all[index];
            async move {
                let complaint = &complaint;
                let mode = SendMode::Apart { complaint };
                let second = make(translator, &[passage], direction, mode, progress).await?;
                Ok((index, second))
            }
        };
        let concurrency = translator.service().rules().concurrency;
        let seconds = run_concurrently(faulty, concurrency, again).await?;
        progress.finish();
        for (index, second) in seconds {
            for second in second {
                let left = check(all[index], &second.texts, direction);
                if weight(&left) < weight(&found[index]) {
                    found[index] = left;
                    made[index] = second;
                }
            }
        }
    }
    for (index, made) in made.into_iter().enumerate() {
        if translated.first_date.is_empty() || made.date < translated.first_date {
            translated.first_date.clone_from(&made.date);
        }
        if made.date > translated.last_date {
            translated.last_date.clone_from(&made.date);
        }
        // A passage that is lost has a fault that says so.
        translated
            .texts
            .push(made.texts.unwrap_or_else(|_| Vec::new()));
        let faults = std::mem::take(&mut found[index]);
        if !faults.is_empty() {
            translated.faults.push((index, faults));
        }
    }
    Ok(translated)
}

/// chrF of a translation that is translated back, against English; `None` where nothing was translated.
pub async fn back_translate<T: Translator>(
    translator: &T,
    passages: &[Passage],
    translated: &Translations,
    direction: TranslationLanguages<'_>,
    progress: &dyn Progress,
) -> Result<Option<f64>, TranslateError> {
    let (english, foreign): (Vec<_>, Vec<_>) = passages
        .iter()
        .zip(&translated.texts)
        .filter(|(passage, texts)| passage.texts.len() == texts.len())
        .map(|(passage, texts)| {
            let texts = texts.clone();
            (
                passage,
                Passage {
                    texts,
                    ..passage.clone()
                },
            )
        })
        .unzip();
    let back = TranslationLanguages {
        from: direction.to,
        to: direction.from,
        script: "Latn",
    };
    progress.start(foreign.len() as u64, "check");
    let foreign: Vec<&Passage> = foreign.iter().collect();
    let made = make(translator, &foreign, back, SendMode::Together, progress).await?;
    progress.finish();
    let lost = made.iter().filter(|made| made.texts.is_err()).count();
    if lost > 0 {
        let all = made.len();
        progress.note(&format!(
            "{lost} of {all} passages did not come back whole; chrF is of the others"
        ));
    }
    let pairs: Vec<(String, String)> = english
        .iter()
        .zip(made)
        .filter_map(|(passage, made)| Some((made.texts.ok()?.join("\n"), passage.texts.join("\n"))))
        .collect();
    Ok(corpus_chrf(
        pairs
            .iter()
            .map(|(back, english)| (back.as_str(), english.as_str())),
    ))
}

fn check(
    passage: &Passage,
    texts: &TranslationResult,
    direction: TranslationLanguages<'_>,
) -> Vec<TranslationFault> {
    let rules = TextRules::of_code(direction.to);
    match texts {
        Ok(texts) => faults(passage, texts, direction.script, rules),
        Err(why) => vec![TranslationFault::Lost(why.clone())],
    }
}

/// Fatal faults first, then their number.
fn weight(faults: &[TranslationFault]) -> (usize, usize) {
    let fatal = faults.iter().filter(|fault| fault.is_fatal()).count();
    (fatal, faults.len())
}

/// Translations from the cache, and the rest in batches; one for each passage, in their order.
async fn make<T: Translator>(
    translator: &T,
    passages: &[&Passage],
    direction: TranslationLanguages<'_>,
    mode: SendMode<'_>,
    progress: &dyn Progress,
) -> Result<Vec<DatedTranslation>, TranslateError> {
    let service = translator.service();
    let key = |passage: &Passage| {
        let TranslationLanguages { from, to, .. } = direction;
        let settings = translator.settings(passage, from, to, mode);
        // A complaint is in the settings of an engine that hears it; for the others its wording decides nothing.
        let mode = match mode {
            SendMode::Together => "together",
            SendMode::Apart { .. } => "apart",
        };
        let name = translator.name();
        let texts = &passage.texts;
        RequestKey::new(&json!([
            "translation",
            name,
            settings,
            from,
            to,
            mode,
            texts
        ]))
    };
    let mut made: Vec<Option<DatedTranslation>> = Vec::new();
    let mut missing = Vec::new();
    for (index, passage) in passages.iter().enumerate() {
        let kept = service.lookup(&key(passage))?;
        if kept.is_some() {
            progress.step("kept");
        } else {
            missing.push(index);
        }
        made.push(kept.map(DatedTranslation::from));
    }
    let batches = batches(&missing, passages, translator, mode);
    let send = |batch: Vec<usize>| {
        let key = &key;
        async move {
            let TranslationLanguages { from, to, .. } = direction;
            let texts: Vec<&Passage> = batch.iter().map(|&index| passages[index]).collect();
            let results = translator.send(&texts, from, to, mode, progress).await?;
            let kept = batch.iter().zip(results).map(|(&index, result)| {
                let value = match result {
                    Ok(texts) => json!({ "texts": texts }),
                    Err(why) => json!({ "lost": why }),
                };
                let usage = Usage {
                    characters: passages[index].characters(),
                    ..Usage::default()
                };
                let kept = service.keep(&key(passages[index]), value, usage)?;
                progress.step(to);
                Ok((index, DatedTranslation::from(kept)))
            });
            let kept = kept.collect::<Result<Vec<_>, TranslateError>>()?;
            service.settle().await?;
            Ok(kept)
        }
    };
    let done = run_concurrently(batches, service.rules().concurrency, send).await?;
    for (index, translation) in done.into_iter().flatten() {
        made[index] = Some(translation);
    }
    let made = made.into_iter().map(|made| {
        made.unwrap_or_else(|| DatedTranslation {
            texts: Err("the service left it out".to_owned()),
            date: String::new(),
        })
    });
    Ok(made.collect())
}

/// Does jobs side by side; the results come as they are done.
///
/// After a failure no further job is begun, but what is under way is paid for, and is kept.
pub(crate) async fn run_concurrently<J, T, F>(
    jobs: Vec<J>,
    concurrency: usize,
    work: impl Fn(J) -> F,
) -> Result<Vec<T>, TranslateError>
where
    F: Future<Output = Result<T, TranslateError>>,
{
    let failure = RefCell::new(None);
    let done: Vec<Option<T>> = stream::iter(jobs)
        .map(|job| {
            let (failure, work) = (&failure, &work);
            async move {
                if failure.borrow().is_some() {
                    return None;
                }
                match work(job).await {
                    Ok(done) => Some(done),
                    Err(error) => {
                        failure.borrow_mut().get_or_insert(error);
                        None
                    }
                }
            }
        })
        .buffer_unordered(concurrency.max(1))
        .collect()
        .await;
    match failure.into_inner() {
        Some(error) => Err(error),
        None => Ok(done.into_iter().flatten().collect()),
    }
}

/// Puts passages into batches that a request holds.
fn batches<T: Translator>(
    missing: &[usize],
    passages: &[&Passage],
    translator: &T,
    mode: SendMode,
) -> Vec<Vec<usize>> {
    /// Markup around a text, and what escaping adds to an ordinary one.
    const AROUND: usize = 16;
    let limits = translator.limits(mode);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &index in missing {
        let texts = passages[index].texts.iter();
        let size: usize = texts.map(|text| text.len() + AROUND).sum();
        match batches.last_mut() {
            Some(batch) if batch.len() < limits.passages && bytes + size <= limits.bytes => {
                batch.push(index);
                bytes += size;
            }
            Some(_) | None => {
                batches.push(vec![index]);
                bytes = size;
            }
        }
    }
    batches
}

impl From<CachedAnswer> for DatedTranslation {
    fn from(kept: CachedAnswer) -> Self {
        let texts = kept.value["texts"].as_array();
        let texts: Option<Vec<String>> = texts.and_then(|texts| {
            let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
            texts.collect()
        });
        Self {
            texts: texts.ok_or_else(|| match &kept.value["lost"] {
                Value::String(why) => why.clone(),
                _ => "the kept answer is not a translation".to_owned(),
            }),
            date: kept.date,
        }
    }
}

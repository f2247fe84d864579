//! Two models on the same items.

use crate::metrics::{
    ClusteredShare, IntervalMethod, JudgedAnswer, McNemar, PairedDifference, PairedItems,
    Resampler, ScoreInterval, accuracy_share, bca, detectable_difference, difference_interval,
    holm, only_first_share,
};
use crate::predictions::{
    Collection, Prediction, PredictionKey, other_questions, set_aside, shots_of,
};
use crate::report::{IntervalKind, ReportError, Uncertainty};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The comparison of two models, one row for each task and language.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// How intervals were made.
    pub uncertainty: Uncertainty,
    /// The rows; p-values are corrected over all of them.
    pub rows: Vec<ComparisonRow>,
    /// What only one of them has, and which therefore is not compared.
    pub unshared: Vec<UnsharedTask>,
    /// Items that were not compared, because one of them set them aside for its exemplars.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutItems>,
    /// What each was shown, where that differs: as [`Comparison::a`] and [`Comparison::b`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_shots: Option<[String; 2]>,
    /// Runs whose answers carry no hash of their question, as [`Comparison::a`] or [`Comparison::b`].
    pub unverified: Vec<String>,
    /// What was scored by other versions of clika, which may read an answer otherwise.
    pub other_scoring: Vec<OtherScoring>,
}

/// A task in a language whose answers were scored in two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherScoring {
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
    /// The `scoring_version` of [`Comparison::a`]; `None` where it is not recorded.
    pub a: Option<u64>,
    /// That of [`Comparison::b`].
    pub b: Option<u64>,
}

/// Items of a task that are not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOutItems {
    /// The task.
    pub task: Task,
    /// Their ids.
    pub items: Vec<String>,
}

impl LeftOutItems {
    fn of_tasks(tasks: BTreeMap<Task, BTreeSet<&str>>) -> Vec<Self> {
        let tasks = tasks.into_iter().filter(|(_, items)| !items.is_empty());
        let left_out = tasks.map(|(task, items)| Self {
            task,
            items: items.into_iter().map(str::to_owned).collect(),
        });
        left_out.collect()
    }
}

/// A task in a language that only one run has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsharedTask {
    /// The run that has it, as [`Comparison::a`] or [`Comparison::b`].
    pub run: String,
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
}

/// Two models on a task in a language.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonRow {
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
    /// The number of items.
    pub n: usize,
    /// The accuracy of the one, in 0 to 1.
    pub accuracy_a: Option<f64>,
    /// The accuracy of the other.
    pub accuracy_b: Option<f64>,
    /// The one minus the other.
    pub difference: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
    /// Items that only the one has right.
    pub only_a: u64,
    /// Items that only the other has right.
    pub only_b: u64,
    /// McNemar's exact test, which takes the items as independent.
    pub mcnemar_p: f64,
    /// The two-sided p that belongs to the interval, which respects clusters: the paired bootstrap's, or where resamples do
    /// not make the interval, one less the largest level at which it leaves 0 out.
    pub bootstrap_p: Option<f64>,
    /// That p after Holm's correction over all rows.
    pub holm_p: Option<f64>,
    /// The smallest difference that a test at 5 % finds with a power of 80 % on so many items of
    /// which so many are discordant.
    pub detectable: Option<f64>,
}

/// One of the two runs that are compared: a model and where its predictions are.
#[derive(Clone, Copy)]
pub struct ComparedRun<'a> {
    /// The predictions.
    pub collection: &'a Collection,
    /// The model.
    pub model: &'a str,
    /// What reports call the run.
    pub label: &'a str,
}

impl<'a> ComparedRun<'a> {
    /// A run that is called by its model's name.
    pub fn new(collection: &'a Collection, model: &'a str) -> Self {
        Self {
            collection,
            model,
            label: model,
        }
    }

    /// The tasks and languages that another run lacks.
    fn not_in(self, other: ComparedRun<'_>) -> impl Iterator<Item = UnsharedTask> {
        self.collection
            .iter()
            .filter(move |(key, _)| {
                let theirs = other.collection.get(other.model, key.task, &key.language);
                key.model == self.model && theirs.is_none()
            })
            .map(move |(key, _)| UnsharedTask {
                run: self.label.to_owned(),
                task: key.task,
                language: key.language.clone(),
            })
    }
}

/// Compares two runs on every task and language that both have.
pub fn compare<'a>(
    a: ComparedRun<'a>,
    b: ComparedRun<'a>,
    uncertainty: &Uncertainty,
) -> Result<Comparison, ReportError> {
    let mut rows = Vec::new();
    let mut unverified = BTreeSet::new();
    let mut other_scoring = Vec::new();
    let mut left_out = BTreeMap::<Task, BTreeSet<&str>>::new();
    let mut other_shots = None;
    for (key, ours) in a.collection.iter().filter(|(key, _)| key.model == a.model) {
        let Some(theirs) = b.collection.get(b.model, key.task, &key.language) else {
            continue;
        };
        let differs = |difference: String| ReportError::OtherItems {
            task: key.task.to_string(),
            language: key.language.to_string(),
            a: a.label.to_owned(),
            b: b.label.to_owned(),
            difference,
        };
        for (run, answers) in [(a, ours), (b, theirs)] {
            if answers.iter().any(|it| it.item_sha256.is_none()) {
                unverified.insert(run.label.to_owned());
            }
        }
        let its_key = PredictionKey {
            model: b.model.to_owned(),
            ..key.clone()
        };
        if other_questions((a.collection, key), (b.collection, &its_key)) {
            let difference = "they were answered on other versions of the dataset";
            return Err(differs(difference.to_owned()));
        }
        let [our_run, its_run] = [a.collection.run(key), b.collection.run(&its_key)];
        let aside = &set_aside(our_run) | &set_aside(its_run);
        let (our_out, ours) = without(ours, &aside);
        let (its_out, theirs) = without(theirs, &aside);
        let of_task = left_out.entry(key.task).or_insert_with(|| {
            let read = [a.collection, b.collection].map(|it| it.left_out(key.task));
            read.into_iter().flatten().collect()
        });
        of_task.extend(our_out.into_iter().chain(its_out));
        if ours.is_empty() && theirs.is_empty() {
            continue;
        }
        let theirs = same_items(&ours, &theirs).map_err(differs)?;
        // Answers that another program has recorded have no version to compare.
        if let (Some(one), Some(other)) = (our_run, its_run) {
            if one["shots"] != other["shots"] {
                other_shots = Some([one, other].map(shots_of));
            }
            other_scoring.extend(versions(key, one, other));
        }
        rows.push(row(key.task, &key.language, &ours, &theirs, uncertainty));
    }
    if rows.is_empty() {
        return Err(ReportError::NothingShared {
            a: a.label.to_owned(),
            b: b.label.to_owned(),
        });
    }
    let p_values: Vec<_> = rows.iter().map(|row| row.bootstrap_p).collect();
    for (row, adjusted) in rows.iter_mut().zip(holm(&p_values)) {
        row.holm_p = adjusted;
    }
    Ok(Comparison {
        a: a.label.to_owned(),
        b: b.label.to_owned(),
        uncertainty: *uncertainty,
        rows,
        unshared: a.not_in(b).chain(b.not_in(a)).collect(),
        left_out: LeftOutItems::of_tasks(left_out),
        other_shots,
        unverified: unverified.into_iter().collect(),
        other_scoring,
    })
}

/// The ids of answers to items that were set aside, and the other answers.
fn without<'a>(
    answers: &'a [Prediction],
    aside: &BTreeSet<&str>,
) -> (Vec<&'a str>, Vec<&'a Prediction>) {
    let is_aside = |it: &&Prediction| aside.contains(it.item_id.as_str());
    let (out, kept): (Vec<&Prediction>, Vec<&Prediction>) = answers.iter().partition(is_aside);
    let out = out.into_iter().map(|it| it.item_id.as_str());
    (out.collect(), kept)
}

/// What two runs say that they were scored by, where it differs.
fn versions(key: &PredictionKey, one: &Value, other: &Value) -> Option<OtherScoring> {
    let [a, b] = [one, other].map(|run| run["scoring_version"].as_u64());
    (a != b).then(|| OtherScoring {
        task: key.task,
        language: key.language.clone(),
        a,
        b,
    })
}

fn row(
    task: Task,
    language: &LanguageCode,
    ours: &[&Prediction],
    theirs: &[&Prediction],
    uncertainty: &Uncertainty,
) -> ComparisonRow {
    let [a, b] = [ours, theirs].map(|answers| -> Vec<JudgedAnswer> {
        let answers = answers.iter();
        answers.map(|prediction| prediction.judged()).collect()
    });
    let clusters: Vec<&str> = ours
        .iter()
        .map(|prediction| prediction.cluster_id.as_str())
        .collect();
    let resampler = Resampler::new(&clusters, uncertainty.seed, uncertainty.resamples);
    let (share_a, share_b) = (accuracy_share(&a), accuracy_share(&b));
    let difference = |counts: &[u32]| Some(share_a.weighted(counts)? - share_b.weighted(counts)?);
    let estimate = difference(&resampler.original());
    let distribution = resampler.distribution(difference);
    let paired = estimate
        .and_then(|estimate| PairedDifference::new(estimate, &distribution, uncertainty.level));
    let bootstrap = || match uncertainty.interval {
        IntervalKind::Percentile => {
            let interval = paired.as_ref()?.interval;
            Some(ScoreInterval::resampled(
                interval,
                IntervalMethod::Percentile,
            ))
        }
        IntervalKind::Bca => {
            let jackknife = resampler
                .jackknives(|counts| vec![difference(counts)])
                .remove(0);
            let interval = bca(&distribution, estimate?, &jackknife, uncertainty.level)?;
            Some(ScoreInterval::resampled(interval, IntervalMethod::Bca))
        }
    };
    let pair = PairedItems::new(&a, &b).expect("both hold the same items");
    // Right in the one alone, and in the other alone: a difference of two shares that do not contain each other.
    let only = [only_first_share(pair), only_first_share(pair.swapped())]
        .map(|share| ClusteredShare::new(&share, &resampler, uncertainty.level));
    let interval = match (&only, estimate) {
        ([Some(a), Some(b)], Some(estimate)) => {
            difference_interval(a, b, bootstrap).map(|interval| interval.around(estimate))
        }
        _ => None,
    };
    // Resamples that do not make the interval do not test it either.
    let p = match interval.map(|interval| interval.method) {
        Some(IntervalMethod::Mover) => interval_p(pair, &resampler),
        Some(IntervalMethod::Percentile | IntervalMethod::Bca | IntervalMethod::ClopperPearson)
        | None => paired.as_ref().map(|paired| paired.p),
    };
    let test = McNemar::of(pair);
    let discordant = (test.only_first + test.only_second) as f64 / a.len() as f64;
    ComparisonRow {
        task,
        language: language.clone(),
        n: a.len(),
        accuracy_a: share_a.value(),
        accuracy_b: share_b.value(),
        difference: estimate,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        method: interval.map(|interval| interval.method),
        only_a: test.only_first,
        only_b: test.only_second,
        mcnemar_p: test.p,
        bootstrap_p: p,
        holm_p: None,
        detectable: detectable_difference(a.len(), discordant, 0.05, 0.8),
    }
}

/// The p-value of no difference where the interval is made from the shares' own: one less the largest level at which it
/// leaves 0 out. `None` where there is no interval.
fn interval_p(pair: PairedItems<'_, JudgedAnswer>, resampler: &Resampler) -> Option<f64> {
    /// Halvings of the levels: the p is exact to a millionth.
    const HALVINGS: usize = 20;
    let shares = [only_first_share(pair), only_first_share(pair.swapped())];
    let leaves_out = |level: f64| -> Option<bool> {
        let [a, b] = [&shares[0], &shares[1]].map(|it| ClusteredShare::new(it, resampler, level));
        let interval = difference_interval(&a?, &b?, || None)?;
        Some(interval.low > 0.0 || interval.high < 0.0)
    };
    let (mut without, mut with) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let level = (without + with) / 2.0;
        if leaves_out(level)? {
            without = level;
        } else {
            with = level;
        }
    }
    Some(1.0 - without)
}

/// The other run's predictions in our order, or the first difference of the two.
fn same_items<'a>(
    ours: &[&Prediction],
    theirs: &[&'a Prediction],
) -> Result<Vec<&'a Prediction>, String> {
    let mut by_id: BTreeMap<&str, &Prediction> = theirs
        .iter()
        .map(|&prediction| (prediction.item_id.as_str(), prediction))
        .collect();
    let mut aligned = Vec::new();
    for prediction in ours {
        let id = prediction.item_id.as_str();
        let other = by_id
            .remove(id)
            .ok_or_else(|| format!("item {id} is in one only"))?;
        if other.label != prediction.label {
            return Err(format!("the right choice of item {id} differs"));
        }
        if other.cluster_id != prediction.cluster_id {
            return Err(format!(
                "item {id} is in cluster `{}` of the one, in `{}` of the other",
                prediction.cluster_id, other.cluster_id
            ));
        }
        if let (Some(ours), Some(theirs)) = (&prediction.item_sha256, &other.item_sha256)
            && ours != theirs
        {
            return Err(format!(
                "item {id} is another question or has other choices; the two answered other versions of the dataset"
            ));
        }
        aligned.push(other);
    }
    match by_id.keys().next() {
        Some(id) => Err(format!("item {id} is in one only")),
        None => Ok(aligned),
    }
}

//! What a guesser scores that knows nothing: by letters shared with the question, position, length, frequency.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    statistics::upper_tail,
    tally::{Defect, Tallies},
    text::{folded, longest_common},
};
use clika_base::types::LanguageCode;
use clika_scores::metrics::{self, holm};
use std::collections::HashMap;

/// The family-wise level, and the least gain over chance that is worth a finding.
const LEVEL: f64 = 0.01;
const GAIN: f64 = 0.05;

/// A rule that picks a choice without knowledge.
#[derive(Clone, Copy, PartialEq)]
enum ShortcutRule {
    Overlap,
    Position(usize),
    Longest,
    Shortest,
    Frequent,
}

impl ShortcutRule {
    fn name(self) -> String {
        match self {
            Self::Overlap => "the longest text shared with the question".to_owned(),
            Self::Position(position) => format!("always choice {}", position + 1),
            Self::Longest => "the longest choice".to_owned(),
            Self::Shortest => "the shortest choice".to_owned(),
            Self::Frequent => "the choice that is most often right elsewhere".to_owned(),
        }
    }
}

/// A rule's score on one language.
struct RuleScore<'a> {
    language: &'a LanguageCode,
    rule: ShortcutRule,
    items: usize,
    right: f64,
    chance: f64,
    /// Standard deviations above chance; `None` where the rule never decides.
    z: Option<f64>,
}

/// Findings above and below chance.
pub(crate) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let mut scores = Vec::new();
    for (language, items) in &set.languages {
        let Some(most) = items.iter().map(|item| item.choices.len()).max() else {
            continue;
        };
        let known = PreparedItems::of(items);
        let rules = [
            ShortcutRule::Overlap,
            ShortcutRule::Longest,
            ShortcutRule::Shortest,
            ShortcutRule::Frequent,
        ];
        let positions = (0..most).map(ShortcutRule::Position);
        for rule in rules.into_iter().chain(positions) {
            scores.push(score(language, rule, &known));
        }
    }
    let above = holm(&tails(&scores, 1.0));
    let below = holm(&tails(&scores, -1.0));
    [
        finding(set, &scores, &above, true),
        finding(set, &scores, &below, false),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tails(scores: &[RuleScore], sign: f64) -> Vec<Option<f64>> {
    let scores = scores.iter();
    scores
        .map(|score| Some(upper_tail(sign * score.z?)))
        .collect()
}

fn finding(
    set: &ChoiceSet,
    scores: &[RuleScore],
    p_values: &[Option<f64>],
    is_above: bool,
) -> Option<Finding> {
    let mut tallies = Tallies::default();
    let mut found: Vec<(&RuleScore, f64)> = Vec::new();
    for (score, p) in scores.iter().zip(p_values) {
        tallies.looked_at(score.language, 1);
        let gain = (score.right - score.chance) / score.items as f64;
        // Less frequent than chance is what leaving one out does to balanced answers.
        let is_meant = if is_above {
            gain >= GAIN
        } else {
            gain <= -GAIN && score.rule != ShortcutRule::Frequent
        };
        if let Some(p) = *p
            && p < LEVEL
            && is_meant
        {
            found.push((score, gain));
            let text = format!(
                "{}: {:.1} of {} right, chance {:.1}, p = {p:.1e} after Holm",
                score.rule.name(),
                score.right,
                score.items,
                score.chance
            );
            tallies.hit(score.language, "baseline", text);
        }
    }
    let (strongest, gain) = found
        .iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let message = format!(
        "{} of {} baselines without knowledge are {} chance (p < {LEVEL} after Holm, at least 5 points), the farthest \
         {} in {} by {:.1} points.",
        found.len(),
        scores.len(),
        if is_above { "above" } else { "below" },
        strongest.rule.name(),
        strongest.language,
        gain.abs() * 100.0
    );
    let defect = if is_above {
        Defect {
            check: "shortcut",
            severity: Severity::Warning,
            effect: "a model scores without knowing: accuracy and RA are too high, and en-CO with them",
        }
    } else {
        Defect {
            check: "shortcut-below-chance",
            severity: Severity::Note,
            effect: "a model that prefers what is seldom right loses: accuracy and RA are too low",
        }
    };
    Some(tallies.report(&set.name, defect, message))
}

/// The items of a language, prepared once for every rule.
struct PreparedItems<'a> {
    items: Vec<(&'a ChoiceItem, usize, Vec<String>, Vec<char>)>,
    right_elsewhere: HashMap<String, usize>,
}

impl<'a> PreparedItems<'a> {
    fn of(items: &'a [ChoiceItem]) -> Self {
        let mut known = Self {
            items: Vec::new(),
            right_elsewhere: HashMap::new(),
        };
        for item in items {
            let Some(right) = item.right() else { continue };
            let choices: Vec<_> = item.choices.iter().map(|it| folded(it)).collect();
            *known
                .right_elsewhere
                .entry(choices[right].clone())
                .or_insert(0) += 1;
            let question = folded(&item.text).chars().collect();
            known.items.push((item, right, choices, question));
        }
        known
    }
}

/// The expected score of a rule, with ties split evenly.
///
/// Against labels at random: an item on which `t` of `c` choices tie scores 1/c in the mean, with the variance
/// 1/(t·c) − 1/c².
fn score<'a>(
    language: &'a LanguageCode,
    rule: ShortcutRule,
    known: &PreparedItems,
) -> RuleScore<'a> {
    let (mut right, mut chance, mut variance) = (0.0, 0.0, 0.0);
    for (_, label, choices, question) in &known.items {
        let values: Vec<usize> = choices
            .iter()
            .enumerate()
            .map(|(position, choice)| match rule {
                ShortcutRule::Overlap => {
                    longest_common(question, &choice.chars().collect::<Vec<_>>())
                }
                ShortcutRule::Position(wanted) => usize::from(position == wanted),
                ShortcutRule::Longest => choice.chars().count(),
                ShortcutRule::Shortest => usize::MAX - choice.chars().count(),
                ShortcutRule::Frequent => {
                    let times = known.right_elsewhere.get(choice);
                    times
                        .copied()
                        .map_or(0, |times| times - usize::from(position == *label))
                }
            })
            .collect();
        let best = values.iter().max();
        let tied = values.iter().filter(|value| Some(*value) == best).count() as f64;
        let count = choices.len() as f64;
        if Some(&values[*label]) == best {
            right += 1.0 / tied;
        }
        // Every item has a right choice, and so a choice.
        chance += metrics::chance(choices.len()).unwrap_or(0.0);
        variance += 1.0 / (tied * count) - 1.0 / (count * count);
    }
    RuleScore {
        language,
        rule,
        items: known.items.len(),
        right,
        chance,
        z: (variance > 1e-9).then(|| (right - chance) / variance.sqrt()),
    }
}

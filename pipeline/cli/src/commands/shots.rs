//! `--shots`: answered items before each one that is asked.

use clika_datasets::{ShotPlan, Shots};

/// Exemplars that are shown before each item.
#[derive(clap::Args)]
pub struct ShotArgs {
    /// Show so many answered items of the same dataset before each one, in its language; they are not asked [default: 0]
    #[arg(long, value_name = "K")]
    shots: Option<u32>,
    /// The seed that draws them [default: 0]
    #[arg(long, value_name = "N", requires = "shots")]
    shots_seed: Option<u64>,
}

impl ShotArgs {
    /// The option that was given, for what has no exemplars.
    pub fn is_given(&self) -> bool {
        self.shots.is_some()
    }

    /// How many, and their seed; `None` where none are shown.
    pub fn resolve(&self) -> Option<Shots> {
        let count = self.shots.filter(|&count| count > 0)?;
        Some(Shots {
            count: count as usize,
            seed: self.shots_seed.unwrap_or(0),
        })
    }
}

/// What is to be said of the items that are not asked, or whose clusters are asked all the same.
pub fn note(dataset: &str, plan: &ShotPlan) -> Option<String> {
    let mut said = Vec::new();
    if !plan.set_aside.is_empty() {
        let shown = plan.set_aside.iter().filter(|id| plan.ids.contains(id));
        let shown = shown.count();
        let others = plan.set_aside.len() - shown;
        said.push(format!(
            "set aside in every language and not asked: {shown} as exemplars, {others} for a cluster shared with one"
        ));
    }
    if !plan.shared_clusters.is_empty() {
        said.push(format!(
            "exemplars share clusters with asked items ({}), as nothing would be left to ask otherwise",
            plan.shared_clusters.join(", ")
        ));
    }
    let said = (!said.is_empty()).then(|| said.join("; "))?;
    Some(format!("{dataset}: {said}; manifest.json names them"))
}

//! The script that Slurm runs.

use crate::Estimate;
use std::{fmt::Write, path::Path};

/// A script for an array of tasks, one for each job.
pub struct ArrayScript<'a> {
    /// The grid's name.
    pub name: &'a str,
    /// The grid's folder, from the root.
    pub folder: &'a Path,
    /// The program.
    pub program: &'a Path,
    /// The job of task 0.
    pub first: usize,
    /// The tasks, as `--array` takes them: `0-3,7`.
    pub tasks: &'a str,
    /// What the user wants.
    pub options: &'a SlurmOptions,
    /// Hours of the longest job.
    pub hours: Estimate,
    /// Memory of the largest job.
    pub memory_gb: Estimate,
}

/// What a user says about where and how tasks run; everything else is left to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmOptions {
    /// `--partition`.
    pub partition: Option<String>,
    /// `--account`.
    pub account: Option<String>,
    /// `--time`.
    pub time: Option<String>,
    /// `--gres`.
    pub gres: Option<String>,
    /// How many tasks may run at once.
    pub throttle: Option<u32>,
    /// Seconds before the limit at which a task is told to save.
    pub grace_seconds: u32,
    /// Further options of sbatch, such as `--mem=32G`.
    pub further: Vec<String>,
    /// Lines of the shell before clika is started, such as `module load cuda`.
    pub setup: Vec<String>,
}

/// Seconds before the limit at which a task is told to save.
const GRACE_SECONDS: u32 = 120;

impl Default for SlurmOptions {
    fn default() -> Self {
        Self {
            partition: None,
            account: None,
            time: None,
            gres: None,
            throttle: None,
            grace_seconds: GRACE_SECONDS,
            further: Vec::new(),
            setup: Vec::new(),
        }
    }
}

impl ArrayScript<'_> {
    /// The script's text.
    pub fn text(&self) -> String {
        let options = self.options;
        let folder = self.folder.display().to_string();
        let throttle = options
            .throttle
            .map_or_else(String::new, |it| format!("%{it}"));
        let mut text = format!(
            "#!/bin/bash\n\
             # The grid `{}`: a task for each job, which loads its model once. Made by clika; `clika grid submit` sends it with\n\
             # options for partition, account, time and so on, and `sbatch` takes them, too.\n\
             # The longest job takes {}, and the largest {} of memory.\n\
             #SBATCH --job-name={}\n\
             #SBATCH --array={}{throttle}\n\
             # The folder exists: Slurm loses the output of a task that cannot write it.\n\
             #SBATCH --output={}\n\
             # A requeued task goes on in the same log.\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --requeue\n\
             # So many seconds before its limit a task is told to save. `B:` sends that to the program below, because `exec` puts\n\
             # it in the place of the shell; without `exec` the shell would end there.\n\
             #SBATCH --signal=B:USR1@{}\n",
            self.name,
            self.hours.words("hours"),
            self.memory_gb.words("GB"),
            job_name(self.name),
            self.tasks,
            quoted(&format!("{folder}/logs/%A_%a.log")),
            options.grace_seconds,
        );
        let named = [
            ("partition", &options.partition),
            ("account", &options.account),
            ("time", &options.time),
            ("gres", &options.gres),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                writeln!(text, "#SBATCH --{name}={value}").expect("writing to memory succeeds");
            }
        }
        for option in &options.further {
            writeln!(text, "#SBATCH {option}").expect("writing to memory succeeds");
        }
        text.push('\n');
        for line in &options.setup {
            text += line;
            text.push('\n');
        }
        text += "# Compute nodes have no network: `clika fetch MODEL` gets models beforehand.\nexport HF_HUB_OFFLINE=1\n";
        let index = match self.first {
            0 => "$SLURM_ARRAY_TASK_ID".to_owned(),
            first => format!("$(({first} + SLURM_ARRAY_TASK_ID))"),
        };
        writeln!(
            text,
            "exec {} grid run {} --index \"{index}\"",
            quoted(&self.program.display().to_string()),
            quoted(&folder),
        )
        .expect("writing to memory succeeds");
        text
    }
}

/// A name without what a line of `#SBATCH` would read otherwise.
fn job_name(name: &str) -> String {
    let clean = name.chars().map(|c| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    });
    clean.collect()
}

/// A text as one word of a shell, and of a line of `#SBATCH`.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.%:+=@,".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Numbers as `--array` takes them: `0-3,7`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            Some(_) | None => parts.push((number, number)),
        }
    }
    let parts = parts.iter().map(|&(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 3, 7, 9, 10]), "0-3,7,9-10");
        assert_eq!(ranges(&[5]), "5");
    }

    #[test]
    fn a_script_holds_what_the_user_says() {
        let options = SlurmOptions {
            partition: Some("gpu".to_owned()),
            throttle: Some(4),
            setup: vec!["module load cuda".to_owned()],
            further: vec!["--mem=32G".to_owned()],
            ..SlurmOptions::default()
        };
        let script = ArrayScript {
            name: "table 04",
            folder: Path::new("/a b/grid"),
            program: Path::new("/bin/clika"),
            first: 1001,
            tasks: "0-9",
            options: &options,
            hours: None.into(),
            memory_gb: Some(1.5).into(),
        };
        let text = script.text();
        let lines: Vec<&str> = text.lines().filter(|it| !it.starts_with("# ")).collect();
        assert_eq!(
            lines,
            [
                "#!/bin/bash",
                "#SBATCH --job-name=table_04",
                "#SBATCH --array=0-9%4",
                "#SBATCH --output='/a b/grid/logs/%A_%a.log'",
                "#SBATCH --open-mode=append",
                "#SBATCH --requeue",
                "#SBATCH --signal=B:USR1@120",
                "#SBATCH --partition=gpu",
                "#SBATCH --mem=32G",
                "",
                "module load cuda",
                "export HF_HUB_OFFLINE=1",
                "exec /bin/clika grid run '/a b/grid' --index \"$((1001 + SLURM_ARRAY_TASK_ID))\"",
            ]
        );
        assert!(text.contains(
            "# The longest job takes an unknown number of hours, and the largest 1.50 GB of memory."
        ));
    }
}

//! Limits of memory that containers and Slurm set for a process: it is killed without a word where it goes beyond them.

use std::{fs, path::Path};

/// The two versions of Linux's control groups: where a group's files are, and what they are called.
struct Files {
    limit: &'static str,
    used: &'static str,
    /// Of `memory.stat`: what the kernel keeps of files and for itself, and gives back when memory is short.
    cached: &'static [&'static str],
}

const FIRST: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: &["total_inactive_file", "total_active_file"],
};
const SECOND: Files = Files {
    limit: "memory.max",
    used: "memory.current",
    cached: &["inactive_file", "active_file", "slab_reclaimable"],
};

/// Bytes that the process may still take by the limits of its control groups and of those around them; `None` where none has a
/// limit.
pub(super) fn within_limits() -> Option<f64> {
    // No such file: another system than Linux, or one without control groups.
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    within(Path::new("/sys/fs/cgroup"), &groups)
}

/// [`within_limits`] of the groups that a text as that of `/proc/self/cgroup` lists, whose files are in a folder.
fn within(root: &Path, groups: &str) -> Option<f64> {
    let mut least: Option<f64> = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (mount, files) = if controllers.is_empty() {
            (root.to_owned(), SECOND)
        } else if controllers.split(',').any(|it| it == "memory") {
            (root.join("memory"), FIRST)
        } else {
            continue;
        };
        // Within a container the path may be that of the machine: then only the beginning of it is there.
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            if let Some(left) = files.left(&mount.join(group)) {
                least = Some(least.map_or(left, |least| least.min(left)));
            }
        }
    }
    least
}

impl Files {
    /// What a group's limit leaves; `None` if it has none, which the second version writes as `max`, or none that can be
    /// read: the machine's own memory is the limit then.
    fn left(&self, group: &Path) -> Option<f64> {
        let number = |name: &str| -> Option<f64> {
            let text = fs::read_to_string(group.join(name)).ok()?;
            text.trim().parse().ok()
        };
        let (limit, used) = (number(self.limit)?, number(self.used)?);
        let stat = fs::read_to_string(group.join("memory.stat"));
        let bytes = |line: &str| {
            let (name, bytes) = line.split_once(' ')?;
            self.cached.contains(&name).then_some(())?;
            bytes.parse::<f64>().ok()
        };
        // Without these numbers all that is used counts.
        let cached = stat.map_or(0.0, |stat| stat.lines().filter_map(bytes).sum());
        Some((limit - used + cached).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::within;
    use std::{fs, path::Path};

    fn write(folder: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(folder).expect("a temporary folder is writable");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a temporary folder is writable");
        }
    }

    #[test]
    fn the_tightest_limit_of_a_group_and_those_around_it_counts() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let stat = "anon 7\ninactive_file 60\nactive_file 30\nslab_reclaimable 10\n\
                    total_inactive_file 200\ntotal_active_file 100\n";
        // The second version: the job's step has no limit, the job has one.
        write(
            &root.path().join("job/step"),
            &[("memory.max", "max\n"), ("memory.current", "5\n")],
        );
        write(
            &root.path().join("job"),
            &[
                ("memory.max", "1000\n"),
                ("memory.current", "700\n"),
                ("memory.stat", stat),
            ],
        );
        // By hand: 1000 - 700 + 100.
        assert_eq!(within(root.path(), "0::/job/step\n"), Some(400.0));
        // A container sees its own group as the root, and may be told the machine's path.
        write(
            root.path(),
            &[("memory.max", "150\n"), ("memory.current", "40\n")],
        );
        assert_eq!(within(root.path(), "0::/not/there\n"), Some(110.0));
        // The first version, beside controllers without memory.
        write(
            &root.path().join("memory/slurm"),
            &[
                ("memory.limit_in_bytes", "900\n"),
                ("memory.usage_in_bytes", "1000\n"),
                ("memory.stat", stat),
            ],
        );
        let groups = "4:cpu,cpuacct:/slurm\n3:hugetlb,memory:/slurm\n";
        assert_eq!(within(root.path(), groups), Some(200.0));
        for groups in ["", "nonsense", "4:cpu:/slurm\n", "3:memory:/other\n"] {
            assert_eq!(within(root.path(), groups), None, "{groups}");
        }
    }
}

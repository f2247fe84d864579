#!/usr/bin/env bash
# Slurm 22.05.8: a task that has itself requeued on SIGTERM undoes `scancel`, and cannot know that it was cancelled.
#
# `scancel` sends SIGTERM to a task's processes. Until these have ended, `squeue` and `scontrol show job` give its state
# as COMPLETING, and the reason None: the same as where an administrator requeues it, or a preemption ends it. `scontrol
# requeue` of such a job succeeds, and it waits and runs again, so that nobody can cancel it. At a time limit the reason
# is TimeLimit. So a task may have itself requeued on SIGUSR1 (`--signal=B:USR1@120`), and on SIGTERM only where Slurm says
# RUNNING or TimeLimit.
#
# Seen with Debian's slurm-wlm 22.05.8-4+deb12u3: COMPLETING, None, exit code 0, and PENDING afterwards. Needs root,
# slurm-wlm and munge, which are started on loopback in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
slurmctld -V
cat > "$work/job.sh" <<'J'
#!/bin/bash
said() {
  squeue --noheader --states=all --jobs "$SLURM_JOB_ID" --format='%T %r' > "$WORK/said"
  scontrol requeue "$SLURM_JOB_ID"
  echo "requeue: $?" >> "$WORK/said"
  exit
}
trap said TERM
touch "$WORK/begun"
while true; do sleep 0.1; done
J
WORK="$work" PYTHONPATH=pipeline/grid/tests/slurm PYTHONDONTWRITEBYTECODE=1 python3 - "$work" <<'P'
import os
import sys
from pathlib import Path

from cluster import Cluster, missing, wait_until

work = Path(sys.argv[1])
if why := missing():
    sys.exit(f"error: {why}")
with Cluster(work / "logs", dict(os.environ), 1001) as slurm:
    slurm.call("sbatch", "--requeue", "--output=/dev/null", work / "job.sh")
    wait_until("the job runs", (work / "begun").exists, 30)
    slurm.call("scancel", "1")
    wait_until("the job has ended", lambda: slurm.jobs()["1"] not in ("RUNNING", "COMPLETING"), 30)
    said, state = (work / "said").read_text().split("\n")[:2], slurm.jobs()["1"]
print(f"what a cancelled job is told: {said[0]}; {said[1]}; its state afterwards: {state}")
if said != ["COMPLETING None", "requeue: 0"] or state != "PENDING":
    sys.exit("this has changed")
P

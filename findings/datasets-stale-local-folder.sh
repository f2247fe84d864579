#!/usr/bin/env bash
# datasets 5.2.0 shows the old rows of a local folder whose files have changed, if the folder's card lists its configs.
#
# `load_dataset("folder", "de")` keeps a copy of what it has read and takes it again if nothing has changed. Without a card
# the copy's name depends on the files' modification times. With a card that lists configs, as the hub's own datasets have,
# it depends on the card alone: on the patterns of the files, not on the files. A dataset that was built again with another
# seed is then read as it was before, in new processes too, with no warning.
#
# Seen with the versions below: each folder is read, gets another file, and is read again, by a new process each time.
# What helps: `download_mode="force_redownload"`, `streaming=True`, and a card in which something changes with the files,
# such as the `description` of a config.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet datasets==5.2.0 pyarrow==26.0.1
cat > "$work/write.py" <<'P'
import pathlib
import sys

import pyarrow
import pyarrow.parquet

folder, card, value = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
(folder / "data/de").mkdir(parents=True, exist_ok=True)
pyarrow.parquet.write_table(pyarrow.table({"value": [value]}), folder / "data/de/test-00000-of-00001.parquet")
if card != "none":
    text = "---\nconfigs:\n- config_name: de\n  data_files:\n  - split: test\n    path: data/de/test-*.parquet\n"
    if card == "description":
        text += f"  description: {value}\n"
    (folder / "README.md").write_text(text + "---\n")
P
cat > "$work/read.py" <<'P'
import sys

from datasets import load_dataset

folder, card, options = sys.argv[1], sys.argv[2], dict(it.split("=") for it in sys.argv[3:])
if options.get("streaming"):
    options["streaming"] = True
rows = load_dataset(folder, None if card == "none" else "de", split="test", **options)
print(next(iter(rows))["value"], end="")
P
export HF_HUB_OFFLINE=1 HF_HOME="$work/cache" HF_DATASETS_DISABLE_PROGRESS_BARS=1
python="$work/venv/bin/python"
show() {
  local name=$1 card=$2
  shift 2
  "$python" "$work/write.py" "$work/$name" "$card" old
  "$python" "$work/read.py" "$work/$name" "$card" >/dev/null 2>"$work/errors"
  sleep 1.1
  "$python" "$work/write.py" "$work/$name" "$card" new
  echo "$name: $("$python" "$work/read.py" "$work/$name" "$card" "$@" 2>"$work/errors")"
}
expected="no-card: new
card: old
card-forced: new
card-streamed: new
card-with-description: new"
seen=$(
  show no-card none
  show card configs
  show card-forced configs download_mode=force_redownload
  show card-streamed configs streaming=1
  show card-with-description description
) || { cat "$work/errors" >&2; exit 1; }
echo "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: expected" >&2
  echo "$expected" >&2
  exit 1
fi

#!/usr/bin/env bash
# fastparquet 2026.9.0 reads every list of texts as None if its column has no dictionary page.
#
# A Parquet writer may store the texts of a list plainly or through a dictionary. polars 2.1.0 never writes a dictionary
# for lists, and pyarrow none with `use_dictionary=False`. pyarrow and polars read all of these files alike. fastparquet
# reads the lists with a dictionary, and plain lists of numbers; plain lists of texts all become None, with no error and
# no warning, so that a dataset seems to have no answers to choose from.
#
# Seen with the versions below: three columns of one table, written with and without dictionaries by pyarrow and by
# polars, and read by fastparquet; `columns that differ` names those whose values are not what was written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet fastparquet==2026.9.0 pyarrow==26.0.1 polars==2.1.0
cat > "$work/show.py" <<'P'
import sys

import fastparquet
import polars
import pyarrow
import pyarrow.parquet

file = f"{sys.argv[1]}/table.parquet"
values = {"texts": [["a", "b"], ["c"]], "numbers": [[1, 2], [3]], "text": ["a", "b"]}


def report(writer):
    assert pyarrow.parquet.read_table(file).to_pydict() == values
    frame = fastparquet.ParquetFile(file).to_pandas()
    read = {name: [x if isinstance(x, (str, type(None))) else list(map(type(values[name][0][0]), x))
                   for x in frame[name]] for name in values}
    differ = {name: rows for name, rows in read.items() if rows != values[name]}
    print(f"{writer}: columns that differ: {differ or 'none'}")


for dictionary in (True, False):
    pyarrow.parquet.write_table(pyarrow.table(values), file, use_dictionary=dictionary)
    report(f"pyarrow, use_dictionary={dictionary}")
polars.DataFrame(values).write_parquet(file)
report("polars")
P
expected="pyarrow, use_dictionary=True: columns that differ: none
pyarrow, use_dictionary=False: columns that differ: {'texts': [None, None]}
polars: columns that differ: {'texts': [None, None]}"
seen=$("$work/venv/bin/python" "$work/show.py" "$work")
echo "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: expected" >&2
  echo "$expected" >&2
  exit 1
fi

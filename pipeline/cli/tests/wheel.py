"""Checks the wheel that `make wheel` builds, as a user of an older system would install it.

Usage: wheel.py WHEEL   (with the Python that has auditwheel)

auditwheel has to find nothing that is newer than its tag says; its description has to be complete. Then it is installed into
a new environment, without the network, and `clika datasets xgeo` has to write the dataset in an empty folder.
"""

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

# The oldest C library that it has to start with: that of RHEL 8 and Debian 10.
GLIBC = (2, 28)
# What package indexes show.
FIELDS = ["Summary", "Version", "License-Expression", "License-File", "Keywords", "Author", "Requires-Python", "Classifier"]


def check(condition, message):
    if not condition:
        sys.exit(f"wheel.py: {message}")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    check(done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def starts_on_old_systems(wheel):
    """The tag in the wheel's name is what auditwheel finds, and no symbol is newer than GLIBC."""
    found = json.loads(run(Path(sys.executable).parent / "auditwheel", "show", "--json", wheel))
    tag, libraries = found["overall_tag"], found["versioned_symbols"]
    check(tag in wheel.name, f"auditwheel calls it {tag}")
    versions = [symbol.removeprefix("GLIBC_") for symbols in libraries.values() for symbol in symbols if "GLIBC_" in symbol]
    newest = max((tuple(map(int, version.split("."))) for version in versions), default=())
    check(versions, f"no symbol of glibc: {libraries}")
    check(newest <= GLIBC, f"it has a symbol of glibc {newest}, newer than {GLIBC}")
    check(not found["external_libs"], f"it needs libraries: {found['external_libs']}")
    print(f"auditwheel: {tag}, newest symbol of glibc {'.'.join(map(str, newest))}, libraries {', '.join(sorted(libraries))}")


def describes_itself(wheel):
    """Name, licence and so on; returns the version."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
        programs = [it.filename for it in archive.infolist() if "/scripts/" in it.filename]
        licences = [it for it in archive.namelist() if it.endswith("LICENSE")]
    check(metadata["Name"] == "clika", f"its name is {metadata['Name']}")
    missing = [field for field in FIELDS if not metadata[field]]
    check(not missing, f"its description has no {', '.join(missing)}")
    check(metadata.get_payload().lstrip().startswith("# clika"), "its page is not the README")
    check(licences, "the licence is not in it")
    check([Path(it).name for it in programs] == ["clika"], f"its programs are {programs}")
    return metadata["Version"]


def runs_where_nothing_is(wheel, version):
    """Installed into a new environment, it builds a dataset in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="clika-wheel-") as folder:
        folder = Path(folder)
        venv.create(folder / "venv", with_pip=True)
        run(folder / "venv/bin/pip", "install", "--no-index", "--quiet", "--disable-pip-version-check", wheel)
        clika = folder / "venv/bin/clika"
        printed = run(clika, "--version").strip()
        check(printed == f"clika {version}", f"`clika --version` says {printed}, the wheel is {version}")
        empty = folder / "empty"
        empty.mkdir()
        # No variable of ours, and no other clika.
        print(run(clika, "datasets", "xgeo", cwd=empty, env={"PATH": "/usr/bin:/bin"}).splitlines()[0])
        manifest = json.loads((empty / "artifacts/datasets/xgeo/manifest.json").read_text(encoding="utf-8"))
        for name in manifest["files"]:
            check((empty / "artifacts/datasets/xgeo" / name).is_file(), f"{name} is not there")
        check(manifest["report"]["rows"].get("en") == 200, f"rows: {manifest['report']['rows']}")


def main(wheel):
    print(f"{wheel.name}: {wheel.stat().st_size / 2**20:.1f} MiB")
    starts_on_old_systems(wheel)
    runs_where_nothing_is(wheel, describes_itself(wheel))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

"""Runs a command on a machine without a GPU as if it had one: with Vulkan in software.

    software_vulkan.py FOLDER COMMAND...

The driver is the one that VK_DRIVER_FILES names, such as Mesa's lavapipe
(/usr/share/vulkan/icd.d/lvp_icd.x86_64.json of Debian's mesa-vulkan-drivers), else SwiftShader. Chromium's build of it
comes with npm's package @sparticuz/chromium, which is fetched into FOLDER once; nothing is installed. Needs npm and node.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "@sparticuz/chromium@147.0.0"
SHA256 = "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b"
# Python's library cannot read Brotli, and node's can.
UNPACK = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"


def swiftshader(folder):
    """The folder of SwiftShader and of a loader for it."""
    driver = folder / "driver"
    if driver.is_dir():
        return driver
    for program in ("npm", "node"):
        if not shutil.which(program):
            sys.exit(
                f"error: {program} is missing, which fetches a Vulkan driver; on Debian: apt-get install npm, or "
                "apt-get install mesa-vulkan-drivers and VK_DRIVER_FILES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
            )
    fresh = folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "driver").mkdir(parents=True)
    print(f"fetching {PACKAGE}, 68 MB", file=sys.stderr)
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=fresh, stdout=subprocess.DEVNULL, check=True)
    (archive,) = fresh.glob("*.tgz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"error: {archive.name} has SHA-256 {found}, not {SHA256}")
    subprocess.run(["tar", "xzf", archive.name, "package/bin/swiftshader.tar.br"], cwd=fresh, check=True)
    packed = (fresh / "package/bin/swiftshader.tar.br").read_bytes()
    unpacked = subprocess.run(["node", "-e", UNPACK], input=packed, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "xf", "-", "-C", "driver"], cwd=fresh, input=unpacked, check=True)
    (fresh / "driver").rename(driver)
    shutil.rmtree(fresh)
    return driver


def environment(folder):
    """Ours, with a driver for Vulkan in it."""
    variables = dict(os.environ)
    runtime = folder / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)
    # Without it the drivers warn that they have no place for windows.
    variables.setdefault("XDG_RUNTIME_DIR", str(runtime))
    if "VK_DRIVER_FILES" in variables:
        return variables
    driver = swiftshader(folder)
    description = str(driver / "vk_swiftshader_icd.json")
    # Loaders before 1.3.207 know the older name.
    variables |= {"VK_DRIVER_FILES": description, "VK_ICD_FILENAMES": description}
    libraries = [str(driver), *filter(None, [variables.get("LD_LIBRARY_PATH")])]
    variables["LD_LIBRARY_PATH"] = ":".join(libraries)
    return variables


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, command = Path(sys.argv[1]).absolute(), sys.argv[2:]
    os.execvpe(command[0], command, environment(folder))


if __name__ == "__main__":
    main()

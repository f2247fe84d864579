"""perf's samples of a program, each of them put into one part of its work by the names of functions.

A sample counts for the innermost function that PARTS knows, of those that the compiler inlined into each other at that
place; in the kernel, for what the kernel does. What no pattern knows is "other", and `unknown` lists its names.
"""

import re
import struct
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# Of names of functions, in the order in which they are tried. Functions that several parts inline (exp, sums of a row,
# loads, closures that rayon runs) have no pattern: who calls them decides.
PARTS = {
    "waiting": [
        r"rayon_core::(sleep|latch)",
        r"::wait_until",
        r"find_work",
        r"sched_yield",
        r"crossbeam_(deque|epoch)",
    ],
    "packing": [r"\bpack", r"LeftTiles::new", r"PackedWeight", r"RightMatrix::panel"],
    "attention": [r"attention", r"::panels::", r"softmax", r"\battend"],
    "products": [r"\bgemm", r"microkernel", r"matmul", r"\bproducts?\b", r"::dots\b"],
    "norms and activations": [
        r"kernels::(sum|add|add_row|gated_silu|gelu|norm|change|rotate|in_blocks|dropout|cross_entropy|backward|adamw)",
        r"\b(rms|silu|gelu|swiglu|rotary|norm)",
        r"clika_lm::(probabilities|train|guard|decoder::training)",
        r"burn_flex::ops::(binary|unary|activation|float|reduce|comparison)",
    ],
    "copies": [
        r"mem(move|cpy|set|cmp)",
        r"contiguous",
        r"copy_from_slice",
        r"burn_flex.*(gather|select|slice|cat|transpose|layout|iter)",
    ],
    "allocation": [
        r"\b(__)?(libc_)?(malloc|free|cfree|calloc|realloc|memalign)\b",
        r"_int_(malloc|free|realloc)",
        r"malloc_consolidate|unlink_chunk|sysmalloc|systrim",
        r"alloc::alloc",
    ],
    "reading": [r"clika_checkpoint", r"safetensors", r"serde_json"],
}

# Of functions of the kernel, anywhere in the chain of calls.
KERNEL = {
    "allocation": [r"page_fault", r"(munmap|mmap|madvise|brk|mremap|mprotect)"],
    "waiting": [r"futex", r"sched_yield", r"schedule", r"nanosleep", r"poll"],
    "reading": [r"(vfs|ksys|sys)_p?read", r"filemap"],
}
OTHER = "other"
ALL = [*PARTS, OTHER]

FREQUENCY = 499
FRAME = re.compile(r"^\s+([0-9a-f]+) (.*) \((.*)\)$")
HEAD = re.compile(r"^(?:.*\S)\s+\d+\s+(\d+\.\d+):\s*$")


def compiled(table):
    return [(part, re.compile("|".join(patterns))) for part, patterns in table.items()]


PART_PATTERNS, KERNEL_PATTERNS = compiled(PARTS), compiled(KERNEL)


@dataclass
class Profile:
    """How many samples each part has, and which names were in them."""

    parts: Counter = field(default_factory=Counter)
    functions: Counter = field(default_factory=Counter)
    unknown: Counter = field(default_factory=Counter)

    def share(self, part):
        """In per cent of all samples."""
        return 100 * self.parts[part] / max(1, self.parts.total())


@dataclass(frozen=True)
class Frame:
    """A function as perf names it, and the address in its file."""

    address: int
    name: str
    file: str

    def in_kernel(self):
        return self.address >= 1 << 63


def record(command, file):
    """The command line that runs a program under perf: time of processors, sampled by the system's own clock."""
    options = ["-q", "-k", "CLOCK_REALTIME", "-e", "cpu-clock", "-F", str(FREQUENCY), "-g", "-o", file]
    return ["perf", "record", *options, "--", *command]


def read(file, program, begin, end):
    """The profile of what was sampled between two Unix times."""
    samples = [frames for time, frames in read_samples(file) if begin <= time < end and frames]
    ours = {frames[0] for frames in samples if Path(frames[0].file).name == Path(program).name}
    names = inlined_at(program, {frame.address for frame in ours})
    inlined = {frame: names[frame.address] for frame in ours if frame.address in names}
    profile = Profile()
    for frames in samples:
        count(profile, frames, inlined)
    return profile


def read_samples(file):
    """Times and frames of all samples, the innermost frame first."""
    fields = ["-F", "comm,tid,time,ip,sym,dso", "--no-inline", "-i", file]
    done = subprocess.run(["perf", "script", *fields], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"error: perf script failed: {done.stderr}")
    time, frames = None, []
    for line in done.stdout.splitlines():
        if head := HEAD.match(line):
            if time is not None:
                yield time, frames
            time, frames = float(head[1]), []
        elif frame := FRAME.match(line):
            frames.append(Frame(int(frame[1], 16), frame[2], frame[3]))
        elif line.strip():
            raise SystemExit(f"error: perf script printed a line that is not understood: {line}")
    if time is not None:
        yield time, frames


def count(profile, frames, inlined):
    """Puts a sample into its part; `inlined` has the names of what is inlined at a frame, the innermost first."""
    kernel = [frame for frame in frames if frame.in_kernel()]
    if kernel:
        names = [frame.name for frame in kernel]
        part = next((part for part, pattern in KERNEL_PATTERNS if any(map(pattern.search, names))), OTHER)
        shown = f"kernel: {names[0]}"
    else:
        names = inlined.get(frames[0]) or [frames[0].name]
        # Without frame pointers, callers beyond the function itself are guesses.
        part, shown = part_of(names)
    profile.parts[part] += 1
    profile.functions[part, shown] += 1
    if part == OTHER:
        profile.unknown[shown] += 1


def part_of(names):
    """The part of the innermost name that is known, and that name; else the outermost one, which is the function's."""
    for name in names:
        for part, pattern in PART_PATTERNS:
            if pattern.search(name):
                return part, name
    return OTHER, names[-1]


def inlined_at(program, offsets):
    """The names of the functions that are inlined into each other at places of a program's file, the innermost first."""
    addresses = {address: offset for offset in offsets if (address := address_of(program, offset)) is not None}
    lines = "".join(f"{address:#x}\n" for address in addresses)
    command = ["addr2line", "--exe", program, "--addresses", "--inlines", "--functions", "--demangle"]
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    found, names = {}, []
    for line in done.stdout.splitlines():
        if line.startswith("0x"):
            names = found[addresses[int(line, 16)]] = []
            is_name = True
        else:
            # Names and places in the source take turns.
            if is_name and line != "??":
                names.append(line)
            is_name = not is_name
    return found


def address_of(program, offset, segments={}):
    """The address that a place in an ELF file has in the program; None outside of what is loaded."""
    if program not in segments:
        with open(program, "rb") as file:
            head = file.read(64)
            if head[:5] != b"\x7fELF\x02":
                raise SystemExit(f"error: {program} is not a program of 64 bits")
            place, size, number = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
            file.seek(place)
            table = [struct.unpack("<IIQQQQQQ", file.read(size)) for _ in range(number)]
        # Type, flags, offset, address, physical address, size in the file, in memory, alignment; type 1 is loaded.
        segments[program] = [(entry[2], entry[3], entry[5]) for entry in table if entry[0] == 1]
    return next((offset - at + to for at, to, size in segments[program] if at <= offset < at + size), None)

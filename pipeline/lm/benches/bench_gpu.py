"""A first look at a GPU in one call of eight minutes: is it right, and how fast compared with transformers and PEFT?

NOT YET RUN ON A GPU. What has run is the same code on a processor (make bench-gpu-rehearsal).

    make bench-gpu                         # where Rust is: builds, and packs target/bench-gpu.tar.gz
    tar xzf bench-gpu.tar.gz               # on an x86-64 Linux with a GPU, and no network
    python3 bench-gpu/bench_gpu.py

The machine needs a driver for CUDA 13, glibc 2.36 or newer, CUDA's headers and NVRTC (from a toolkit, or those that
PyTorch's wheels bring), and a Python 3.10 or newer, which has PyTorch, transformers and PEFT. What is missing is
reported, and what needs it fails; the rest runs.

Parts, in order:
  devices    driver, CUDA, PyTorch, transformers, PEFT, our commit
  parity     the logits of small checkpoints of all families, in f32 and bf16, beside transformers'
  losses     50 steps of small trainings of all families, beside PEFT's
  products   matrix products in bf16 at the shapes of 7B and 13B models, 512 to 8,192 tokens, beside PyTorch's
  lora-7b    LoRA (rank 128 on queries and values) of a random 7B model on the rows of a fictional world, 128 a step,
             beside transformers + PEFT: sdpa, bf16, micro-batches of 32, in the given order and grouped by length
  lora-13b   the same of a 13B model
  scoring    four letters after 1,000 xGeo prompts with a random 7B model, beside transformers

Each part has its share of the time, and what it leaves is the next one's. A part that fails, breaks off or outlasts its
time is reported, and the next one runs. Both sides are processes of their own. They take turns as often as the time
allows; numbers are medians, without what warms up. Every result is printed when it comes, the table last; both are also
in the results folder, the table after every part, and with them what the processes wrote to stderr.
"""

import argparse
import signal
import sys
import time
import traceback
from pathlib import Path

from bench_gpu_parts import FULL, HERE, PARTS, Run
from bench_gpu_report import Report

# Left for what is not in a part's time: ending processes, the table.
MARGIN = 10.0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="cuda:N, vulkan:N or cpu; default: cuda:0")
    parser.add_argument("--parts", default=",".join(PARTS), help="which, with commas between them; default: all")
    parser.add_argument("--seconds", type=float, default=480.0, help="after which all has ended; default: 480")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="for the results; default: beside this file")
    parser.add_argument("--small", action="store_true", help="tiny shapes, to try this program without a GPU")
    parser.add_argument("--rounds", type=int, default=3, help="in which both sides take turns, at most; default: 3")
    rehearsal = parser.add_argument_group("to see what fails")
    rehearsal.add_argument("--no-nvrtc", action="store_true", help="tell ours nothing of CUDA's libraries and headers")
    rehearsal.add_argument("--out-of-memory", choices=FULL["models"], metavar="PART",
                           help="run this part in its full shape, with too little memory; on a processor")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.rounds < 1:
        parser.error("there has to be a round")
    if options.seconds <= MARGIN:
        parser.error(f"--seconds has to be more than {MARGIN:.0f}")
    return options


def main():
    options = parse()
    # The table is printed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    report = Report(options.out)
    run = Run(report, options.device, options.small, options.rounds, not options.no_nvrtc, options.out_of_memory)
    left = sum(PARTS[name][1] for name in options.parts)
    end = report.begin + options.seconds - MARGIN
    try:
        for name in (name for name in PARTS if name in options.parts):
            part, share = PARTS[name]
            now = time.monotonic()
            # Its share of the time that is left.
            until = now + (end - now) * share / left
            left -= share
            report.begin_part(name, until - now)
            try:
                part(run, until)
            except Exception as error:
                traceback.print_exc()
                report.fail(f"{type(error).__name__}: {error}")
            report.write()
    except (KeyboardInterrupt, SystemExit):
        report.fail("stopped from outside")
    report.end()


if __name__ == "__main__":
    main()

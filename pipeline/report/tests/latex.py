"""Compiles every LaTeX table of a report: latex.py CLIKA OUT [--release FOLDER]

The report is of the authors' release, or without it of a made-up load of two models.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(args):
    if not shutil.which("pdflatex"):
        print("SKIPPED LaTeX: pdflatex is missing; on Debian: apt-get install texlive-latex-recommended texlive-plain-generic",
              file=sys.stderr)  # fmt: skip
        return
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    answers = args.release
    if answers is None:
        answers = args.out / "load"
        subprocess.run([sys.executable, HERE / "browser/load.py", answers, "--models", "2"], check=True)
    report = args.out / "report"
    subprocess.run([args.clika, "-q", "report", "--predictions", answers, "--resamples", "200", "--out", report],
                   stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    tables = sorted(report.glob("*/*.tex"))
    inputs = "\n\\clearpage\n".join(f"\\input{{{table}}}" for table in tables)
    # Rows of ten languages with intervals are wide, and findings of audits long.
    document = args.out / "all.tex"
    document.write_text(
        "\\documentclass{article}\n\\usepackage[a0paper,landscape]{geometry}\n\\usepackage[T1]{fontenc}\n"
        "\\usepackage{booktabs}\n\\usepackage[normalem]{ulem}\n\\usepackage{longtable}\n"
        f"\\begin{{document}}\n{inputs}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-output-directory", args.out, document],
                          stdout=subprocess.PIPE, text=True, errors="replace", check=False)  # fmt: skip
    if done.returncode:
        sys.exit("\n".join(done.stdout.splitlines()[-30:]) + "\npdflatex failed")
    print(f"{len(tables)} tables: {args.out / 'all.pdf'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clika", type=lambda name: Path(name).resolve(strict=True))
    parser.add_argument("out", type=lambda name: Path(name).resolve())
    parser.add_argument("--release", type=lambda name: Path(name).resolve(strict=True))
    main(parser.parse_args())

"""What grading a class costs: `homework grade` on a made class, beside a loop of `otter run` on some of it.

.venv/bin/python -m benchmarks.classes [ASSIGNMENT] [NUMBER ...]

Needs the zips that `make` builds. For each number, a class of that size is made and graded.
"""

from __future__ import annotations

import csv
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from autograder.batch.pool import cores
from autograder.builder.otter_tools import otter_run
from autograder.files import ROOT
from benchmarks.made_class import write_class
from tests.helpers import score
from tests.processes import resident

SAMPLE = 30  # the submissions that `otter run` grades too


def grade(zipped: Path, submissions: Path, out: Path) -> tuple[float, float, int]:
    """Grade a class; return the seconds by the clock and of processor time, and the peak memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [sys.executable, "-m", "autograder.cli", "grade", zipped, submissions, "--out", out]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = [0]

    def watch() -> None:
        while process.poll() is None:
            try:
                peak[0] = max(peak[0], resident(process.pid))
            except (OSError, IndexError):
                return
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used, peak[0]


def totals(out: Path) -> dict[str, float]:
    """The totals of a class by name."""
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["submission"]: float(row["total"]) for row in csv.DictReader(file)}


def main(assignment: str, numbers: list[int]) -> None:
    """Print a line for each class, and how a loop of `otter run` compares."""
    zipped = ROOT / "dist" / assignment / "autograder.zip"
    print(f"{assignment}, {cores()} cores")
    titles = ["submissions", "clock, s", "a submission, s", "its processor time, s", "main process, MB"]
    print(f"| {' | '.join(titles)} | right, but lost points |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            submissions, out = Path(folder) / str(number), Path(folder) / f"grades{number}"
            right = write_class(assignment, number, submissions)
            seconds, used, peak = grade(zipped, submissions, out)
            found = totals(out)
            most = max(found.values())
            lost = sum(found[f"student_{i:04d}"] < most for i, good in enumerate(right) if good)
            cells = [f"{seconds:.0f}", f"{seconds / number:.2f}", f"{used / number:.2f}", f"{peak / 1e6:.0f}"]
            print(f"| {number} | {' | '.join(cells)} | {lost} of {sum(right)} |", flush=True)
        chosen = random.Random(0).sample(sorted(submissions.glob("*.ipynb")), min(SAMPLE, number))
        began, different = time.perf_counter(), 0
        for path in chosen:
            different += abs(sum(score(otter_run(path, zipped)).values()) - found[path.stem]) > 1e-9
        loop = (time.perf_counter() - began) / len(chosen)
        for path in chosen:
            (path.parent / "sample").mkdir(exist_ok=True)
            path.rename(path.parent / "sample" / path.name)
        ours = grade(zipped, submissions / "sample", Path(folder) / "sample")[0] / len(chosen)
        print(
            f"A loop of otter run takes {loop:.2f} s a submission, homework grade {ours:.2f} s on the same "
            f"{len(chosen)}: {loop / ours:.1f} times as long. Different totals: {different}."
        )


if __name__ == "__main__":
    main((sys.argv[1:2] or ["backprop"])[0], [int(number) for number in sys.argv[2:]] or [10, 100, 1000])

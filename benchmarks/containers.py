"""What grading costs in a container of Gradescope's size: our runner beside Otter's own, in the same image.

.venv/bin/python -m benchmarks.containers [REPEATS]

Needs a Docker engine, as root, and the zips that `make` builds. Otter's runner has no plugin here: as
it is, and then with one thread of linear algebra and the image's list of fonts, which ours has.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from autograder.files import ROOT
from tests.autograder.container.containers import GRADESCOPE, base_image, docker, gradescope_image, size
from tests.helpers import fill, reference_answers, unzip

STOCK = """
import json, os, sys
from pathlib import Path
os.environ["PATH"] = "/opt/homework/bin:" + os.environ["PATH"]
config = Path("/autograder/source/otter_config.json")
config.write_text(json.dumps(json.loads(config.read_text()) | {"plugins": []}))
sys.path.append("/autograder/source/files")
from otter.run.run_autograder import main
main("/autograder")
"""
LIKE_OURS = "OPENBLAS_NUM_THREADS=1 MPLCONFIGDIR=/opt/homework/fonts"
WAYS = {
    "Otter's own": f"/opt/homework/bin/python -c '{STOCK}'",
    "Otter's own, one thread and the list of fonts": f"{LIKE_OURS} /opt/homework/bin/python -c '{STOCK}'",
    "ours": "/autograder/run_autograder",
}
# Processor time in nanoseconds or microseconds, and the most memory, of control groups of version 1 or 2.
READ = """
cd /sys/fs/cgroup
cat cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/usage_usec \\(.*\\)/\\1000/p' cpu.stat
cat memory/memory.max_usage_in_bytes 2>/dev/null || cat memory.peak
"""


def cost(image: str, notebook: Path, command: str) -> tuple[float, float, float]:
    """What grading takes in a new container: processor time and time in s, the peak of memory in MB."""
    graded = "grep -q max_score /autograder/results/results.json"
    script = f"{command} >/dev/null 2>&1\n{graded} || exit 1\n{READ}"
    container = docker("create", "--network=none", *GRADESCOPE, image, "sh", "-c", script)
    try:
        docker("cp", notebook, f"{container}:/autograder/submission/{notebook.name}")
        began = time.monotonic()
        used, most = docker("start", "--attach", container).split()
        return int(used) / 1e9, time.monotonic() - began, int(most) / 1e6
    finally:
        docker("rm", "--force", container)


def main(repeats: int) -> None:
    """Print a line for the image, and one for each runner."""
    assignment = "backprop"
    zipped = ROOT / "dist" / assignment / "autograder.zip"
    began = time.monotonic()
    image = gradescope_image(zipped, "benchmark")
    more = (size(image) - size(base_image())) / 1e6
    print(f"image: {time.monotonic() - began:.0f} s to build, {more:.0f} MB above {base_image()}")
    with tempfile.TemporaryDirectory() as folder:
        template = unzip(zipped.with_name("student.zip"), Path(folder)) / assignment / f"{assignment}.ipynb"
        notebook = fill(template, reference_answers(assignment), Path(folder) / "solved.ipynb")
        found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
        for _ in range(repeats):
            for way, command in WAYS.items():
                found[way].append(cost(image, notebook, command))
    print("| runner | processor time, s | ours in proportion | by the clock, s | peak memory, MB |")
    print("|---|---|---|---|---|")
    for way, costs in found.items():
        seconds, clock, memory = (median(column) for column in zip(*costs, strict=True))
        ratio = median(ours[0] / other[0] for ours, other in zip(found["ours"], costs, strict=True))
        print(f"| {way} | {seconds:.2f} | {ratio:.2f} | {clock:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 7)

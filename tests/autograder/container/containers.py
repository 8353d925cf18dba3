"""Containers of a real Docker engine, like those in Gradescope's documentation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.autograder.container.uploads import Upload
from tests.helpers import BACKSTOP

DEBIAN = "homework-base:bookworm"  # a base image with Debian 12 and its Python, if available
GRADESCOPE = ("--cpus=0.5", "--memory=768m", "--memory-swap=768m")
DOCKERFILE = """
FROM {base}
RUN mkdir -p /autograder/source /autograder/submission /autograder/results
COPY autograder.zip /tmp/autograder.zip
RUN python3 -m zipfile -e /tmp/autograder.zip /autograder/source
RUN cp /autograder/source/run_autograder /autograder/run_autograder && chmod +x /autograder/run_autograder
RUN bash /autograder/source/setup.sh && rm -rf /tmp/*
WORKDIR /autograder
"""


@dataclass(frozen=True)
class Run:
    """The results.json of a container or None, its output, and its exit status."""

    results: dict[str, Any] | None
    printed: str
    status: int


def docker(*arguments: str | Path) -> str:
    """The output of a docker command."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=BACKSTOP, check=False
    )
    assert done.returncode == 0, f"docker {arguments[0]}: {done.stderr[-2000:]}"
    return done.stdout.strip()


def base_image() -> str:
    """The base image: $IMAGE, or `DEBIAN`, or else Otter's."""
    there = docker("image", "ls", "--quiet", DEBIAN)
    return os.environ.get("IMAGE") or (DEBIAN if there else "ubuntu:22.04")


def gradescope_image(autograder: Path, name: str) -> str:
    """Build an image from an autograder zip, by Gradescope's documented steps; return its name."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(autograder, Path(folder) / "autograder.zip")
        (Path(folder) / "Dockerfile").write_text(DOCKERFILE.format(base=base_image()))
        docker("build", "--quiet", "--tag", f"homework-gradescope:{name}", folder)
    return f"homework-gradescope:{name}"


def size(image: str) -> int:
    """The bytes of an image."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", image))


def run(image: str, upload: Upload, notebook: bytes, *options: str, owner: int = 0) -> Run:
    """Grade an upload in a new container.

    options : of `docker create`. owner : the user that the folder of results belongs to.
    """
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for name in ("submission", "results"):
            (top / name).mkdir()
        os.chown(top / "results", owner, owner)
        upload.write(notebook, top / "submission")
        mounts = [f"--volume={top}/{name}:/autograder/{name}" for name in ("submission", "results")]
        container = docker("create", *mounts, *options, image, "/autograder/run_autograder")
        try:
            for name, change in upload.changed.items():
                _change(container, f"/autograder/{name}", change, top / "changed")
            done = subprocess.run(
                ["docker", "start", "--attach", container], capture_output=True, timeout=BACKSTOP, check=False
            )
        finally:
            docker("rm", "--force", container)
        written = top / "results" / "results.json"
        results = json.loads(written.read_text()) if written.exists() else None
        return Run(results, (done.stdout + done.stderr).decode(), done.returncode)


def _change(container: str, name: str, change: Any, copy: Path) -> None:
    """Change a file in a container that has not started. A missing file counts as empty."""
    copy.unlink(missing_ok=True)
    subprocess.run(["docker", "cp", f"{container}:{name}", copy], capture_output=True, check=False)
    copy.write_bytes(change(copy.read_bytes() if copy.exists() else b""))
    docker("cp", copy, f"{container}:{name}")

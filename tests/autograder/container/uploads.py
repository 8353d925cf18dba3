"""What may lie in a container when it grades, and what students and instructors must read then."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOT_YOUR_FAULT = "could not be graded, which is not your fault"


@dataclass(frozen=True)
class Upload:
    """What was handed in, from a right notebook of the assignment, and in what state the container is.

    files : the content of the files by name, made from the notebook's text.
    says : words of what the student reads; empty where the upload is graded, and gets all points.
    reason : words of what the instructor alone reads.
    changed : changes of files below /autograder, by name. A missing file counts as empty.
    """

    files: Callable[[bytes], dict[str, bytes]] = lambda notebook: {"backprop.ipynb": notebook}
    says: str = ""
    reason: str = ""
    changed: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    def write(self, notebook: bytes, folder: Path) -> None:
        """Write the files into a folder."""
        for name, data in self.files(notebook).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def zipped(**files: bytes) -> bytes:
    """The bytes of a zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def damaged(data: bytes) -> bytes:
    """A zip with other bytes in the place of some of its data."""
    return data[:60] + bytes(200) + data[260:]


def of_autodiff(notebook: bytes) -> bytes:
    """The notebook, as one that says it belongs to autodiff."""
    return notebook.replace(b'"assignment": "backprop"', b'"assignment": "autodiff"')


def waiting(notebook: bytes, cells: int = 1) -> bytes:
    """The notebook, with first cells that wait for a quarter of an hour each."""
    read = json.loads(notebook)
    cell = {"cell_type": "code", "source": "import time\ntime.sleep(1000)", "metadata": {}, "outputs": []}
    return json.dumps(read | {"cells": [*[cell] * cells, *read["cells"]]}).encode()


def after(text: str) -> Callable[[bytes], bytes]:
    """A change that lets a module do something more when it is imported."""
    return lambda before: before + f"\n{text}\n".encode()


def broken(reason: str, module: str, text: str) -> Upload:
    """A right notebook, and a module of the autograder zip that does something more when it is imported."""
    return Upload(says=NOT_YOUR_FAULT, reason=reason, changed={f"source/files/{module}": after(text)})


UPLOADS = {
    "a notebook": Upload(),
    "the zip of an export": Upload(
        lambda nb: {"export.zip": zipped(**{"backprop.ipynb": nb, ".OTTER_LOG": b"?"})}
    ),
    "a folder, as Gradescope unpacks it": Upload(
        lambda nb: {
            "homework/backprop.ipynb": nb,
            "homework/.ipynb_checkpoints/backprop-checkpoint.ipynb": b"{}",
            "homework/numpy.py": b"raise SystemExit",
            "otter.py": b"raise SystemExit",
            "tests/q3a.py": b"raise SystemExit",
        }
    ),
    "no metadata": Upload(changed={"submission_metadata.json": lambda _: b""}),
    "metadata that nobody can read": Upload(changed={"submission_metadata.json": lambda _: b'{"id": '}),
    "no file": Upload(lambda _: {}, "There is no notebook in what was handed in (no file at all)"),
    "a text": Upload(
        lambda _: {"answers.txt": b"x"}, "There is no notebook in what was handed in (answers.txt)"
    ),
    "two notebooks": Upload(
        lambda nb: {"a.ipynb": nb, "b.ipynb": nb},
        "more than one notebook in what was handed in (a.ipynb, b.ipynb). Hand in one.",
    ),
    "a notebook that is cut off": Upload(lambda nb: {"hw.ipynb": nb[:-20]}, "hw.ipynb is not a notebook"),
    "a zip that is damaged": Upload(
        lambda nb: {"hw.zip": damaged(zipped(**{"hw.ipynb": nb}))},
        "hw.zip is not a zip file that can be read",
    ),
    "a notebook of another assignment": Upload(
        lambda nb: {"hw.ipynb": of_autodiff(nb)},
        "hw.ipynb is the notebook of another assignment, autodiff. Hand in the notebook of backprop.",
    ),
    "checks that cannot be imported": broken(
        "ModuleNotFoundError: No module named 'nothing'", "hidden_checks/p3_linear_layer.py", "import nothing"
    ),
    "a grader that cannot be imported": broken(
        "NameError: name 'nothing' is not defined", "autograder/grading/process.py", "nothing"
    ),
    "a grader that is killed, as without memory": broken(
        "ran out of memory", "autograder/grading/loop.py", "import os\nos.kill(os.getpid(), 9)"
    ),
    "a grader that ends": broken(
        "The grader ended with status 3.", "autograder/grading/loop.py", "import os\nos._exit(3)"
    ),
    "a submission that takes too long": Upload(
        lambda nb: {"hw.ipynb": waiting(nb)},
        NOT_YOUR_FAULT,
        "and was stopped",
        {"source/run_otter.py": lambda text: text.replace(b"SECONDS = 480", b"SECONDS = 4")},
    ),
}

VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}
NUMBER = (int, float)
# Gradescope's documentation of results.json: what may stand there, and its type or the set of its values.
RESULTS: dict[str, Any] = {
    "score": NUMBER,
    "execution_time": NUMBER,
    "output": str,
    "visibility": VISIBILITY,
    "stdout_visibility": VISIBILITY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST: dict[str, Any] = {
    "score": NUMBER,
    "max_score": NUMBER,
    "status": {"passed", "failed"},
    "name": str,
    "number": str,
    "output": str,
    "tags": list,
    "visibility": VISIBILITY,
    "extra_data": dict,
}


def expect_documented_format(results: dict[str, Any]) -> None:
    """Compare results.json with what Gradescope documents."""
    for found, allowed in [(results, RESULTS), *((test, TEST) for test in results.get("tests", []))]:
        for key, value in found.items():
            kind = allowed[key]
            assert value in kind if isinstance(kind, set) else isinstance(value, kind), (key, value)
    assert "score" in results or any("score" in test for test in results["tests"])


def expect_deserved(upload: Upload, results: dict[str, Any]) -> None:
    """Compare results.json with what an upload deserves."""
    expect_documented_format(results)
    tests = results.get("tests", [])
    hidden = "\n".join(test["output"] for test in tests if test.get("visibility") == "hidden")
    shown = "\n".join(
        [results.get("output", ""), *(test["output"] for test in tests if test.get("visibility") != "hidden")]
    )
    assert "Traceback" not in shown
    assert results["stdout_visibility"] == "hidden"
    if upload.says:
        assert upload.says in shown
        assert upload.reason in hidden
        assert results["score"] == 0
        assert "max_score" not in json.dumps(tests)
    else:
        assert (
            sum(test.get("score", 0) for test in tests) == sum(test.get("max_score", 0) for test in tests) > 0
        )

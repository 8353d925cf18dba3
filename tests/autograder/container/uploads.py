"""Uploads and broken containers, and the messages for students and instructors."""

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
    """An upload, made from a right notebook of the assignment, and the state of the container.

    files : makes the uploaded files, by name, from the notebook's text.
    says : words of the student's message; empty if the upload is graded and gets all points.
    remark : words of the remark above the points of a graded upload.
    reason : words of the instructor's message.
    changed : changes of files below /autograder, by name. A missing file counts as empty.
    """

    files: Callable[[bytes], dict[str, bytes]] = lambda notebook: {"backprop.ipynb": notebook}
    says: str = ""
    remark: str = ""
    reason: str = ""
    changed: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    def write(self, notebook: bytes, folder: Path) -> None:
        """Write the files into a folder."""
        for name, data in self.files(notebook).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def zipped(separator: str = "/", **files: bytes) -> bytes:
    """The bytes of a zip with this separator in the names."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("/", separator), content)
    return data.getvalue()


def in_utf_16(notebook: bytes) -> bytes:
    """The notebook in another encoding."""
    return json.dumps(json.loads(notebook), ensure_ascii=False).encode("utf-16")


def beginning(text: str, notebook: bytes, tags: tuple[str, ...] = ()) -> bytes:
    """The notebook, with text above the code of its first cell and tags on all cells without a check."""
    read = json.loads(notebook)
    code = [cell for cell in read["cells"] if cell["cell_type"] == "code"]
    code[0]["source"] = text + "\n" + "".join(code[0]["source"])
    for cell in code:
        if tags and "check(" not in "".join(cell["source"]):
            cell["metadata"]["tags"] = list(tags)
    return json.dumps(read).encode()


def damaged(data: bytes) -> bytes:
    """A zip with some of its bytes replaced."""
    return data[:60] + bytes(200) + data[260:]


def of_another_build(notebook: bytes) -> bytes:
    """The notebook with the metadata of another build."""
    read = json.loads(notebook)
    read["metadata"]["homework"]["build"] = "0a1b2c"
    return json.dumps(read).encode()


def of_autodiff(notebook: bytes) -> bytes:
    """The notebook with the metadata of autodiff."""
    return notebook.replace(b'"assignment": "backprop"', b'"assignment": "autodiff"')


def waiting(notebook: bytes, cells: int = 1) -> bytes:
    """The notebook after cells that wait for a quarter of an hour each."""
    read = json.loads(notebook)
    cell = {"cell_type": "code", "source": "import time\ntime.sleep(1000)", "metadata": {}, "outputs": []}
    return json.dumps(read | {"cells": [*[cell] * cells, *read["cells"]]}).encode()


def after(text: str) -> Callable[[bytes], bytes]:
    """A change that appends code to a module."""
    return lambda before: before + f"\n{text}\n".encode()


def broken(reason: str, module: str, text: str) -> Upload:
    """A right notebook, and a module of the autograder zip with appended code."""
    return Upload(says=NOT_YOUR_FAULT, reason=reason, changed={f"source/files/{module}": after(text)})


# Lines that Jupyter runs. In grading there is no shell, no network and no user at the screen.
LINES = """!pip install -q numpy
%pip install -q numpy
files = !ls
!!ls
%ls
%mkdir data
%cd .
%bookmark here
number = 1
%store number
%matplotlib widget
exit()
import subprocess, sys
subprocess.run([sys.executable, "-m", "pip", "install", "numpy"])"""
UPLOADS = {
    "a notebook": Upload(),
    "a notebook with a byte order mark": Upload(lambda nb: {"HW.IPYNB": b"\xef\xbb\xbf" + nb}),
    "a notebook in UTF-16": Upload(lambda nb: {"hw.ipynb": in_utf_16(nb)}),
    "a notebook with shell lines and magics": Upload(lambda nb: {"hw.ipynb": beginning(LINES, nb)}),
    "a notebook whose cells have the tag of pictures": Upload(
        lambda nb: {"hw.ipynb": beginning("", nb, tags=("otter_ignore",))}
    ),
    "a notebook of another build": Upload(
        lambda nb: {"hw.ipynb": of_another_build(nb)},
        remark="of the assignment (build 0a1b2c). It was graded",
    ),
    "a zip from a Mac": Upload(
        lambda nb: {"hw.zip": zipped(**{"hw/hw.ipynb": nb, "hw/._hw.ipynb": b"\0\5\x16\7"})}
    ),
    "a zip with backslashes": Upload(
        lambda nb: {
            "hw.zip": zipped("\\", **{"hw/hw.ipynb": nb, "hw/.ipynb_checkpoints/hw-checkpoint.ipynb": nb})
        }
    ),
    "a zip in a zip": Upload(lambda nb: {"hw.zip": zipped(**{"hw/hw.zip": zipped(**{"HW.IPYNB": nb})})}),
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
    "unreadable metadata": Upload(changed={"submission_metadata.json": lambda _: b'{"id": '}),
    "no file": Upload(lambda _: {}, "There is no notebook in the submission (no files)"),
    "a text": Upload(lambda _: {"answers.txt": b"x"}, "There is no notebook in the submission (answers.txt)"),
    "two notebooks": Upload(
        lambda nb: {"a.ipynb": nb, "b.ipynb": nb},
        "more than one notebook in the submission (a.ipynb, b.ipynb). Hand in only one.",
    ),
    "a notebook that is cut off": Upload(lambda nb: {"hw.ipynb": nb[:-20]}, "hw.ipynb is not a notebook"),
    "a zip that is damaged": Upload(
        lambda nb: {"hw.zip": damaged(zipped(**{"hw.ipynb": nb}))},
        "The zip hw.zip cannot be read",
    ),
    "a notebook of another assignment": Upload(
        lambda nb: {"hw.ipynb": of_autodiff(nb)},
        "hw.ipynb is the notebook of another assignment, autodiff. Hand in the notebook of backprop.",
    ),
    "checks that cannot be imported": broken(
        "ModuleNotFoundError: No module named 'nothing'",
        "autograder/hidden_checks/p3_linear_layer.py",
        "import nothing",
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
        reason="and was stopped",
        changed={"source/run_otter.py": lambda text: text.replace(b"SECONDS = 480", b"SECONDS = 4")},
    ),
}

VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}
NUMBER = (int, float)
# The keys of results.json in Gradescope's documentation, each with its type or the set of its values.
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
    """Compare results.json with Gradescope's documentation."""
    for found, allowed in [(results, RESULTS), *((test, TEST) for test in results.get("tests", []))]:
        for key, value in found.items():
            kind = allowed[key]
            assert value in kind if isinstance(kind, set) else isinstance(value, kind), (key, value)
    assert "score" in results or any("score" in test for test in results["tests"])


def expect_deserved(upload: Upload, results: dict[str, Any]) -> None:
    """Compare results.json with the expected result of an upload."""
    expect_documented_format(results)
    tests = results.get("tests", [])
    hidden = "\n".join(test["output"] for test in tests if test.get("visibility") == "hidden")
    shown = "\n".join(
        [results.get("output", ""), *(test["output"] for test in tests if test.get("visibility") != "hidden")]
    )
    assert "Traceback" not in shown
    assert results["stdout_visibility"] == "hidden"
    assert upload.remark in results.get("output", "")
    if upload.says:
        assert upload.says in shown
        assert upload.reason in hidden
        assert results["score"] == 0
        assert "max_score" not in json.dumps(tests)
    else:
        assert (
            sum(test.get("score", 0) for test in tests) == sum(test.get("max_score", 0) for test in tests) > 0
        )

"""Every attack gets exactly what it deserves, leaves nothing behind, and sees nothing secret."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.grading.grade import grade, unpacked
from autograder.sandbox import NONE, Limits, Source, reachable_level
from tests.attacks.attack import ALL
from tests.attacks.catalogue import ATTACKS
from tests.helpers import reference_answers, unzip

pytestmark = pytest.mark.skipif(
    reachable_level()[0] == NONE, reason="no isolation here: " + reachable_level()[1]
)

SECRET = "planted-secret-71c3"
LIMITS = Limits(cell=2, call=1, question=15, total=90, memory=1500 << 20, patience=2)


@pytest.fixture(scope="module")
def autograder(built, tmp_path_factory):
    """The autograder zip with a secret in every hidden place."""
    import zipfile

    path = tmp_path_factory.mktemp("autograder") / "autograder.zip"
    with zipfile.ZipFile(built("backprop") / "autograder.zip") as ours, zipfile.ZipFile(path, "w") as planted:
        for name in ours.namelist():
            data = ours.read(name)
            if name.startswith(("files/hidden_checks/p", "files/solutions/p", "files/mistakes/p")):
                data += f"\nPLANTED = {SECRET!r}\n".encode()
            planted.writestr(name, data)
    os.environ["PLANTED"] = SECRET
    with unpacked(path) as found:
        yield replace(found, tests={q: test for q, test in found.tests.items() if q in ALL})
    del os.environ["PLANTED"]


@pytest.fixture(scope="module")
def source():
    with Source(reachable_level()[0], LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def template(built, tmp_path_factory):
    folder = unzip(built("backprop") / "student.zip", tmp_path_factory.mktemp("student"))
    return nbformat.read(folder / "backprop" / "backprop.ipynb", as_version=4)


def notebook(attack, template):
    answers = (reference_answers() if attack.solved else {}) | attack.answers
    made = nbformat.from_dict(template)
    made.cells = [nbformat.from_dict(cell) for cell in template.cells]
    for cell in made.cells:
        for name, text in answers.items():
            if cell.cell_type == "code" and cell.source.startswith(f"def {name}("):
                cell.source = text
    made.cells[:0] = [new_code_cell(text) for text in attack.first]
    made.cells += [new_code_cell(text) for text in attack.last]
    return made


def processes():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_the_score_that_it_deserves(name, template, autograder, source, tmp_path):
    attack = ATTACKS[name]
    path = tmp_path / "attack.ipynb"
    nbformat.write(notebook(attack, template), path)
    began = time.monotonic()
    found = grade(autograder, path, source)
    assert time.monotonic() - began < 120
    for question, possible in found.possible.items():
        if question in attack.lost:
            assert found.points[question] == 0, (question, found.results)
        elif question in attack.partly:
            assert 0 < found.points[question] < possible, question
        else:
            assert found.points[question] == possible, (question, found.notes, _said(found, question))
    said = json.dumps(found.results, ensure_ascii=False)
    assert SECRET not in said
    assert len(said) < 200_000
    assert attack.says in " ".join(_said(found, q) for q in attack.lost)
    assert not any(Path(p).exists() for p in ("/tmp/shell", "/tmp/bash", "/tmp/results.json"))


def _said(found, question):
    return next((t["output"] for t in found.results["tests"] if t["name"] == question), "")


def test_no_worker_and_no_file_is_left(template, autograder, tmp_path):
    before = processes()
    with Source(reachable_level()[0], LIMITS) as source:
        for name in ("a thread that never ends", "a fork bomb", "os._exit", "all the disk"):
            path = tmp_path / "attack.ipynb"
            nbformat.write(notebook(ATTACKS[name], template), path)
            grade(autograder, path, source)
        folder = Path(source._folder)
        assert list(folder.glob("tmp*")) == []
    assert not folder.exists()
    assert not [p for p in processes() - before if "autograder.sandbox" in _command(p)]


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""

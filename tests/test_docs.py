"""The page on adding a problem works as written, and the generated page is up to date."""

import re
import zipfile

import numpy as np
import pytest

import checking
from autograder.files import ROOT
from checking import Incorrect, Registry
from tests.helpers import run_homework

STEP = re.compile(r"^## \d\. [^`\n]*`([^`]+)`\n(.*?)(?=^## \d\. )", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"([^\n]*)\n\n(`{3,4})\w+\n(.*?)^\2$", re.DOTALL | re.MULTILINE)


def test_the_page_on_adding_a_problem_adds_a_question_that_works(copy_of_the_project):
    def homework(*arguments):
        done = run_homework(copy_of_the_project, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    homework("new", "p9_cubes")
    assert "1 mistake, 1 correct variant, 0 with faults" in homework("verify", "p9_cubes")

    steps = STEP.findall((ROOT / "docs" / "adding-a-problem.md").read_text())
    assert len(steps) == 6
    for file, text in steps:
        path, blocks = copy_of_the_project / file, BLOCK.findall(f"\n{text}")
        written = path.read_text()
        if path.suffix != ".toml":
            assert written == blocks.pop(0)[2]
        added = [block for before, _, block in blocks if "Add" in before or path.suffix == ".toml"]
        path.write_text("\n\n".join([written, *added]))
    verified = " ".join(homework("verify", "cubes").split())
    assert "reference solution 5 of 5, blank template 0; 3 mistakes" in verified
    assert "otter run on the reference solution: 5 of 5" in homework("build", "cubes")

    # The check with hidden=True is graded, but students do not get it.
    dist = copy_of_the_project / "dist" / "cubes"
    with zipfile.ZipFile(dist / "student.zip") as archive:
        assert not any(b"large_entries" in archive.read(name) for name in archive.namelist())
        assert b"def no_traces" in archive.read("cubes/public_checks/p9_cubes.py")
    with zipfile.ZipFile(dist / "autograder.zip") as archive:
        found = [name for name in archive.namelist() if b"def large_entries" in archive.read(name)]
        assert found == ["files/autograder/hidden_checks/p9_cubes_withheld.py"]
        assert b"hidden=True" in archive.read("tests/q9a.py").partition(b"large_entries")[0]


def test_the_table_of_checks_is_up_to_date():
    page = (ROOT / "docs" / "checks.md").read_text()
    assert page == run_homework(ROOT, "overview").stdout, "run: homework overview > docs/checks.md"


def test_every_file_and_folder_that_the_architecture_names_exists():
    text = (ROOT / "docs" / "architecture.md").read_text()
    names = {name for name in re.findall(r"`([\w./]+)`", text) if name.endswith(("/", ".py", ".toml"))}
    places = [ROOT, *(ROOT / folder for folder in ("assignments", "autograder", "autograder/sandbox"))]
    places += [ROOT / "autograder" / folder for folder in ("builder", "batch", "grading")]
    assert len(names) > 30
    assert [name for name in sorted(names) if not any((place / name).exists() for place in places)] == []


def test_every_package_is_in_the_architecture():
    text = (ROOT / "docs" / "architecture.md").read_text()
    for folder in (
        path.parent for part in ("assignments", "autograder") for path in (ROOT / part).glob("*/__init__.py")
    ):
        assert f"`{folder.relative_to(ROOT)}/`" in text


RIGHT = """def rms_norm_vjp(x, gain, v):
    s = np.sqrt((x**2).mean())
    return (v * gain / s - x * ((v * gain * x).mean() / s**3)).astype(np.result_type(x, np.float32))
"""
HELD = "def rms_norm_vjp(x, gain, v):\n    return v * gain / np.sqrt((x**2).mean())"


def test_the_example_of_several_arguments_names_what_a_student_holds_constant():
    page = (ROOT / "docs" / "adding-a-problem.md").read_text()
    (block,) = (text for _, _, text in BLOCK.findall(page) if "with_constant_rms" in text)
    registry = Registry("gradcheck", hidden=False, secret="s")
    names = {"np": np, "check": registry.check} | {
        f.__name__: f for f in (checking.expect_derivative, checking.expect_dtypes)
    }
    exec(block, names)
    right, held = {"np": np}, {"np": np}
    exec(RIGHT, right)
    exec(HELD, held)
    for check in registry.registered():
        registry.run("q9b", check.name, right)
    with pytest.raises(Incorrect, match="root mean square does not depend on x"):
        registry.run("q9b", "is_the_product", held)

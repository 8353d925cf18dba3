"""The page on adding a problem works as written, and the generated page is up to date."""

import re

from autograder.files import ROOT
from autograder.overview import overview
from tests.helpers import run_homework


def test_the_page_on_adding_a_problem_adds_a_question_that_works(copy_of_the_project):
    page = (ROOT / "docs" / "adding-a-problem.md").read_text()
    steps = re.findall(r"^## \d\. [^`\n]*`([^`]+)`\n(.*?)(?=^## \d\. )", page, re.DOTALL | re.MULTILINE)
    assert len(steps) == 6
    for file, text in steps:
        block = re.search(r"^(`{3,4})\w+\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)
        assert block is not None
        path = copy_of_the_project / file
        if path.suffix == ".toml":  # whoever follows the page in this tree has the files already
            path.write_text(path.read_text().replace(block[2], "") + "\n" + block[2])
        else:
            path.write_text(block[2])
    verified = run_homework(copy_of_the_project, "verify", "cubes")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "reference solution 4 of 4, blank template 0" in verified.stdout
    assert "the factor 3 is missing" in verified.stdout
    built = run_homework(copy_of_the_project, "build", "cubes")
    assert "otter run on the reference solution: 4 of 4" in built.stdout, built.stderr


def test_the_table_of_checks_is_up_to_date():
    page = (ROOT / "docs" / "checks.md").read_text()
    assert page == overview(), "run: homework overview > docs/checks.md"


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

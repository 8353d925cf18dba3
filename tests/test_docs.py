"""The page on adding a problem, followed to the letter; the generated page, generated again."""

import re

from autograder.builder.files import ROOT
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
        if path.suffix == ".toml":
            path.write_text(path.read_text() + "\n" + block[2])
        else:
            assert not path.exists()
            path.write_text(block[2])
    verified = run_homework(copy_of_the_project, "verify", "cubes")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "reference solution 4 of 4, blank template 0" in verified.stdout
    assert "the factor 3 is missing" in verified.stdout
    built = run_homework(copy_of_the_project, "build", "cubes")
    assert "otter run on the reference solution: 4 of 4" in built.stdout, built.stderr


def test_the_table_of_checks_is_what_the_registry_says():
    page = (ROOT / "docs" / "checks.md").read_text()
    assert page == overview(), "homework overview > docs/checks.md makes it anew"

"""The text of the notebooks says what the checks do, and no picture raises while an answer is missing."""

import re

import pytest

from autograder.builder.master import stub
from autograder.builder.sources import Given, Question, read_notebook, read_problem
from autograder.files import ROOT
from autograder.settings import assignment_names, read_settings
from checking import pictures

PROBLEMS = {name: [read_problem(p) for p in read_settings(name).problems] for name in assignment_names()}
EVERY = [problem for problems in PROBLEMS.values() for problem in problems]
BY_NAME = pytest.mark.parametrize("problem", EVERY, ids=lambda problem: problem.name)


def picture_cells(problem):
    cells = [cell for cell in problem.cells if not isinstance(cell, Given | Question)]
    return [cell for cell in cells if cell.cell_type == "code" and "show_picture(" in cell.source]


@pytest.fixture
def shown(monkeypatch):
    """The pictures that are displayed."""
    displayed: list[str] = []
    monkeypatch.setattr(pictures, "display", lambda html: displayed.append(html.data))
    return displayed


@pytest.mark.parametrize("assignment", PROBLEMS)
def test_no_introduction_says_what_the_heading_of_the_notebook_says(assignment):
    text = "\n".join(cell.source for cell in read_notebook(read_settings(assignment).introduction).cells)
    assert not re.search(r"^# |\bPlan\b|\d+ points", text, re.MULTILINE)


@BY_NAME
def test_a_problem_begins_with_names_and_shapes_hours_and_a_worked_example(problem):
    first = next(i for i, cell in enumerate(problem.cells) if isinstance(cell, Question))
    cells = [cell for cell in problem.cells[:first] if not isinstance(cell, Given)]
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.search(r"\| name \| shape( or type)? \| what it is \|", text)
    assert re.search(r"\*\*Plan .* hours\.\*\*", text)
    assert re.search(r"\*\*(A worked example|Worked examples)\.\*\*", text)
    assert any("np.outer" in cell.source for cell in cells)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "assignments/problems").glob("*.md")))
def test_no_text_refers_to_the_worksheet(name):
    assert not any("worksheet" in cell.source.lower() for cell in read_notebook(name).cells)


@BY_NAME
def test_a_picture_shows_an_array_beside_the_students_own(problem):
    assert any("draw_beside(" in cell.source for cell in picture_cells(problem))
    cells = [cell.source for cell in read_notebook(problem.name).cells if cell.cell_type == "code"]
    assert not any("plt.show()" in source for source in cells)


@pytest.mark.parametrize("run", ["the stubs", "nothing"])
@BY_NAME
def test_a_picture_that_waits_for_an_answer_says_so(problem, run, shown, capsys):
    names = {}
    if run == "the stubs":
        exec("import matplotlib.pyplot as plt\nimport numpy as np\nimport gradcheck", names)
        for cell in (cell for p in EVERY for cell in p.cells):
            if isinstance(cell, Given):
                exec(cell.code, names)
            elif isinstance(cell, Question):
                exec("\n".join(stub(cell.name, f) for f in cell.functions.values()), names)
            elif cell.cell_type == "code" and "otter_ignore" not in cell.metadata.get("tags", []):
                exec(cell.source, names)
    waits = "your answer to .* first" if run == "the stubs" else ".*: run the cells above first"
    # The picture of a wrong gradient needs no answer.
    waiting = [cell for cell in picture_cells(problem) if "draw_wrong_gradient" not in cell.source]
    for cell in waiting:
        capsys.readouterr()
        exec(cell.source, names)
        said = capsys.readouterr().out.splitlines()
        assert said
        assert all(re.fullmatch(rf"This picture needs {waits}\.", line) for line in said)
    assert waiting
    assert shown == []


@BY_NAME
def test_an_alternative_text_says_what_one_should_see(problem):
    for cell in picture_cells(problem):
        alt = "".join(re.findall(r'"(.*)"', cell.source.partition("alt=")[2]))
        assert len(alt.split()) > 30
        assert re.search(r"\d", alt)

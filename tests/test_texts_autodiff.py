"""The text of `autodiff` says what its checks do, and no picture raises while an answer is missing."""

import re

import pytest

from autograder.builder.master import load_checks, stub
from autograder.builder.settings import read_settings
from autograder.builder.sources import Given, Question, read_notebook, read_problem
from checking import pictures

SETTINGS = read_settings("autodiff")
PROBLEMS = [read_problem(name) for name in SETTINGS.problems]
BY_NAME = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


def picture_cells(problem):
    cells = [cell for cell in problem.cells if not isinstance(cell, Given | Question)]
    return [cell for cell in cells if cell.cell_type == "code" and "show_picture(" in cell.source]


@pytest.fixture
def shown(monkeypatch):
    """The pictures that are displayed."""
    displayed: list[str] = []
    monkeypatch.setattr(pictures, "display", lambda html: displayed.append(html.data))
    return displayed


def test_the_introduction_says_what_checks_and_written_answers_are_worth():
    (text,) = (c.source for c in read_notebook("autodiff").cells if c.cell_type == "markdown")
    checks = [check for of_question in load_checks(PROBLEMS).values() for check in of_question]
    written = {q.name: q.points for p in PROBLEMS for q in p.questions if q.manual}
    hidden = sum(check.points for check in checks if check.hidden)
    public = sum(check.points for check in checks if not check.hidden)
    assert f"has {public + hidden + sum(written.values()):g} points" in text
    assert f"**Public checks** are worth {public:g} points" in text
    assert f"**Hidden checks** are worth {hidden:g} points" in text
    assert f"**Written answers** are worth {sum(written.values()):g} points" in text
    assert [f"q{n}{letter}" for n, letter in re.findall(r"\b(\d)\((\w)\)", text)] == list(written)


@BY_NAME
def test_a_problem_begins_with_names_and_shapes_hours_and_a_worked_example(problem):
    first = next(i for i, cell in enumerate(problem.cells) if isinstance(cell, Question))
    cells = [cell for cell in problem.cells[:first] if not isinstance(cell, Given)]
    beginning = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "| name | shape or type | what it is |" in beginning
    assert re.search(r"\*\*Plan .* hours\.\*\* The questions build on each other", beginning)
    assert "**What you need.**" in beginning
    assert "**A worked example.**" in beginning
    assert any("np.outer" in cell.source for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", [SETTINGS.introduction, *SETTINGS.problems])
def test_no_text_refers_to_the_worksheet(name):
    assert not any("worksheet" in cell.source.lower() for cell in read_notebook(name).cells)


@BY_NAME
@pytest.mark.parametrize("run", ["the stubs", "nothing"])
def test_a_picture_that_waits_for_an_answer_says_so(problem, run, shown, capsys):
    names = {}
    if run == "the stubs":
        exec("import matplotlib.pyplot as plt\nimport numpy as np\nimport gradcheck", names)
        for cell in (cell for p in PROBLEMS for cell in p.cells):
            if isinstance(cell, Given):
                exec(cell.code, names)
            elif isinstance(cell, Question):
                exec("\n".join(stub(cell.name, f) for f in cell.functions.values()), names)
            elif cell.cell_type == "code" and "otter_ignore" not in cell.metadata.get("tags", []):
                exec(cell.source, names)
    waits = "your answer to .* first" if run == "the stubs" else ".*: run the cells above first"
    for cell in picture_cells(problem):
        capsys.readouterr()
        exec(cell.source, names)
        said = capsys.readouterr().out.splitlines()
        assert said
        assert all(re.fullmatch(rf"This picture needs {waits}\.", line) for line in said)
    assert shown == []


@BY_NAME
def test_a_picture_shows_an_array_beside_the_students_own(problem):
    assert any("draw_beside(" in cell.source for cell in picture_cells(problem))


@BY_NAME
def test_an_alternative_text_says_what_one_should_see(problem):
    for cell in picture_cells(problem):
        alt = "".join(re.findall(r'"(.*)"', cell.source.partition("alt=")[2]))
        assert len(alt.split()) > 30
        assert re.search(r"\d", alt)

"""The text of the notebooks says what the checks do, and no picture raises while an answer is missing."""

import re

import pytest

from autograder.builder.files import ROOT
from autograder.builder.master import load_checks, stub
from autograder.builder.settings import read_settings
from autograder.builder.sources import Given, Question, read_notebook, read_problem
from checking import pictures

SETTINGS = read_settings("backprop")
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


def test_the_introduction_says_what_hidden_checks_and_written_questions_are_worth():
    (text,) = (c.source for c in read_notebook("backprop").cells if c.cell_type == "markdown")
    checks = [check for of_question in load_checks(PROBLEMS).values() for check in of_question]
    hidden = sum(check.points for check in checks if check.hidden)
    public = sum(check.points for check in checks if not check.hidden)
    written = {q.name: q.points for p in PROBLEMS for q in p.questions if q.manual}
    by_hand = sum(written.values())
    assert f"The homework has {public + hidden + by_hand:g} points." in text
    assert f"**Public checks** are worth about {public:.0f} points" in text
    assert f"**Hidden checks** are worth about {hidden:.0f} points" in text
    assert f"**Written answers** are worth {by_hand} points" in text
    assert [f"q{n}{letter}" for n, letter in re.findall(r"\b(\d)\((\w)\)", text)] == list(written)


@BY_NAME
def test_a_problem_begins_with_names_and_shapes_hours_and_a_worked_example(problem):
    first = next(i for i, cell in enumerate(problem.cells) if isinstance(cell, Question))
    beginning = "\n".join(c.source for c in problem.cells[:first] if c.cell_type == "markdown")
    assert "| name | shape | what it is |" in beginning
    assert re.search(r"\*\*Plan .* hours\.\*\*", beginning)
    assert re.search(r"\*\*(A worked example|Worked examples)\.\*\*", beginning)
    assert "np.outer" in beginning


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "assignments/problems").glob("*.md")))
def test_no_text_refers_to_the_worksheet(name):
    assert not any("worksheet" in cell.source.lower() for cell in read_notebook(name).cells)


@BY_NAME
def test_a_picture_shows_an_array_beside_the_students_own(problem):
    assert any("draw_beside(" in cell.source for cell in picture_cells(problem))
    cells = [cell.source for cell in read_notebook(problem.name).cells if cell.cell_type == "code"]
    assert not any("plt.show()" in source for source in cells)


@BY_NAME
@pytest.mark.parametrize("run", ["the stubs", "nothing"])
def test_a_picture_that_waits_for_an_answer_says_so(problem, run, shown, capsys):
    names = {}
    if run == "the stubs":
        exec("import matplotlib.pyplot as plt\nimport numpy as np\nimport gradcheck", names)
        for question in (q for p in PROBLEMS for q in p.questions):
            exec("\n".join(stub(question.name, f) for f in question.functions.values()), names)
    waiting = [cell for cell in picture_cells(problem) if "draw_wrong_gradient" not in cell.source]
    for cell in waiting:
        exec(cell.source, names)
        said = capsys.readouterr().out
        assert re.fullmatch(r"This picture needs .* (first|run the cells above first)\.\n", said)
    assert waiting
    assert shown == []


@BY_NAME
def test_an_alternative_text_says_what_one_should_see(problem):
    for cell in picture_cells(problem):
        alt = "".join(re.findall(r'"(.*)"', cell.source.partition("alt=")[2]))
        assert len(alt.split()) > 30
        assert re.search(r"\d", alt)

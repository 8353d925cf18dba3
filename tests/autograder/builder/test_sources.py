"""The sources of a problem can contain given code."""

import pytest

from autograder.builder.sources import Given, read_problem
from autograder.errors import HomeworkError
from autograder.verify import namespace

HEADER = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n---\n\n"
CELL = "```{code-cell} ipython3\n"
GIVEN = f"{CELL}:tags: [given]\n\nfrom dataclasses import dataclass\nfrom solutions.p8_x import Pair\n```\n"
QUESTION = f'\n+++ {{"question": "q8a"}}\n\nWrite it.\n\n{CELL}from solutions.p8_x import total\n```\n'
SOLUTION = '''"""Problem 8."""

from dataclasses import dataclass


@dataclass
class Pair:
    """Two numbers."""

    a: float
    b: float


def total(pair):
    """Add them."""
    # BEGIN SOLUTION
    return pair.a + pair.b
    # END SOLUTION
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "assignments" / "problems").mkdir(parents=True)
    (tmp_path / "solutions").mkdir()
    for module in ("builder.sources", "files"):
        monkeypatch.setattr(f"autograder.{module}.ROOT", tmp_path)

    def write(text, solution=SOLUTION):
        (tmp_path / "assignments" / "problems" / "p8_x.md").write_text(HEADER + text)
        (tmp_path / "solutions" / "p8_x.py").write_text(solution)
        return read_problem("p8_x")

    return write


def test_given_code_is_taken_from_the_solutions_with_its_decorators(project):
    problem = project(GIVEN + QUESTION)
    given, _ = problem.cells
    assert isinstance(given, Given)
    assert given.code.startswith("from dataclasses import dataclass\n\n\n@dataclass\nclass Pair:")
    assert "def total" not in given.code
    names = namespace([problem])
    assert names["total"](names["Pair"](1, 2)) == 3
    blank = namespace([problem], blank=True)
    with pytest.raises(NotImplementedError, match=r"Question 8\(a\)"):
        blank["total"](blank["Pair"](1, 2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GIVEN.replace("Pair", "total") + QUESTION, "students must write it"),
        (GIVEN + QUESTION.replace("total", "Pair"), "put its body between '# BEGIN SOLUTION'"),
        (GIVEN.replace("Pair", "Triple") + QUESTION, "imports Triple, which is not a function"),
        (
            GIVEN.replace("from solutions.p8_x import Pair", "1 + 1") + QUESTION,
            "must end with 'from solutions",
        ),
        (GIVEN.replace("Pair", "Pair as P") + QUESTION, "renames Pair"),
    ],
)
def test_wrong_given_code_is_refused(project, text, message):
    with pytest.raises(HomeworkError, match=message):
        project(text)


def test_a_missing_mark_is_refused(project):
    with pytest.raises(HomeworkError, match="put the body of total between one"):
        project(GIVEN + QUESTION, SOLUTION.replace("    # END SOLUTION\n", ""))

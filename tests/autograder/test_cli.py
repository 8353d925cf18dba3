"""Bad input to the command line gives a sentence, status 1 or 2, and no partial output."""

import re

import pytest

from autograder.builder.sources import read_problem
from autograder.files import ROOT
from tests.helpers import run_homework, sampled

PROBLEM = "assignments/problems/p3_linear_layer.md"
PUBLIC = "assignments/public_checks/p3_linear_layer.py"
HIDDEN = "autograder/hidden_checks/p3_linear_layer.py"
SOLUTION = "solutions/p3_linear_layer.py"
TOML = "assignments/homework.toml"
CHECK = "@check({}, 'once more', points={})\ndef {}(softmax): ...\n"

BROKEN = {
    # the edited file, the edit, the status, words of the sentence
    "invalid TOML": (TOML, lambda t: t + "\n[", 2, "homework.toml is not valid TOML"),
    "no assignments": (TOML, lambda t: "", 2, "has no assignment"),
    "a setting misspelt": (
        TOML,
        lambda t: t.replace("title =", "titel ="),
        2,
        "'titel'; did you mean 'title'?",
    ),
    "a default misspelt": (
        TOML,
        lambda t: t.replace("requirements =", "requires =", 1),
        2,
        "[defaults] in homework.toml has the unknown entry 'requires'; did you mean",
    ),
    "defaults that are not a table": (
        TOML,
        lambda t: "defaults = 1\n[assignments.backprop]",
        2,
        "homework.toml: defaults must be a table",
    ),
    "a setting missing": (TOML, lambda t: t.replace('title = "A test"', ""), 2, "has no 'title'"),
    "a setting of the wrong kind": (
        TOML,
        lambda t: re.sub(r"problems = \[.*\]", 'problems = "p3"', t),
        2,
        "problems must be a list",
    ),
    "a problem without a file": (
        TOML,
        lambda t: t.replace("p3_linear", "p9_linear"),
        2,
        "There is no file assignments/problems/p9_linear_layer.md",
    ),
    "a question without checks": (
        PROBLEM,
        lambda t: t.replace('"q3f"', '"q3x"'),
        2,
        "q3f, which is not a question",
    ),
    "a check for no question": (
        PUBLIC,
        lambda t: t + CHECK.format("'q8a'", 1, "f"),
        2,
        "checks q8a, which is not a question",
    ),
    "two checks of one name": (
        PUBLIC,
        lambda t: t + CHECK.format("'q3a'", 1, "ratios"),
        2,
        "two checks of q3a named ratios",
    ),
    "a public and a hidden check of one name": (
        HIDDEN,
        lambda t: t + CHECK.format("'q3a'", 1, "ratios"),
        2,
        "two checks named ratios, a public and a hidden one",
    ),
    "a check without points": (
        PUBLIC,
        lambda t: t + CHECK.format("'q3a'", 0, "f"),
        2,
        "needs points, a positive number",
    ),
    "no hidden check": (HIDDEN, lambda t: "'''None.'''\n", 2, "q3a has no hidden check"),
    "checks that cannot be imported": (
        PUBLIC,
        lambda t: t + "1 / 0\n",
        2,
        "The checks cannot be imported: ZeroDivisionError",
    ),
    "a solution without markers": (
        SOLUTION,
        lambda t: t.replace("    # END SOLUTION\n", "", 1),
        2,
        "put the body of softmax between one '# BEGIN SOLUTION'",
    ),
    "a solution that does not parse": (SOLUTION, lambda t: t + "\ndef (", 2, "has a syntax error in line"),
    "an import of a missing function": (
        PROBLEM,
        lambda t: t.replace("import softmax\n", "import softmaks\n"),
        2,
        "imports softmaks, which is not a function",
    ),
    "no import after a question": (
        PROBLEM,
        lambda t: t.replace("from solutions.p3_linear_layer import softmax\n", "1 + 1\n"),
        2,
        "the cell after q3a must contain only",
    ),
    "a question of an impossible name": (
        PROBLEM,
        lambda t: t.replace('"q3a"', '"softmax"'),
        2,
        "rename the question 'softmax'; names look like q3b",
    ),
    "one question twice": (PROBLEM, lambda t: t.replace('"q3b"', '"q3a"'), 2, "has q3a twice"),
    "points on a question with checks": (
        PROBLEM,
        lambda t: t.replace('{"question": "q3a"}', '{"question": "q3a", "points": 3}'),
        2,
        "the points of q3a come from its checks",
    ),
    "no points on a written question": (
        PROBLEM,
        lambda t: t.replace(', "points": 4', ""),
        2,
        "give q3g points",
    ),
    "a written question without an answer": (
        "solutions/p3_linear_layer.md",
        lambda t: t.replace("## q3g", "## q3h"),
        2,
        "has no section '## q3g'",
    ),
    "no problems": (
        TOML,
        lambda t: re.sub(r"problems = \[.*\]", "problems = []", t),
        2,
        "problems must have an entry",
    ),
    "a setting that is not a list of strings": (
        TOML,
        lambda t: re.sub(r"problems = \[.*\]", "problems = [3]", t),
        2,
        "problems must be a string",
    ),
    "an assignment that is not a table": (
        TOML,
        lambda t: "[assignments]\nbackprop = 3\n",
        2,
        "must be a table",
    ),
    "an import by another name": (
        PROBLEM,
        lambda t: t.replace("import softmax\n", "import softmax as s\n"),
        2,
        "q3a renames softmax",
    ),
    "no header in the notebook": (
        PROBLEM,
        lambda t: t.partition("---\n\n")[2],
        2,
        "must start with jupytext's header",
    ),
    "a check of a misspelt function": (
        PUBLIC,
        lambda t: t.replace("def ratios(softmax)", "def ratios(softmaks)"),
        2,
        "p3_linear_layer.ratios has the parameter softmaks, which is not a function of this assignment",
    ),
    "uses of an unknown question": (
        PUBLIC,
        lambda t: t.replace('uses("q3b", "q3a")', 'uses("q3b", "q3z")'),
        2,
        "uses('q3b', ...) names q3z, which is not a question with code",
    ),
    "uses in a circle": (
        PUBLIC,
        lambda t: t + '\nuses("q3a", "q3b")\n',
        2,
        "uses('q3a', 'q3b'): q3b does not come before",
    ),
    "cell metadata that are not JSON": (
        PROBLEM,
        lambda t: t.replace('{"question": "q3a"}', '{"question": "q3a",}'),
        2,
        "assignments/problems/p3_linear_layer.md cannot be read as a notebook",
    ),
    "a cell that fails": (
        PROBLEM,
        lambda t: t.replace("sum_of_squares_gradient(np.array([", "sum_of_cubes_gradient(np.array(["),
        1,
        "A cell of the solution notebook raised NameError: name 'sum_of_cubes_gradient' is not defined",
    ),
    "a solution that loses points": (
        SOLUTION,
        lambda t: t.replace("powers / powers.sum()", "powers"),
        1,
        "The reference solution fails a check of q3a",
    ),
    "Otter that fails": (
        PROBLEM,
        lambda t: t.replace("**Worked examples.**", "```{raw-cell}\n# END QUESTION\n```"),
        1,
        "otter assign failed on backprop.ipynb",
    ),
}


@pytest.mark.parametrize("case", sampled(BROKEN, one_in=7))
def test_broken_sources_give_an_error_message_and_keep_the_last_build(case, copy_of_the_project):
    file, edit, status, sentence = BROKEN[case]
    path = copy_of_the_project / file
    changed = edit(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    old = copy_of_the_project / "dist" / "backprop"
    old.mkdir(parents=True)
    (old / "manifest.json").write_text("{}")

    done = run_homework(copy_of_the_project, "build")

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("homework build: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 12
    assert "\x1b" not in done.stderr
    assert [p.relative_to(copy_of_the_project).as_posix() for p in old.parent.rglob("*")] == [
        "dist/backprop",
        "dist/backprop/manifest.json",
    ]
    assert not (copy_of_the_project / "build").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["build", "nothing"], 2, "There is no assignment named nothing; there are autodiff, backprop"),
        (["verify", "nothing"], 2, "There is no assignment and no problem named nothing"),
        (["nothing"], 2, "invalid choice"),
        ([], 2, "required"),
        (["build", "--out", "pyproject.toml/x"], 2, "pyproject.toml"),
    ],
)
def test_bad_arguments_give_an_error_message(arguments, status, sentence):
    done = run_homework(ROOT, *arguments)
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"])
def test_an_invalid_secret_is_refused(content, copy_of_the_project):
    (copy_of_the_project / "secret.txt").write_bytes(content)
    done = run_homework(copy_of_the_project, "build")
    assert done.returncode == 2
    assert "secret.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("out", [".", "", "build", "mine"])
def test_a_folder_of_another_origin_is_not_replaced(out, copy_of_the_project):
    for folder in ("backprop", "mine/backprop", "build/backprop"):
        (copy_of_the_project / folder).mkdir(parents=True)
        (copy_of_the_project / folder / "thesis.tex").write_text("years of work")
    done = run_homework(copy_of_the_project, "build", "--out", out)
    assert done.returncode == 2
    assert len(list(copy_of_the_project.rglob("thesis.tex"))) == 3
    assert "Traceback" not in done.stderr


FEW_MISTAKES = """import numpy as np

from autograder.mistakes import mistake


@mistake("q3a", "is right")
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
"""
NO_RETURN = """

@mistake("{question}", "no return")
def {function}(*arguments):
    pass
"""


def test_verify_fails_if_a_mistake_gets_all_points(copy_of_the_project):
    path = copy_of_the_project / "autograder" / "mistakes" / "p3_linear_layer.py"
    questions = [q for q in read_problem("p3_linear_layer").questions if not q.manual]
    wrong = [NO_RETURN.format(question=q.name, function=list(q.functions)[-1]) for q in questions]
    path.write_text(FEW_MISTAKES + "".join(wrong))
    done = run_homework(copy_of_the_project, "verify")
    assert done.returncode == 1
    assert "1 with faults" in done.stdout
    assert "q3a, 'is right': loses no point" in done.stdout


def test_verify_names_a_question_without_mistakes(copy_of_the_project):
    path = copy_of_the_project / "autograder" / "mistakes" / "p3_linear_layer.py"
    path.write_text(re.sub(r'(mistake\(\s*)"q3f"', r'\1"q3e"', path.read_text()))
    done = run_homework(copy_of_the_project, "verify")
    assert done.returncode == 2
    assert "q3f has no mistake in autograder/mistakes" in done.stderr


def test_verify_names_a_problem_without_mistakes(copy_of_the_project):
    (copy_of_the_project / "autograder" / "mistakes" / "p3_linear_layer.py").unlink()
    done = run_homework(copy_of_the_project, "verify")
    assert done.returncode == 2
    assert (
        "There is no file autograder/mistakes/p3_linear_layer.py; write some wrong answers first"
        in done.stderr
    )

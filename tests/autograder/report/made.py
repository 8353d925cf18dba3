"""Makes folders of grades for the tests of reports, with made-up but realistic records."""

import random
import re
from functools import cache
from pathlib import Path

from autograder.batch.feedback import feedback_page
from autograder.batch.records import FAILED, REFUSED, Record, Student, write_json, write_record, write_whole
from autograder.builder.sources import read_problem
from autograder.grading.process import CheckResult
from autograder.settings import read_settings

FIRST = """
Ada Alan Barbara Chen Dana Edsger Fatima Grace Hedy Ivan José Katherine Lin Maryam Nur Omar Priya Søren
"""
LAST = """
Adeyemi Bianchi Costa Dubois Eriksen Fischer García Hoang Ito Jansen Kim López Müller Nowak Okafor Pham
"""
TEXTBOOK = """
the gradient of loss with respect to each logit is its probability minus one for label so a step raises that
logit and lowers others but when layer sure wrong Jacobian nearly zero squared error cannot learn because
every entry p_i vanishes while log-likelihood keeps its size therefore we prefer it in practice also weights
"""
MISTAKES = (
    "the sign is wrong",
    "the maximum is not subtracted",
    "W in the place of W^T",
    "a factor is missing",
)
TITLES = (
    ("the result has the right values", False),
    ("changes neither its argument nor an earlier result", False),
    ("matches the reference for every shape", True),
    ("takes float32, integers and views", True),
)
TEXT = r"""## 3(g) In words

Why is $p - e_y$ small if the layer is right?

$$\frac{\partial L}{\partial z} = p - e_y$$"""
RUBRIC = r"""**Rubric.**

- 2 points: $p_y \approx 1$.
- 2 points: all others are $\approx 0$."""


@cache
def functions() -> dict[str, str]:
    """The reference solution of the assignment: the code of each question."""
    problems = [read_problem(problem) for problem in read_settings("backprop").problems]
    return {q.name: "\n\n\n".join(q.functions.values()) for p in problems for q in p.questions if q.functions}


def questions() -> list[dict]:
    """The questions of a summary."""
    found = [{"question": q, "title": f"Title of {q}", "points": 6.0, "written": False} for q in functions()]
    written = {"title": "In words", "points": 4.0, "written": True, "text": TEXT, "rubric": RUBRIC}
    return found + [{"question": q, **written} for q in ("q3g", "q4f", "q5e")]


def check(question: str, title: str, hidden: bool, message: str = "", mistake: str = "") -> CheckResult:
    """The result of a check that is worth 1.5 points; it passed if there is no message."""
    passed = not message
    return CheckResult(question, "name", title, 1.5 * passed, 1.5, hidden, passed, message, mistake)


def failure(question: str, rng: random.Random) -> str:
    """A message as Otter and a check write it."""
    values = ", ".join(f"{rng.gauss(0, 1):.4g}" for _ in range(4))
    return (
        f"❌ Test case failed\nError at line {rng.randrange(90)} in test {question}:\n"
        f"      run('{question}', 'x', env)\n"
        f"Incorrect: f(z): the result is off by {rng.random():.2g} at [{rng.randrange(4)}]; "
        f"{rng.randrange(1, 5)} of 4 entries wrong.\nwhere z = [{values}], n <\u2060 3"
    )


def varied(code: str, rng: random.Random) -> str:
    """The same code as another student might write it: other names, other steps, other constants."""
    for name in sorted(set(re.findall(r"^ +(\w+) =", code, re.MULTILINE))):
        code = re.sub(rf"\b{name}\b", rng.choice((name, f"{name}_{rng.randrange(9)}", f"my_{name}")), code)
    steps = (
        "    {a} = np.{f}({b} {o} {n})\n    assert {a}.shape == {b}.shape",
        "    if {b}.ndim {c} {n}:\n        raise ValueError({a})",
        "    for {a} in range({n}):\n        {b} {o}= {a}[{n}]",
        "    {a}, {b} = {b}.T, [{a} {o} {n} for {a} in {b} if {a} {c} {n}]",
    )
    for _ in range(rng.randrange(4)):
        signs = {"a": f"a{rng.randrange(99)}", "b": f"b{rng.randrange(99)}", "o": rng.choice("+-*/@")}
        signs |= {"f": rng.choice(["abs", "exp", "sqrt", "sum"]), "c": rng.choice(["<", ">", "<=", "!="])}
        code += "\n" + rng.choice(steps).format(n=rng.randrange(30), **signs)
    return code


def made_record(number: int, rng: random.Random) -> Record:
    """The record of one submission."""
    people = [
        f"{rng.choice(FIRST.split())} {rng.choice(LAST.split())}" for _ in range(1 + (number % 11 == 3))
    ]
    students = [Student(name, f"s{number}@example.edu", str(number)) for name in people]
    name = f"{number:04d} {people[0].lower()}"
    if number % 50 == 7:
        return Record(name, f"{name}.zip", students, status=REFUSED, reason="The zip has no notebook.")
    if number % 50 == 8:
        return Record(name, f"{name}.ipynb", students, status=FAILED, reason="There is not enough memory.")
    checks: list[CheckResult] = []
    answers = {}
    skill = rng.random()
    for place, (question, code) in enumerate(functions().items()):
        answers[question] = varied(code, rng)
        wrong = rng.random() > skill + 0.2
        mistake = rng.choice(MISTAKES) if wrong and rng.random() < 0.7 else ""
        for title, hidden in TITLES:
            message = failure(question, rng) if wrong and rng.random() < 0.8 else ""
            if message and place > 3 and number % 3 == 0:
                message += "\nThis may come from Question 3(a), which fails its own checks: fix that first."
            named = mistake if hidden and message else ""
            note = f"\nThis mistake gives the same result: {named}." if named else ""
            checks.append(check(question, title, hidden, message + note, named))
    for question in ("q3g", "q4f", "q5e"):
        words = rng.choices(TEXTBOOK.split(), k=rng.randrange(60, 200)) if rng.random() > 0.05 else []
        answers[question] = " ".join(words) + (". </script><b>x</b>" if number % 9 == 0 and words else "")
    points = {q: sum(c.points for c in checks if c.question == q) for q in functions()}
    return Record(
        name,
        f"{name}.ipynb",
        [] if number % 13 == 5 else students,
        late="yes" if number % 10 == 0 else "no",
        hours_late=3.5 if number % 10 == 0 else None,
        isolation="none" if number % 40 == 1 else "user",
        points=points,
        possible=dict.fromkeys(points, 6.0),
        checks=checks,
        remarks=["This notebook comes from another version of the assignment."] if number % 25 == 4 else [],
        notes=["A cell raised ZeroDivisionError: division by zero."] if number % 8 == 2 else [],
        answers=answers,
    )


def made_records(number: int, seed: int = 0) -> list[Record]:
    """The records of a class, in which the last submission is a copy of the first with other names."""
    rng = random.Random(seed)
    records = [made_record(place, rng) for place in range(number)]
    if number > 2:
        for question, text in records[0].answers.items():
            records[-1].answers[question] = re.sub(r"\b([a-z]\w*)_\d\b", r"\1_copied", text)
    return records


def write_grades(
    folder: Path, records: list[Record], assignment: str = "backprop", pages: bool = False
) -> Path:
    """Write a folder of grades, with the pages of feedback if they are wanted."""
    for name in ("records", "feedback"):
        (folder / name).mkdir(parents=True)
    for record in records:
        write_record(folder, record)
        if pages:
            text = feedback_page(record, "Backpropagation", show_hidden=True)
            write_whole(folder / "feedback" / f"{record.name}.html", text)
    summary = {
        "assignment": assignment,
        "title": "Backpropagation",
        "autograder": "0123456789abcdef",
        "questions": questions(),
        "submissions": [record.name for record in records],
    }
    write_json(folder / "summary.json", summary)
    return folder

"""Totals in a copy of a gradebook, and lateness."""

import csv

import pytest

from autograder.batch.gradebook import Gradebook
from autograder.batch.records import REFUSED, Record, Student
from autograder.errors import HomeworkError

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Backpropagation (991),Quiz (992)
    Points Possible,,,,,90,10
"Doe, Jane",12345,s31,jane,A,,7
"Roe, Ann",12346,s32,ann,A,,8
"Wei, Li",12347,s33,li,B,,9
"""
GRADESCOPE = """First Name,Last Name,SID,Email,Sections
Jane,Doe,12345,jane@example.edu,
Ann,Roe,,ANN@example.edu,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade
Participant 12345,Jane Doe,jane@example.edu,Submitted,,100
Participant 12346,Ann Roe,ann@example.edu,Submitted,,100
"""


def record(name, points, *students, **more):
    return Record(name, name, list(students), points={"q3a": points}, possible={"q3a": 90.0}, **more)


JANE = Student("doejane", "jane@example.edu", "12345")
ANN = Student("Ann Roe", "ann@example.edu", "12346")


@pytest.fixture
def merged(tmp_path):
    """A function that merges records into a gradebook; returns the rows by column, and what was merged."""

    def merge(text, *records):
        (tmp_path / "book.csv").write_text(text, encoding="utf-8-sig")
        result = Gradebook(tmp_path / "book.csv", "Backpropagation").merge(records, tmp_path / "new.csv")
        with (tmp_path / "new.csv").open(newline="") as file:
            return list(csv.DictReader(file)), result

    return merge


def test_canvas_gets_totals_by_id_in_the_column_of_the_assignment(merged):
    rows, result = merged(CANVAS, record("a", 80.5, JANE), record("b", 7.0, Student(id="s32")))
    assert [row["Backpropagation (991)"] for row in rows] == ["90", "80.5", "7", ""]
    assert [row["Quiz (992)"] for row in rows] == ["10", "7", "8", "9"]
    assert (result.count, result.unknown, result.twice) == (2, [], [])


def test_gradescope_gets_a_new_column_and_totals_by_id_or_email(merged):
    rows, _ = merged(GRADESCOPE, record("a", 80.5, JANE), record("b", 7.0, ANN))
    assert [row["Backpropagation"] for row in rows] == ["80.5", "7"]


def test_moodle_gets_totals_in_its_column_of_grades(merged):
    rows, _ = merged(MOODLE, record("a", 80.5, JANE), record("b", 7.0, Student(id="12346")))
    assert [row["Grade"] for row in rows] == ["80.5", "7"]


def test_every_student_of_a_group_gets_the_total(merged):
    rows, result = merged(CANVAS, record("a", 80.0, JANE, ANN))
    assert [row["Backpropagation (991)"] for row in rows] == ["90", "80", "80", ""]
    assert result.count == 2


def test_of_two_submissions_the_better_one_counts(merged):
    rows, result = merged(CANVAS, record("a", 80.0, JANE), record("b", 70.0, JANE))
    assert rows[1]["Backpropagation (991)"] == "80"
    assert result.twice == ["b"]


def test_what_was_not_graded_gets_no_total(merged):
    rows, result = merged(CANVAS, record("a", 0.0, JANE, status=REFUSED), record("b", 1.0, Student(id="9")))
    assert rows[1]["Backpropagation (991)"] == ""
    assert result.unknown == ["b"]


def test_an_id_that_two_rows_have_gives_nobody_a_total(merged):
    rows, result = merged(CANVAS.replace("s32", "12345"), record("a", 9.0, Student("J", id="12345")))
    assert [row["Backpropagation (991)"] for row in rows] == ["90", "", "", ""]
    assert result.unknown == ["a (J)"]


@pytest.mark.parametrize(("text", "sentence"), [("", "is empty"), ("a,b\n1,2\n", "has none of the columns")])
def test_a_file_that_is_not_a_gradebook_gets_a_sentence(text, sentence, merged):
    with pytest.raises(HomeworkError, match=sentence):
        merged(text)

"""Deadlines, extensions, and what lateness costs."""

from datetime import datetime, timezone

import pytest

from autograder.batch.lateness import Deadlines
from autograder.batch.records import Record, Student
from autograder.errors import HomeworkError
from autograder.settings import Late

JANE = Student("Jane Doe", "jane@example.edu", "12345")
ANN = Student("Ann Roe", "ann@example.edu", "31")


def at(hour, minute=0):
    return datetime(2026, 11, 20, hour, minute, tzinfo=timezone.utc)


def test_lateness_is_in_hours_after_the_deadline():
    deadlines = Deadlines(at(12))
    assert deadlines.hours_late(at(11, 59), [JANE]) == 0
    assert deadlines.hours_late(at(13, 30), [JANE]) == 1.5


def test_an_extension_holds_for_a_student_and_for_a_group(tmp_path):
    table = tmp_path / "extensions.csv"
    table.write_text("email,id,deadline\nJANE@example.edu,,2026-11-20T14:00Z\n,77,2026-11-20 20:00+00:00\n")
    deadlines = Deadlines(at(12), table)
    assert deadlines.hours_late(at(15), [JANE]) == 1
    assert deadlines.hours_late(at(15), [ANN]) == 3
    assert deadlines.hours_late(at(15), [ANN, JANE]) == 1
    assert deadlines.hours_late(at(15), [Student(id="77")]) == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,deadline\nJane,tomorrow\n", "line 2: the deadline must be a time such as"),
        ("deadline\n2026-11-20\n", "line 2: needs a deadline, and an id"),
        ("name\nJane\n", "line 2: needs a deadline"),
    ],
)
def test_a_wrong_table_of_extensions_gets_a_sentence(text, sentence, tmp_path):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(HomeworkError, match=sentence):
        Deadlines(at(12), tmp_path / "e.csv")


def test_a_deadline_without_a_zone_is_in_the_zone_of_the_machine():
    deadlines = Deadlines(datetime(2026, 11, 20, 12))
    assert deadlines.hours_late(datetime(2026, 11, 20, 15).astimezone(), []) == 3


def test_an_extension_of_nobody_is_noticed(tmp_path):
    table = tmp_path / "extensions.csv"
    table.write_text("id,deadline\n12345,2026-11-20T14:00Z\n77,2026-11-20T20:00Z\n")
    deadlines = Deadlines(at(12), table)
    deadlines.hours_late(at(13), [JANE])
    assert deadlines.unused == {"77"}


@pytest.mark.parametrize(
    ("late", "hours", "kept"),
    [
        (None, 100, 1),
        (Late(percent_per_day=10), 0, 1),
        (Late(percent_per_day=10), 0.1, 0.9),
        (Late(percent_per_day=10), 24, 0.9),
        (Late(percent_per_day=10), 24.1, 0.8),
        (Late(percent_per_day=40), 70, 0),
        (Late(percent_per_day=10, days=2), 48, 0.8),
        (Late(percent_per_day=10, days=2), 49, 0),
    ],
)
def test_each_day_that_has_begun_costs_its_percentage(late, hours, kept):
    assert Deadlines(at(12), late=late).kept(hours) == pytest.approx(kept)


def test_the_total_is_what_lateness_leaves():
    record = Record("a", "a.ipynb", points={"q3a": 2.75, "q3b": 4.0}, kept=0.9)
    assert (record.earned, record.total) == (6.75, 6.075)

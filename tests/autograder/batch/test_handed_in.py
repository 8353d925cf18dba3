"""Which submissions are found in files, folders and downloads."""

import zipfile
from datetime import datetime, timezone

import pytest

from autograder.batch.handed_in import find_all
from autograder.batch.records import Student
from autograder.errors import HomeworkError

METADATA = """---
submission_10:
  :submitters:
  - :name: Jane Doe
    :sid: '3031'
    :email: jane@example.edu
  - :name: Ann Roe
    :sid:
    :email: ann@example.edu
  :created_at: 2026-11-20 22:59:30.123456789 Z
  :score: 3.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_9:
  :submitters:
  - :name: Li Wei
    :sid: 3032
    :email: li@example.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-11-19 08:00:00 Z
submission_11:
  :submitters: []
"""


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder with these files."""

    def make(*names, **contents):
        for name in names:
            path = tmp_path / "class" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents.get(name, name))
        return tmp_path / "class"

    return make


def found(*paths):
    return {submission.name: submission for submission in find_all(paths)[0]}


def files(submission, folder):
    return [path.relative_to(folder).as_posix() for path in submission.paths]


def test_a_file_is_a_submission(folder):
    path = folder("alice.ipynb") / "alice.ipynb"
    assert list(found(path)) == ["alice"]


def test_a_folder_with_one_notebook_is_a_submission(folder):
    top = folder("backprop.ipynb", "tests/q3a.py", "gradcheck/check.py", ".ipynb_checkpoints/backprop.ipynb")
    assert [submission.paths for submission in found(top).values()] == [(top,)]
    assert list(found(top)) == ["class"]


def test_each_notebook_zip_and_folder_of_a_class_is_a_submission(folder):
    top = folder("alice.ipynb", "bob.zip", "carol/hw.ipynb", "carol/notes.txt", "dave/hw.txt", "syllabus.pdf")
    submissions, ignored = find_all([top])
    assert [s.name for s in submissions] == ["alice", "bob", "carol", "dave"]
    assert [path.name for path in ignored] == ["syllabus.pdf"]


def test_submissions_of_one_name_get_different_names(folder):
    top = folder("a/hw.ipynb", "b/hw.ipynb", "b/HW.zip", "b/h w!.ipynb", "b/h?w.ipynb")
    names = list(found(top / "a" / "hw.ipynb", top / "b"))
    assert names == ["hw", "HW-2", "h_w", "h_w-2", "hw-3"]
    assert len({name.casefold() for name in names}) == 5


def test_files_without_a_usable_name_get_one(folder):
    top = folder("..ipynb", "=.ipynb", "x" * 200 + ".ipynb")
    names = list(found(top))
    assert all(0 < len(name) <= 80 and not name.startswith((".", "=")) for name in names)


@pytest.mark.parametrize("inner", ["", "assignment_77_export/"])
def test_a_download_from_gradescope_has_students_and_times(folder, inner):
    names = [f"{inner}submission_{n}/backprop.ipynb" for n in (9, 10, 12)]
    top = folder(f"{inner}submission_metadata.yml", *names, **{f"{inner}submission_metadata.yml": METADATA})
    submissions = found(top)
    assert list(submissions) == ["submission_9", "submission_10", "submission_11", "submission_12"]
    ten, nine = submissions["submission_10"], submissions["submission_9"]
    assert ten.students == (
        Student("Jane Doe", "jane@example.edu", "3031"),
        Student("Ann Roe", "ann@example.edu", ""),
    )
    assert nine.students == (Student("Li Wei", "li@example.edu", "3032"),)
    assert ten.submitted == datetime(2026, 11, 20, 22, 59, 30, 123456, tzinfo=timezone.utc)
    assert nine.submitted == datetime(2026, 11, 19, 8, tzinfo=timezone.utc)
    assert submissions["submission_12"].students == ()


def test_a_download_from_canvas_has_one_submission_for_each_student(folder):
    top = folder(
        "doejane_12345_67890_backprop.ipynb",
        "doejane_12345_67891_notes.pdf",
        "roeann_LATE_12346_67892_backprop-1.ipynb",
        "weili_12347_67893_essay.docx",
    )
    submissions = found(top)
    assert list(submissions) == ["doejane_12345", "roeann_12346", "weili_12347"]
    assert len(submissions["doejane_12345"].paths) == 2
    assert submissions["doejane_12345"].students == (Student("doejane", "", "12345"),)
    assert [submission.late for submission in submissions.values()] == [False, True, False]


def test_a_download_from_moodle_has_one_submission_for_each_student(folder):
    top = folder(
        "Jane Doe_12345_assignsubmission_file_/backprop.ipynb",
        "Jane Doe_12345_assignsubmission_onlinetext_/onlinetext.html",
        "Ann Roe_12346_assignsubmission_file/backprop.ipynb",
        "Li Wei_12347_assignsubmission_file_backprop.ipynb",
    )
    submissions = found(top)
    assert list(submissions) == ["Ann_Roe_12346", "Jane_Doe_12345", "Li_Wei_12347"]
    assert submissions["Jane_Doe_12345"].students == (Student("Jane Doe", "", "12345"),)


def test_one_file_from_canvas_has_its_student(folder):
    path = folder("doejane_LATE_12345_67890_hw.ipynb") / "doejane_LATE_12345_67890_hw.ipynb"
    (submission,) = found(path).values()
    assert (submission.name, submission.late) == ("doejane_12345", True)


def test_the_folder_for_the_grades_is_not_a_submission(folder):
    top = folder("alice.ipynb", "bob.ipynb", "grades/records/alice.json", "grades/grades.csv")
    assert [submission.name for submission in find_all([top], top / "grades")[0]] == ["alice", "bob"]


def test_a_file_of_a_student_does_not_hide_the_rest_of_the_class(folder):
    eve = "Eve_3_assignsubmission_file_/submission_metadata.yml"
    top = folder(
        "Jane_1_assignsubmission_file_/hw.ipynb", eve, **{eve: "../Jane_1_assignsubmission_file_: {}"}
    )
    assert list(found(top)) == ["Eve_3", "Jane_1"]


def test_metadata_names_only_folders_next_to_it(folder):
    text = "../other: {}\nsubmission_1:\n  :submitters: 3\n"
    top = folder("submission_metadata.yml", **{"submission_metadata.yml": text})
    assert list(found(top)) == ["submission_1"]


def test_names_that_only_look_like_canvas_are_names(folder):
    top = folder("hw_2026_11_alice.ipynb", "hw_2026_11_bob.ipynb")
    assert list(found(top)) == ["hw_2026_11_alice", "hw_2026_11_bob"]


BAD = {
    "nothing": (lambda top: top / "nothing", "cannot be read: No such file or directory"),
    "an empty folder": (lambda top: top, "There are no submissions in"),
    "no metadata": (
        lambda top: written(top / "submission_metadata.yml", "{"),
        "is not Gradescope's",
    ),
    "the zip of a class": (lambda top: zipped(top / "all.zip"), "unzip it and grade the folder"),
}


def written(path, text):
    path.write_text(text)
    return path.parent


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("assignment_1_export/submission_metadata.yml", METADATA)
        archive.writestr("assignment_1_export/submission_9/backprop.ipynb", "{}")
    return path


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_a_sentence(what, folder):
    top = folder()
    top.mkdir()
    make, sentence = BAD[what]
    with pytest.raises(HomeworkError, match=sentence):
        find_all([make(top)])

"""`homework grade` on a class: parallel, resumed, undisturbed by what goes wrong."""

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.files import ROOT
from autograder.mistakes import entries
from tests.autograder.batch.made import METADATA, contents
from tests.helpers import (
    BACKSTOP,
    isolated,
    run_homework,
    with_questions,
)
from tests.processes import descendants

pytestmark = isolated


def grade(autograder, *arguments):
    """The exit status of `homework grade`."""
    return main(["grade", str(autograder), *map(str, arguments)])


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_download_becomes_tables_results_and_pages(short, download, tmp_path, capsys):
    out = tmp_path / "grades"
    extensions = tmp_path / "extensions.csv"
    extensions.write_text("id,deadline\n33,2026-11-20T14:00Z\n")
    late = ["--deadline", "2026-11-20T12:00Z", "--extensions", extensions]
    assert grade(short, download, "--out", out, *late) == 1
    said = capsys.readouterr().out
    assert "submission_1: 6 of 6 points" in said
    assert "submission_3: refused: There is no notebook in the submission (answers.txt)." in said
    assert "2 graded, 1 refused" in said

    grades = rows(out / "grades.csv")
    columns = ("name", "email", "id", "late", "hours_late", "q3a", "total")
    shown = [[row[key] for key in columns] for row in grades]
    points = shown[1][-1]
    assert shown == [
        ["Ann Roe", "ann@example.edu", "31", "no", "0", "6", "6"],
        ["Li Wei", "li@example.edu", "32", "yes", "0.5", points, points],
        ["'=Jo", "jo@example.edu", "33", "yes", "0.5", points, points],
        ["Al Fie", "al@example.edu", "34", "no", "0", "", ""],
    ]
    assert 0 < float(points) < 6
    assert [row["status"] for row in grades] == ["graded", "graded", "graded", "refused"]

    checks = [row for row in rows(out / "checks.csv") if row["submission"] == "submission_2"]
    assert sum(float(row["points"]) for row in checks) == float(points)
    named = {row["mistake"] for row in checks if (row["passed"], row["hidden"]) == ("no", "yes")}
    assert named <= {entry.name for entry in entries("p3_linear_layer") if entry.question == "q3a"}
    assert len(named) == 1

    results = json.loads((out / "results" / "submission_2.json").read_text())
    assert [test["score"] for test in results["tests"] if "score" in test] == [float(points)]
    refused = json.loads((out / "results" / "submission_3.json").read_text())
    assert refused["output"].startswith("There is no notebook in the submission")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["counts"] == {"graded": 2, "refused": 1, "failed": 0, "late": 1}
    assert sorted(p.name for p in (out / "feedback").iterdir()) == [f"submission_{n}.html" for n in (1, 2, 3)]


def test_resuming_grades_only_what_is_missing_or_has_changed(
    short, download, notebook, tmp_path, capsys, dist
):
    out = tmp_path / "grades"
    grade(short, download, "--out", out)
    assert grade(short, download, "--out", out) == 2
    assert "grades has the grades of an earlier run. Add --resume" in capsys.readouterr().err
    before = contents(out)
    grade(short, download, "--out", out, "--resume")
    assert "2 graded, 1 refused, 2 kept" in capsys.readouterr().out
    assert contents(out) == before

    notebook(download / "submission_2" / "backprop.ipynb")
    (out / "records" / "submission_1.json").write_text("{")
    (out / "records" / "submission_2.json.new").write_text("half")
    shutil.rmtree(download / "submission_3")
    (download / "submission_metadata.yml").write_text(METADATA.partition("submission_3")[0])
    grade(short, download, "--out", out, "--resume")
    said = capsys.readouterr().out
    assert "2 graded, isolation" in said
    assert "submission_2: 6 of 6" in said
    assert "not in the tables: 1 earlier results" in said
    assert [row["submission"] for row in rows(out / "grades.csv")][-1] == "submission_2"
    names = [f"submission_{number}.json" for number in (1, 2, 3)]
    assert sorted(path.name for path in (out / "records").iterdir()) == names

    other = with_questions(dist / "autograder.zip", tmp_path / "other.zip", {"q3a", "q3b"})
    grade(other, download, "--out", out, "--resume")
    said = capsys.readouterr().out
    assert "submission_1: 12 of 12" in said
    assert "kept" not in said


def test_points_of_written_answers_and_totals_reach_the_gradebook(short, download, tmp_path, capsys):
    out, written, book = (tmp_path / name for name in ("grades", "written.csv", "book.csv"))
    grade(short, download, "--out", out)
    written.write_text("submission,question,points\nsubmission_1,q3g,3.5\nsubmission_2,q3g,\n")
    book.write_text("First Name,Last Name,SID,Email\nAnn,Roe,31,\nBo,No,99,\n")
    extra = ["--resume", "--written", written, "--gradebook", book]
    grade(short, download, "--out", out, *extra)
    assert "2 kept" in capsys.readouterr().out
    first = rows(out / "grades.csv")[0]
    assert (first["q3a"], first["q3g"], first["total"]) == ("6", "3.5", "9.5")
    assert [row["Backpropagation"] for row in rows(out / "gradebook.csv")] == ["9.5", ""]
    assert book.read_text().startswith("First Name,Last Name,SID,Email\n")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "submission_1,q3a,3",
            "line 2: needs the name of one of these submissions",
        ),
        (
            "submission_9,q3g,3",
            "line 2: needs the name of one of these submissions",
        ),
        ("submission_1,q3g,5", "'5' is not a number of points from 0 to 4"),
        ("submission_1,q3g,x", "'x' is not a number of points from 0 to 4"),
    ],
)
def test_wrong_points_of_written_answers_get_a_sentence(row, sentence, short, download, tmp_path, capsys):
    (tmp_path / "written.csv").write_text(f"submission,question,points\n{row}\n")
    assert grade(short, download, "--out", tmp_path / "g", "--written", tmp_path / "written.csv") == 2
    assert sentence in capsys.readouterr().err


def test_grading_twice_gives_identical_files(short, download, tmp_path):
    for name in ("one", "two"):
        grade(short, download, "--out", tmp_path / name, "--jobs", 1 if name == "one" else 3)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "grade", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.siege) for n in range(1, 21))])
def test_killed_and_resumed_gives_the_same_as_uninterrupted(seed, short, people, tmp_path):
    assert start(short, people, "--out", tmp_path / "whole").wait(BACKSTOP) == 0
    moment = random.Random(seed).randrange(10)
    process = start(short, people, "--out", tmp_path / "killed")
    records = tmp_path / "killed" / "records"
    while len(list(records.glob("*.json"))) < moment and process.poll() is None:
        time.sleep(0.002 * random.Random(seed).random())
    process.kill()
    process.communicate()
    process = start(short, people, "--out", tmp_path / "killed", "--resume")
    said, _ = process.communicate(timeout=BACKSTOP)
    assert process.returncode == 0, said
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_grading_process_that_is_killed_costs_no_grade(short, people, tmp_path):
    process = start(short, people, "--out", tmp_path / "grades", "--jobs", 2)
    killed = 0
    for line in process.stdout:
        if "[3/10]" in line:
            for pid, _ in descendants(process.pid):
                with contextlib.suppress(OSError):
                    if "autograder.grading.process" in Path(f"/proc/{pid}/cmdline").read_text():
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
        if line.startswith("10 graded"):
            break
    assert (process.wait(BACKSTOP), killed >= 2) == (0, True)
    assert {row["status"] for row in rows(tmp_path / "grades" / "grades.csv")} == {"graded"}


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_gets_a_sentence_and_loses_nothing(short, people, small_disk):
    done = run_homework(ROOT, "grade", str(short), str(people), "--out", str(small_disk / "grades"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in done.stderr
    written = list((small_disk / "grades" / "records").iterdir())
    assert 0 < len(written) < 10
    assert all(json.loads(path.read_text())["status"] == "graded" for path in written)


def test_a_folder_that_cannot_be_written_gets_a_sentence(short, people, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = run_homework(ROOT, "grade", str(short), str(people), "--out", str(small_disk / "grades"))
    assert done.returncode == 2
    assert "Read-only file system" in done.stderr


def test_a_terminal_shows_a_bar(short, people, tmp_path):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    arguments = ["grade", str(short), str(people), "--out", str(tmp_path / "grades")]
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", *arguments],
        cwd=ROOT,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal with an error
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert process.wait(BACKSTOP) == 0
    text = shown.decode()
    assert "━" in text
    assert " a minute" in text
    assert "10/10" in text
    assert "10 graded" in text

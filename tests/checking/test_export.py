import os
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.verify import execute
from checking import export
from checking.export import (
    NotHandedInError,
    ago,
    clock,
    expect_saved,
    find_notebook,
    hand_in,
    summary,
    written_answers,
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


def save(name, *codes):
    nbformat.write(new_notebook(cells=[new_code_cell(code) for code in codes]), name)


def ran(code):
    names = {}
    execute(code, names)
    return names


def saved_notebook(names):
    path = find_notebook(names)
    expect_saved(path, names)
    return path.name


def test_a_saved_notebook_is_found_whatever_its_name():
    save("hw (1).ipynb", "%matplotlib inline\nx = 1", "def f():\n    # comment\n    return 1", "f((")
    assert saved_notebook(ran("def f():\n    return 1")) == "hw (1).ipynb"


def test_a_forgotten_save_is_noticed():
    save("hw.ipynb", "def f():\n    raise NotImplementedError")
    with pytest.raises(
        NotHandedInError, match=r"f in the file hw.ipynb is not the f that you ran last. Save"
    ):
        saved_notebook(ran("def f():\n    return 1"))


def test_among_several_notebooks_the_one_that_jupyter_names_is_taken(monkeypatch):
    save("a.ipynb")
    save("b.ipynb")
    with pytest.raises(NotHandedInError, match=r"several notebooks here: a.ipynb, b.ipynb"):
        saved_notebook({})
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/student/b.ipynb")
    assert saved_notebook({}) == "b.ipynb"
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert saved_notebook({"__vsc_ipynb_file__": "/home/student/a.ipynb"}) == "a.ipynb"


def test_no_notebook_and_a_broken_one_are_named(folder):
    with pytest.raises(NotHandedInError, match="There is no notebook in"):
        saved_notebook({})
    (folder / "x.ipynb").write_text("{")
    with pytest.raises(NotHandedInError, match=r"x.ipynb cannot be read as a notebook"):
        saved_notebook({})


def test_the_summary_has_a_row_for_each_question_and_says_what_fails():
    written = {"3(b)": "The gradient is zero,\n\n- because " + 40 * "x", "10(c)": "", "10(d)": None}
    said = summary({"q3a": (2.5, 2.5), "q10b": (0, 2), "q3c": (1, 2)}, written)
    assert said.splitlines()[1:8] == [
        "3(a)       2.5 of 2.5",
        "3(b)     written: The gradient is zero, - because xxxxxxxx ...",
        "3(c)         1 of 2, A CHECK FAILS",
        "10(b)        0 of 2, A CHECK FAILS",
        "10(c)    written, NOT ANSWERED YET",
        "10(d)    written, NO ANSWER CELL FOUND",
        "all        3.5 of 6.5",
    ]
    assert "A check fails in 3(c), 10(b).\nYou can hand in like this." in said


def test_without_points_the_summary_says_that_the_checks_cannot_run():
    assert summary({}, {}).endswith("The public checks cannot run here. The zip is complete all the same.")


QUESTION = new_markdown_cell("<!-- BEGIN QUESTION -->\n\n## 3(g) In words")
END = new_markdown_cell("<!-- END QUESTION -->\n\n## Hand in")


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["_Type your answer here, replacing this text._"], ""),
        ([""], ""),
        (["p\n"], "p"),
        (["_Type your answer here, replacing this text._", "p"], "p"),
        (["_Type your answer here, replacing this text._\n\np"], "p"),
        ([], None),
    ],
)
def test_a_written_answer_is_what_stands_below_its_question(texts, answer, folder):
    cells = [QUESTION, *map(new_markdown_cell, texts), END, new_markdown_cell("p")]
    nbformat.write(new_notebook(cells=cells), "hw.ipynb")
    assert written_answers(folder / "hw.ipynb") == {"3(g)": answer}


def test_a_written_question_whose_cells_are_all_deleted_is_not_forgotten(folder):
    metadata = {"homework": {"written": ["3(g)", "4(f)"]}}
    nbformat.write(new_notebook(cells=[QUESTION, new_markdown_cell("p")], metadata=metadata), "hw.ipynb")
    assert written_answers(folder / "hw.ipynb") == {"3(g)": "p", "4(f)": None}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "less than a minute"), (61, "1 minute"), (725, "12 minutes"), (7300, "2 hours"), (90000, "1 day")],
)
def test_the_time_since_the_notebook_was_saved_is_said_in_one_unit(seconds, said):
    assert ago(seconds) == f"{said} ago"


def test_a_time_of_another_day_has_its_date():
    assert len(clock(time.time())) == len("14:05")
    assert clock(0.0).endswith(("on 1970-01-01", "on 1969-12-31"))


class Grader:
    """Exports an empty zip, as a stand-in for Otter's."""

    interpreter = None

    def export(self, name, export_path, **_):
        open(export_path, "w").close()


@pytest.fixture
def runs(monkeypatch):
    """Sets whether the cell ran before."""
    return lambda before: monkeypatch.setattr(export, "_ran_before", lambda: before)


def test_without_the_first_cell_the_first_run_already_says_so(runs):
    runs(False)
    with pytest.raises(NotHandedInError, match=r"Run the first cell of the notebook"):
        hand_in({})


def test_the_first_run_hands_in_nothing_and_says_that_an_older_zip_is_old(runs, folder, capsys):
    runs(False)
    save("hw.ipynb")
    hand_in({"grader": Grader()})
    assert "old" not in capsys.readouterr().out
    (folder / "hw.zip").write_bytes(b"")
    os.utime("hw.zip", (0, 0))
    hand_in({"grader": Grader()})
    said = capsys.readouterr().out
    assert said.startswith("Nothing is handed in yet.")
    assert "There is an old hw.zip, made at " in said


def test_the_second_run_says_first_when_the_notebook_was_saved_and_shows_the_texts(runs, folder, capsys):
    runs(True)
    nbformat.write(new_notebook(cells=[QUESTION, new_markdown_cell("Because."), END]), "hw.ipynb")
    os.utime("hw.ipynb", 2 * (time.time() - 725,))
    hand_in({"grader": Grader()})
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("This hands in hw.ipynb as it was saved at ")
    assert first.endswith(", 12 minutes ago.")
    assert second == "If you have changed code or a text since then, save and run this cell again."
    assert "3(g)     written: Because." in rest
    assert (folder / "hw.zip").exists()

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.verify import execute
from checking.export import NotHandedInError, expect_saved, find_notebook, summary, written_answers


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
    said = summary({"q3a": (2.5, 2.5), "q10b": (0, 2), "q3c": (1, 2)}, {"3(b)": True, "10(c)": False})
    assert said.splitlines()[1:7] == [
        "3(a)       2.5 of 2.5",
        "3(b)     written",
        "3(c)         1 of 2, A CHECK FAILS",
        "10(b)        0 of 2, A CHECK FAILS",
        "10(c)    written, NOT ANSWERED YET",
        "all        3.5 of 6.5",
    ]
    assert "A check fails in 3(c), 10(b). You can hand in like this" in said


def test_without_points_the_summary_says_that_the_checks_cannot_run():
    assert summary({}, {}).endswith("The public checks cannot run here. The zip is complete all the same.")


@pytest.mark.parametrize(
    ("text", "answered"), [("_Type your answer here, replacing this text._", False), ("", False), ("p", True)]
)
def test_a_written_answer_is_there_if_it_is_not_the_placeholder(text, answered, folder):
    answer = new_markdown_cell(text, metadata={"tags": ["otter_answer_cell"]})
    nbformat.write(new_notebook(cells=[new_markdown_cell("## 3(g) In words"), answer]), "hw.ipynb")
    assert written_answers(folder / "hw.ipynb") == {"3(g)": answered}

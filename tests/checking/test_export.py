import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.verify import execute
from checking.export import NotSavedError, saved_notebook


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


def test_a_saved_notebook_is_found_whatever_its_name():
    save("hw (1).ipynb", "%matplotlib inline\nx = 1", "def f():\n    # comment\n    return 1", "f((")
    assert saved_notebook(ran("def f():\n    return 1")) == "hw (1).ipynb"


def test_a_forgotten_save_is_noticed():
    save("hw.ipynb", "def f():\n    raise NotImplementedError")
    with pytest.raises(NotSavedError, match=r"f in the file hw.ipynb is not the f that you ran last. Save"):
        saved_notebook(ran("def f():\n    return 1"))


def test_among_several_notebooks_the_one_that_jupyter_names_is_taken(monkeypatch):
    save("a.ipynb")
    save("b.ipynb")
    with pytest.raises(NotSavedError, match=r"several notebooks here: a.ipynb, b.ipynb"):
        saved_notebook({})
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/student/b.ipynb")
    assert saved_notebook({}) == "b.ipynb"
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert saved_notebook({"__vsc_ipynb_file__": "/home/student/a.ipynb"}) == "a.ipynb"


def test_no_notebook_and_a_broken_one_are_named(folder):
    with pytest.raises(NotSavedError, match="There is no notebook in"):
        saved_notebook({})
    (folder / "x.ipynb").write_text("{")
    with pytest.raises(NotSavedError, match=r"x.ipynb cannot be read as a notebook"):
        saved_notebook({})

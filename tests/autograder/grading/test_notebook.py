"""Reading what was handed in: cells out of anything that is a notebook, a sentence for anything else."""

import contextlib
import json
import zipfile

import pytest

import autograder.grading.notebook as module
from autograder.grading.notebook import Cell, SubmissionError, read_cells

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "code", "source": 'grader.check("q3a")'},
        {"cell_type": "code", "source": "plt.plot()", "metadata": {"tags": ["otter_ignore"]}},
        {"cell_type": "code", "source": "g.check( 'q3b' ); g.check('q3c', True)", "metadata": None},
    ]
}
CELLS = [
    Cell("x = 1\ny = 2", ()),
    Cell('grader.check("q3a")', ("q3a",)),
    Cell("g.check( 'q3b' ); g.check('q3c', True)", ("q3b", "q3c")),
]


@pytest.fixture
def written(tmp_path):
    def write(content, name="hw.ipynb"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


@pytest.fixture
def zipped(tmp_path):
    def write(**files):
        path = tmp_path / "hw.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name.replace("__", "/"), json.dumps(content))
        return path

    return write


def test_code_cells_are_read_with_the_questions_that_they_check(written):
    assert read_cells(written(NOTEBOOK)) == CELLS


def test_a_zip_with_one_notebook_is_read_whatever_else_is_in_it(tmp_path):
    path = tmp_path / "hw.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/hw.ipynb", json.dumps(NOTEBOOK))
        archive.writestr("folder/.ipynb_checkpoints/hw-checkpoint.ipynb", "{}")
        archive.writestr("__MACOSX/folder/._hw.ipynb", "x")
        archive.writestr("otter.py", "raise SystemExit")
    assert read_cells(path) == CELLS


def test_version_3_is_read(written):
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = ", "1"]}]}], "nbformat": 3}
    assert read_cells(written(old)) == [Cell("x = 1", ())]


@pytest.mark.parametrize(
    "cell",
    [
        7,
        None,
        "x",
        [],
        {},
        {"cell_type": "code", "source": {"a": 1}},
        {"cell_type": "code", "source": [1, None]},
    ],
)
def test_a_cell_that_is_none_is_left_out_or_empty(cell, written):
    assert [c.source for c in read_cells(written({"cells": [cell]}))] in ([], [""])


def test_text_that_no_encoding_has_is_replaced(written):
    data = json.dumps(NOTEBOOK).encode().replace(b"x = 1", b"x = '\xff'")
    assert read_cells(written(data))[0].source.startswith("x = '")
    assert (
        read_cells(written({"cells": [{"cell_type": "code", "source": "x = '\ud800'"}]}))[0].source
        == "x = '?'"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not valid JSON"),
        (b"\x89PNG", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        ([], "is not a notebook"),
        ("text", "is not a notebook"),
        ({"cells": 3}, "is not a notebook"),
        ({"cells": [{}] * 6000}, "more than 5000 cells"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence(content, sentence, written):
    with pytest.raises(SubmissionError, match=sentence):
        read_cells(written(content))


def test_a_zip_with_no_or_several_notebooks_gets_a_sentence(zipped):
    with pytest.raises(SubmissionError, match=r"There is no notebook in hw\.zip \(text\)"):
        read_cells(zipped(text=1))
    with pytest.raises(SubmissionError, match=r"more than one notebook in hw\.zip \(a\.ipynb, b\.ipynb\)"):
        read_cells(zipped(**{"a.ipynb": {}, "b.ipynb": {}}))


def test_a_zip_that_is_none_or_encrypted_gets_a_sentence(written, zipped):
    with pytest.raises(SubmissionError, match="not a zip file that can be read"):
        read_cells(written(b"PK nonsense", "hw.zip"))
    path = zipped(**{"a.ipynb": NOTEBOOK})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    with pytest.raises(SubmissionError, match="not a zip file that can be read"):
        read_cells(written(bytes(data), "locked.zip"))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_any_byte_changed_is_read_or_gets_a_sentence(method, tmp_path):
    path, damaged = tmp_path / "hw.zip", tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("übung.ipynb", json.dumps(NOTEBOOK))
    data = path.read_bytes()
    for place in range(len(data)):
        for mask in (0x01, 0x80, 0xFF):
            damaged.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            with contextlib.suppress(SubmissionError):
                read_cells(damaged)


def test_a_byte_order_mark_and_capitals_in_the_name_do_no_harm(written, tmp_path):
    assert read_cells(written(b"\xef\xbb\xbf" + json.dumps(NOTEBOOK).encode())) == CELLS
    (tmp_path / "hw.ipynb").rename(tmp_path / "HW.IPYNB")
    assert read_cells(tmp_path) == CELLS


def test_what_is_too_large_is_not_read(written, zipped, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    big = {"cells": [], "x": "0" * (2 << 20)}
    with pytest.raises(SubmissionError, match="larger than 1 MB"):
        read_cells(written(big))
    path = zipped(**{"a.ipynb": big})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", json.dumps(big))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SubmissionError, match=r"The notebook in hw\.zip is larger"):
        read_cells(path)


def test_a_file_that_is_not_there_gets_a_sentence(tmp_path):
    with pytest.raises(SubmissionError, match="cannot be read: No such file"):
        read_cells(tmp_path / "hw.ipynb")


def test_the_one_notebook_of_a_folder_is_read_wherever_it_lies_and_whatever_else_is_there(written, tmp_path):
    (tmp_path / "homework" / ".ipynb_checkpoints").mkdir(parents=True)
    written({}, "homework/.ipynb_checkpoints/hw-checkpoint.ipynb")
    written(NOTEBOOK, "homework/hw.ipynb")
    written(b"PK nonsense", "export.zip")
    written(b"raise SystemExit", "numpy.py")
    (tmp_path / "link.ipynb").symlink_to("/dev/zero")
    assert read_cells(tmp_path) == CELLS


def test_the_one_zip_of_a_folder_is_read_if_there_is_no_notebook(zipped, tmp_path):
    zipped(**{"hw__hw.ipynb": NOTEBOOK})
    assert read_cells(tmp_path) == CELLS


def test_a_folder_with_no_or_several_notebooks_gets_a_sentence_with_their_names(written, tmp_path):
    with pytest.raises(SubmissionError, match=r"no notebook in what was handed in \(no file at all\)"):
        read_cells(tmp_path)
    written(b"x = 1", "answers.py")
    with pytest.raises(SubmissionError, match=r"\(answers.py\). Hand in the file that ends in .ipynb"):
        read_cells(tmp_path)
    for name in ("a.ipynb", "b.ipynb"):
        written(NOTEBOOK, name)
    with pytest.raises(
        SubmissionError,
        match=r"more than one notebook in what was handed in \(a\.ipynb, b\.ipynb\)\. Hand in one",
    ):
        read_cells(tmp_path)


def test_a_notebook_of_another_assignment_gets_a_sentence_with_its_name(written):
    path = written(NOTEBOOK | {"metadata": {"homework": {"assignment": "autodiff"}}})
    assert read_cells(path, "autodiff") == read_cells(path) == CELLS
    with pytest.raises(
        SubmissionError, match=r"another assignment, autodiff\. Hand in the notebook of backprop"
    ):
        read_cells(path, "backprop")


@pytest.mark.parametrize("metadata", [None, [], {"homework": 3}, {"homework": {"assignment": ["x"]}}, {}])
def test_a_notebook_that_says_nothing_of_its_assignment_is_read(metadata, written):
    assert read_cells(written(NOTEBOOK | {"metadata": metadata}), "backprop") == CELLS

"""Reading submissions: every notebook gives cells, anything else an error message."""

import contextlib
import json
import os
import stat
import zipfile

import pytest

import autograder.grading.upload as module
from autograder.grading.notebook import Cell, Notebook, read_notebook
from autograder.grading.upload import SubmissionError

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
    Cell("x = 1\ny = 2"),
    Cell('grader.check("q3a")'),
    Cell("plt.plot()", ignored=True),
    Cell("g.check( 'q3b' ); g.check('q3c', True)"),
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
    cells = read_notebook(written(NOTEBOOK)).cells
    assert cells == CELLS
    assert [cell.questions for cell in cells] == [(), ("q3a",), (), ("q3b", "q3c")]


def test_a_zip_with_one_notebook_and_other_files_is_read(tmp_path):
    path = tmp_path / "hw.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/hw.ipynb", json.dumps(NOTEBOOK))
        archive.writestr("folder/.ipynb_checkpoints/hw-checkpoint.ipynb", "{}")
        archive.writestr("__MACOSX/folder/._hw.ipynb", "x")
        archive.writestr("otter.py", "raise SystemExit")
    assert read_notebook(path).cells == CELLS


def test_version_3_is_read(written):
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = ", "1"]}]}], "nbformat": 3}
    assert read_notebook(written(old)).cells == [Cell("x = 1")]


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
def test_an_invalid_cell_is_skipped_or_empty(cell, written):
    assert [c.source for c in read_notebook(written({"cells": [cell]})).cells] in ([], [""])


def test_characters_that_cannot_be_encoded_are_replaced(written):
    data = json.dumps(NOTEBOOK).encode().replace(b"x = 1", b"x = '\xff'")
    assert read_notebook(written(data)).cells[0].source.startswith("x = '")
    assert (
        read_notebook(written({"cells": [{"cell_type": "code", "source": "x = '\ud800'"}]})).cells[0].source
        == "x = '?'"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a notebook"),
        (b"\x89PNG", "is not a notebook"),
        (b"[" * 100_000, "is not a notebook"),
        ([], "is not a notebook"),
        ("text", "is not a notebook"),
        ({}, "is not a notebook"),
        ({"cells": 3}, "is not a notebook"),
        ({"cells": [{}] * 6000}, "more than 5000 cells"),
    ],
)
def test_a_file_that_is_not_a_notebook_is_refused(content, sentence, written):
    with pytest.raises(SubmissionError, match=sentence):
        read_notebook(written(content))


def test_a_zip_with_no_or_several_notebooks_is_refused(zipped):
    with pytest.raises(SubmissionError, match=r"There is no notebook in hw\.zip \(text\)"):
        read_notebook(zipped(text=1))
    with pytest.raises(SubmissionError, match=r"more than one notebook in hw\.zip \(a\.ipynb, b\.ipynb\)"):
        read_notebook(zipped(**{"a.ipynb": {}, "b.ipynb": {}}))


def test_an_invalid_or_encrypted_zip_is_refused(written, zipped):
    with pytest.raises(SubmissionError, match=r"The zip hw\.zip cannot be read"):
        read_notebook(written(b"PK nonsense", "hw.zip"))
    path = zipped(**{"a.ipynb": NOTEBOOK})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    with pytest.raises(SubmissionError, match=r"locked\.zip has a password"):
        read_notebook(written(bytes(data), "locked.zip"))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_a_changed_byte_is_read_or_refused(method, tmp_path):
    path, damaged = tmp_path / "hw.zip", tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("übung.ipynb", json.dumps(NOTEBOOK))
    data = path.read_bytes()
    for place in range(len(data)):
        for mask in (0x01, 0x80, 0xFF):
            damaged.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            with contextlib.suppress(SubmissionError):
                read_notebook(damaged)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_notebook_in_any_unicode_encoding_is_read(encoding, written):
    text = json.dumps(NOTEBOOK | {"title": "Übung"}, ensure_ascii=False)
    assert read_notebook(written(text.encode(encoding))).cells == CELLS


@pytest.mark.parametrize("name", ["HW.IPYNB", "hw.ipynb.txt", "hw.ipynb.json", "hw (1).ipynb", "hw"])
def test_a_renamed_notebook_is_read(name, written, tmp_path):
    path = written(NOTEBOOK, name)
    assert read_notebook(path).cells == CELLS
    if "." in name:
        assert read_notebook(tmp_path).cells == CELLS


def test_a_zip_from_any_system_is_read(tmp_path):
    path = tmp_path / "hw.zip"
    link = zipfile.ZipInfo("hw/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = json.dumps(NOTEBOOK)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("hw/hw.ipynb", "hw/._hw.ipynb", "__MACOSX/hw.ipynb"):
            archive.writestr(name, data)
        archive.writestr(link, "/etc/passwd")
        archive.writestr("hw/.ipynb_checkpoints/hw-checkpoint.ipynb", data)
    assert read_notebook(path).cells == CELLS
    checkpoint = b"hw/.ipynb_checkpoints/hw-checkpoint.ipynb"
    path.write_bytes(path.read_bytes().replace(checkpoint, checkpoint.replace(b"/", b"\\")))
    assert read_notebook(path).cells == CELLS
    assert read_notebook(path.rename(tmp_path / "hw.ipynb")).cells == CELLS


def test_a_zip_in_a_zip_is_read_up_to_a_depth(tmp_path):
    inner = json.dumps(NOTEBOOK).encode()
    for depth in range(5):
        path = tmp_path / f"hw{depth}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hw.ipynb" if depth == 0 else "hw.zip", inner)
        inner = path.read_bytes()
        if depth < 3:
            assert read_notebook(path).cells == CELLS
        else:
            with pytest.raises(SubmissionError, match=r"hw\.zip is inside 3 other zips"):
                read_notebook(path)


def test_a_large_notebook_is_refused(written, zipped, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    big = {"cells": [], "x": "0" * (2 << 20)}
    with pytest.raises(SubmissionError, match="larger than 1 MB"):
        read_notebook(written(big))
    path = zipped(**{"a.ipynb": big})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", json.dumps(big))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SubmissionError, match=r"a\.ipynb is larger than 1 MB\. Clear all its outputs"):
        read_notebook(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SubmissionError, match="cannot be read: No such file"):
        read_notebook(tmp_path / "hw.ipynb")


def test_a_pipe_is_refused_without_waiting(written, tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(SubmissionError, match=r"pipe\.ipynb is neither a file nor a folder"):
        read_notebook(tmp_path / "pipe.ipynb")
    written(NOTEBOOK)
    assert read_notebook(tmp_path).cells == CELLS


def test_the_one_notebook_below_a_folder_is_read(written, tmp_path):
    (tmp_path / "homework" / ".ipynb_checkpoints").mkdir(parents=True)
    written({}, "homework/.ipynb_checkpoints/hw-checkpoint.ipynb")
    written(NOTEBOOK, "homework/hw.ipynb")
    written(b"PK nonsense", "export.zip")
    written(b"raise SystemExit", "numpy.py")
    (tmp_path / "link.ipynb").symlink_to("/dev/zero")
    assert read_notebook(tmp_path).cells == CELLS


def test_a_zip_in_a_folder_is_read_if_there_is_no_notebook(zipped, tmp_path):
    zipped(**{"hw__hw.ipynb": NOTEBOOK})
    assert read_notebook(tmp_path).cells == CELLS


def test_the_error_for_no_or_several_notebooks_names_the_files(written, tmp_path):
    with pytest.raises(SubmissionError, match=r"no notebook in the submission \(no files\)"):
        read_notebook(tmp_path)
    written(b"x = 1", "answers.py")
    with pytest.raises(SubmissionError, match=r"\(answers.py\). Hand in the file that ends in .ipynb"):
        read_notebook(tmp_path)
    for name in ("a.ipynb", "b.ipynb"):
        written(NOTEBOOK, name)
    with pytest.raises(
        SubmissionError,
        match=r"more than one notebook in the submission \(a\.ipynb, b\.ipynb\)\. Hand in only one",
    ):
        read_notebook(tmp_path)


def test_a_notebook_of_another_assignment_is_refused(written):
    path = written(NOTEBOOK | {"metadata": {"homework": {"assignment": "autodiff"}}})
    assert read_notebook(path, "autodiff") == read_notebook(path) == Notebook(CELLS, [])
    with pytest.raises(
        SubmissionError, match=r"another assignment, autodiff\. Hand in the notebook of backprop"
    ):
        read_notebook(path, "backprop")


def test_a_notebook_of_another_build_gets_a_remark(written):
    path = written(NOTEBOOK | {"metadata": {"homework": {"assignment": "backprop", "build": "0a1b"}}})
    assert read_notebook(path, "backprop", "0a1b").remarks == []
    (remark,) = read_notebook(path, "backprop", "ffff").remarks
    assert remark.startswith("This notebook comes from another version of the assignment (build 0a1b)")


def test_a_cell_knows_the_names_that_it_binds():
    text = (
        "import torch, numpy as np\nfrom math import exp\n@cache\ndef f(z):\n    return g(z)\n"
        "a, b = 1, 2\nc: int = 3\nd += h(4)\nclass E: pass\nasync def i(): pass\nprint(j)\n"
        "from m import (\n    k,\n    l,\n)\nprint('g = ', g(2))\nassert h(2) == 3\n# z = 3\nprint(z)"
    )
    assert {"torch", "np", "exp", "f", "a", "b", "c", "d", "E", "i", "k", "l"} <= Cell(text).names
    assert not {"g", "h", "j", "z"} & Cell(text).names


@pytest.mark.parametrize("metadata", [None, [], {"homework": 3}, {"homework": {"assignment": ["x"]}}, {}])
def test_a_notebook_without_an_assignment_is_read(metadata, written):
    read = read_notebook(written(NOTEBOOK | {"metadata": metadata}), "backprop", "ffff")
    assert read == Notebook(CELLS, [])

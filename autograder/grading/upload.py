"""Finds the one notebook in a submission: a notebook, a zip, or a folder with either."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from autograder.errors import FellShortError
from checking.boundary import clean

LARGEST = 100 << 20
DEEPEST = 3
# Some browsers add another ending to a download.
NOTEBOOK_ENDINGS = (".ipynb", ".ipynb.json", ".ipynb.txt")


class SubmissionError(FellShortError):
    """A submission that cannot be graded. The message tells the student why."""


def notebook_of(*paths: Path) -> tuple[str, bytes]:
    """The name and the bytes of the one notebook in a submission.

    Parameters
    ----------
    paths : Path
        A notebook; a zip with a notebook, such as `grader.export` makes; or a folder with one of these. Or
        several of them, if a student handed in more than one file.

    Raises
    ------
    SubmissionError
        If there is not exactly one notebook, or if it cannot be read.
    """
    path = paths[0]
    if len(paths) > 1 or path.is_dir():
        files = {name: below for path in paths for name, below in files_of(path)}
        path = files[_the_one("the submission", list(files))]
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError(f"{path.name} is neither a file nor a folder.")
        if status.st_size > LARGEST:
            raise _too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error.strerror}.") from None
    return _unpacked(clean(path.name, 50), data)


def _unpacked(name: str, data: bytes, depth: int = 0) -> tuple[str, bytes]:
    """The one notebook in these bytes if they are a zip, otherwise the bytes themselves."""
    if not _is_zip(name) and not data.startswith(b"PK\3\4"):
        return name, data
    if depth == DEEPEST:
        raise SubmissionError(f"{name} is inside {DEEPEST} other zips. Hand in the notebook itself.")
    try:
        inner = _read_from_zip(name, data)
    except SubmissionError:
        raise
    except Exception as error:  # for a damaged zip, zipfile raises many kinds of errors
        raise SubmissionError(f"The zip {name} cannot be read: {clean(str(error), 100)}.") from None
    return _unpacked(*inner, depth + 1)


def _read_from_zip(name: str, data: bytes) -> tuple[str, bytes]:
    """The name and the bytes of the one notebook or zip in a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {
            entry.filename.replace("\\", "/"): entry
            for entry in archive.infolist()
            if not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)
        }
        found = files[_the_one(name, list(files))]
        if found.flag_bits & 1:
            raise SubmissionError(f"{name} has a password. Hand in a zip without a password.")
        if found.file_size > LARGEST:
            raise _too_large(found.filename)
        with archive.open(found) as file:
            return clean(PurePosixPath(found.filename).name, 50), file.read(LARGEST)


def files_of(path: Path) -> list[tuple[str, Path]]:
    """The files in a folder, or the file itself, with different names."""
    if not path.is_dir():
        return [(path.name, path)]
    return [(f"{path.name}/{name}", path / name) for name in _files_below(path)]


def _files_below(folder: Path) -> list[str]:
    """The regular files in a folder and its subfolders."""
    paths = [Path(top, name) for top, _, names in os.walk(folder) for name in sorted(names)]
    return [p.relative_to(folder).as_posix() for p in paths if p.is_file() and not p.is_symlink()]


def _the_one(where: str, files: Sequence[str]) -> str:
    """The one notebook among files, or else the one zip."""
    files = [name for name in files if not is_of_the_system(name)]
    notebooks = [name for name in files if _is_notebook(name)]
    found = notebooks or [name for name in files if _is_zip(name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(clean(PurePosixPath(name).name, 50) for name in (found or files)[:5])
    if found:
        raise SubmissionError(f"There is more than one notebook in {where} ({names}). Hand in only one.")
    raise SubmissionError(
        f"There is no notebook in {where} ({names or 'no files'}). "
        "Hand in the file that ends in .ipynb, or the zip that the notebook's last cell makes."
    )


def is_upload(name: str) -> bool:
    """Whether a file with this name may be a submission: a notebook or a zip."""
    return not is_of_the_system(name) and (_is_notebook(name) or _is_zip(name))


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(NOTEBOOK_ENDINGS)


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def is_of_the_system(name: str) -> bool:
    """Whether macOS or Jupyter added this file."""
    *folders, last = name.split("/")
    return last.startswith("._") or not {"__MACOSX", ".ipynb_checkpoints"}.isdisjoint(folders)


def _too_large(name: str) -> SubmissionError:
    return SubmissionError(
        f"{clean(name, 50)} is larger than {LARGEST >> 20} MB. Clear all its outputs and save it again."
    )

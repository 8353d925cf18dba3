"""Finds near-identical submissions by the fingerprints that few others have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from autograder.batch.messages import plain
from autograder.batch.records import Record
from autograder.report.fingerprints import Hashes, answer_hashes
from autograder.report.people import Person, person_of

MOST_PAIRS, MOST_ANSWERS = 20, 8  # shown; answers of a pair
RARE, RAREST, SHARE = 5, 20, 0.02  # a fingerprint is rare if at most max(5, 2 %) submissions, and 20, have it
LEAST_COMMON, LEAST_SHARE = 24, 0.25  # rare fingerprints that a pair has in common
LINES, FEWER_LINES, WIDTH = 80, 40, 300  # of an answer, side by side; fewer if few lines are the same
LONG_LINE = 120
CHUNK = 2_000_000  # pairs that are looked up at once
CELLS = 50_000_000  # of the table in which pairs are counted

_SENTENCE_END = re.compile(r"(?<=[a-z][.!?])\s+(?=\S)")
ReadRecord = Callable[[str], Record]


@dataclass(frozen=True)
class Likeness:
    """How much two submissions have in common.

    first, second : their places in the class.
    common : the number of rare fingerprints that both have.
    share : as a share of the rare fingerprints of the one that has fewer.
    """

    first: int
    second: int
    common: int
    share: float


@dataclass(frozen=True)
class SimilarAnswer:
    """A question in which two submissions are similar.

    same : whether the texts are the same.
    text : the text of the first one.
    table : both texts side by side, if they differ.
    """

    question: str
    same: bool
    text: str
    table: Markup


@dataclass(frozen=True)
class SideBySide:
    """Two near-identical submissions.

    answers : those with a rare fingerprint in common.
    more : the questions of further such answers.
    """

    people: tuple[Person, Person]
    likeness: Likeness
    answers: list[SimilarAnswer]
    more: list[str]

    @property
    def same(self) -> list[str]:
        """The questions in which the texts are the same."""
        return [answer.question for answer in self.answers if answer.same]


@dataclass
class Class:
    """The fingerprints of a class.

    hashes : those of each submission.
    written : the questions that are answered in words.
    common : the names that most of the class use.
    """

    names: list[str]
    hashes: list[Hashes]
    written: frozenset[str]
    common: frozenset[str]

    @classmethod
    def of(cls, records: Iterable[Record], written: frozenset[str], common: frozenset[str]) -> Class:
        """Take the fingerprints of all answers of these submissions."""
        found = cls([], [], written, common)
        for record in records:
            found.names.append(record.name)
            parts = [found.of_answer(question, text) for question, text in record.answers.items()]
            found.hashes.append(np.unique(np.concatenate([np.zeros(0, np.uint64), *parts])))
        return found

    def of_answer(self, question: str, text: str) -> Hashes:
        """The fingerprints of one answer."""
        return answer_hashes(text, question in self.written, self.common)

    @property
    def most(self) -> int:
        """How many submissions may have a rare fingerprint."""
        return min(max(RARE, int(SHARE * len(self.names))), RAREST)


@dataclass(frozen=True)
class Index:
    """Which submissions have which fingerprint.

    hashes : all fingerprints, in ascending order; one is repeated if several submissions have it.
    owners : the place of the submission of each, ascending for one fingerprint.
    starts, sizes : where each different fingerprint begins, and how many submissions have it.
    number : the number of submissions.
    """

    hashes: Hashes
    owners: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    number: int

    @classmethod
    def of(cls, parts: list[Hashes]) -> Index:
        """The index of the different fingerprints of each submission."""
        hashes = np.concatenate([np.zeros(0, np.uint64), *parts])
        owners = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
        return cls(hashes, owners[order], starts, np.diff(starts, append=len(hashes)), len(parts))

    def frequent(self, most: int) -> Hashes:
        """The fingerprints that more than so many submissions have."""
        return self.hashes[self.starts[self.sizes > most]]

    def blocks(self, least: int, most: int) -> Iterator[npt.NDArray[np.int32]]:
        """The owners of the fingerprints with so many owners, as arrays with one row for each fingerprint."""
        for size in range(least, most + 1):
            chosen = self.starts[self.sizes == size]
            step = max(1, CHUNK // size**2)
            for place in range(0, len(chosen), step):
                yield self.owners[chosen[place : place + step, None] + np.arange(size)]


def likenesses(index: Index, most: int) -> list[Likeness]:
    """The pairs of submissions that have many rare fingerprints in common, the most similar first.

    The work grows with the number of fingerprints and not with the number of pairs, since a rare
    fingerprint is in few pairs.

    index : the fingerprints of the class.
    most : a fingerprint is rare if at most so many submissions have it.
    """
    rare = np.zeros(index.number, np.int64)
    for block in index.blocks(1, most):
        rare += np.bincount(block.ravel(), minlength=index.number)
    found = []
    for (first, second), common in _pair_counts(index, most).items():
        share = float(common / min(rare[first], rare[second]))
        if share >= LEAST_SHARE:
            found.append(Likeness(first, second, common, share))
    return sorted(found, key=lambda like: (-like.common * like.share, like.first, like.second))


def _pair_counts(index: Index, most: int) -> dict[tuple[int, int], int]:
    """How many rare fingerprints each pair has in common, if it is enough."""
    found = {}
    rows = max(1, CELLS // max(index.number, 1))
    for begin in range(0, index.number, rows):
        counts = np.zeros((min(rows, index.number - begin), index.number), np.int32)
        cells = counts.reshape(-1)
        for block in index.blocks(2, most):
            left, right = np.triu_indices(block.shape[1], 1)
            cell = (block[:, left].astype(np.int64) - begin) * index.number + block[:, right]
            np.add.at(cells, cell[(cell >= 0) & (cell < len(cells))], 1)
        for first, second in np.argwhere(counts >= LEAST_COMMON).tolist():
            found[begin + first, second] = int(counts[first, second])
    return found


def side_by_side(group: Class, read: ReadRecord) -> list[SideBySide]:
    """The most similar pairs of a class, side by side; `read` reads a record by its name."""
    index = Index.of(group.hashes)
    found = likenesses(index, group.most)[:MOST_PAIRS]
    frequent = index.frequent(group.most)
    return [_shown(group, likeness, frequent, read) for likeness in found]


def _shown(group: Class, likeness: Likeness, frequent: Hashes, read: ReadRecord) -> SideBySide:
    """Read two submissions again, and compare the answers that have a rare fingerprint in common."""
    first, second = read(group.names[likeness.first]), read(group.names[likeness.second])
    questions = []
    for question in (q for q in first.answers if q in second.answers):
        ours, theirs = (group.of_answer(question, one.answers[question]) for one in (first, second))
        if len(np.setdiff1d(np.intersect1d(ours, theirs), frequent)):
            questions.append(question)
    questions.sort(key=lambda question: question not in group.written)  # the strongest sign first
    shown = [_answer(q, first.answers[q], second.answers[q]) for q in questions[:MOST_ANSWERS]]
    people = person_of(first), person_of(second)
    return SideBySide(people, likeness, shown, questions[MOST_ANSWERS:])


def _answer(question: str, first: str, second: str) -> SimilarAnswer:
    same = first == second
    return SimilarAnswer(question, same, plain(first), Markup("") if same else difference(first, second))


def difference(first: str, second: str) -> Markup:
    """Two texts side by side, as an HTML table; only their beginnings if they are long."""
    left, right = _lines(first), _lines(second)
    # The comparison of lines that differ is slow.
    most = LINES if 2 * len(set(left) & set(right)) >= min(len(left), len(right)) else FEWER_LINES
    table = difflib.HtmlDiff(tabsize=4).make_table(_cut(left, most), _cut(right, most))
    # Without the columns of links, the attributes of old HTML, and ids that count the tables of a process.
    table = re.sub(r'<td class="diff_next"[^>]*>.*?</td>|<colgroup></colgroup>', "", table)
    table = re.sub(r' (id|nowrap|cellspacing|cellpadding|rules)="[^"]*"', "", table)
    return Markup(table.strip().replace("&nbsp;", " "))


def _lines(text: str) -> list[str]:
    """The lines of a text, with a line for each sentence of a paragraph."""
    lines = [part for line in plain(text, LINES * WIDTH).split("\n") for part in _sentences(line)]
    return [line if len(line) <= WIDTH else f"{line[:WIDTH]} ..." for line in lines]


def _cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], "..."]


def _sentences(line: str) -> list[str]:
    """The sentences of a line if it is long: it is a paragraph of a written answer."""
    return _SENTENCE_END.split(line) if len(line) > LONG_LINE else [line]

"""Fingerprints of answers, by which near-identical submissions are found.

An answer is cut into tokens with a regular expression, because Python's parser may crash on untrusted code.
Comments, strings and white space are dropped. A name that fewer than half of the class use is replaced by a
placeholder, so renamed variables do not matter. Each run of CODE_RUN tokens has one fingerprint. In written
answers, the tokens are the words, and a run has WORD_RUN of them.
"""

from __future__ import annotations

import functools
import keyword
import re
import zlib
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

CODE_RUN, WORD_RUN = 12, 8
_TOKEN = re.compile(
    r"""
    \#[^\n]*
    | "{3} [\s\S]*? (?:"{3}|\Z) | '{3} [\s\S]*? (?:'{3}|\Z)
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?  # an open string ends with its line: no search is repeated
    | ( [^\W\d]\w* )  # a name
    | ( \d[\w.]* | [^\s\w] )  # a number or a sign
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"\w+")
_PLACEHOLDER = "$"  # no token of Python
_FACTOR = 0x9E3779B97F4A7C15  # any large odd number


def names_in(code: str) -> set[str]:
    """The names in code, without keywords."""
    found = {name for name, _ in _TOKEN.findall(code)}
    return {name for name in found if name and not keyword.iskeyword(name)}


def code_tokens(code: str, common: Container[str]) -> list[str]:
    """The tokens of code, with a placeholder for every name that is not common and not a keyword."""
    tokens = []
    for name, other in _TOKEN.findall(code):
        if name:
            tokens.append(name if name in common or keyword.iskeyword(name) else _PLACEHOLDER)
        elif other:
            tokens.append(other)
    return tokens


def word_tokens(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall(text.lower())


@functools.lru_cache(maxsize=100_000)
def _checksum(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "replace"))


def run_hashes(tokens: Iterable[str], length: int) -> Hashes:
    """The different fingerprints of all runs of so many tokens, in ascending order.

    A fingerprint is the polynomial sum_i t_i f^i of the tokens' checksums t_i, modulo 2^64.
    """
    codes = np.array([_checksum(token) for token in tokens], np.uint64)
    if len(codes) < length:
        return np.zeros(0, np.uint64)
    total: np.ndarray = np.zeros(len(codes) - length + 1, np.uint64)
    for place in range(length):
        total = total * np.uint64(_FACTOR) + codes[place : place + len(total)]
    return np.unique(total)


@dataclass
class UsedNames:
    """Counts by how many submissions each name is used."""

    uses: Counter[str] = field(default_factory=Counter)
    submissions: int = 0

    def add(self, codes: Iterable[str]) -> None:
        """Count the names in the answers of one submission."""
        self.uses.update(set().union(*map(names_in, codes)))
        self.submissions += 1

    @property
    def common(self) -> frozenset[str]:
        """The names that at least half of the class, and at least two submissions, use."""
        least = max(2, self.submissions / 2)
        return frozenset(name for name, count in self.uses.items() if count >= least)


def answer_hashes(text: str, written: bool, common: Container[str]) -> Hashes:
    """The fingerprints of one answer, in words or in code."""
    if written:
        return run_hashes(word_tokens(text), WORD_RUN)
    return run_hashes(code_tokens(text, common), CODE_RUN)

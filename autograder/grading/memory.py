"""What the checks of a question said of earlier submissions, by what these answered.

A check is a program of its own secret and of what a submission answers, and of nothing else. So where
another submission gives, byte for byte, the answers of an earlier one, its outcome is that one's, and only
the submission's part has to run. Every call is made as the checks make it, and only after the one before
was answered, since its arguments may tell what that answer should have been. With a call of a function
that calls functions of the checks back, go the answers to those callbacks, as long as one way is known
only: they are what the function gets for the very calls that it has to make, in that order. Where it makes
others, its worker is given up. Where an answer is new the checks themselves take over; what was answered
so far is kept for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST = 64 << 20  # bytes, about, for one question; beyond that it is forgotten
MOST_AHEAD = 32 << 10  # bytes, about; a pipe holds more
NODE = 200  # bytes, about, that a node takes without its frame


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange with a worker.

    frame : what was sent.
    seconds : the limit on the answer.
    goes_on : whether it belongs to the same call as the exchange before: it answers a callback.
    digest : of the frame that came back.
    """

    frame: bytes
    seconds: float
    goes_on: bool
    digest: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether each test case of a question passed, and the message."""

    cases: tuple[tuple[bool, str], ...]


class Node:
    """What is sent next, and what follows for each digest of the answer."""

    __slots__ = ("frame", "goes_on", "next", "seconds")

    def __init__(self, said: Said, frame: bytes):
        self.frame, self.seconds, self.goes_on = frame, said.seconds, said.goes_on
        self.next: dict[bytes, Node | Outcome] = {}

    def with_callbacks(self) -> list[Node]:
        """This node, and those after it that answer callbacks, as long as there is one way to go."""
        nodes, size = [self], 0
        while len(nodes[-1].next) == 1:
            (after,) = nodes[-1].next.values()
            if not isinstance(after, Node) or not after.goes_on:
                break
            size += len(after.frame) + NODE
            if size > MOST_AHEAD:
                break
            nodes.append(after)
        return nodes


def digest(frame: bytes) -> bytes:
    """What frames are told apart by."""
    return hashlib.blake2b(frame, digest_size=16).digest()


def key_of(question: str, part: Sequence[str]) -> bytes:
    """What the parts of notebooks that a question depends on are told apart by."""
    return digest("\0".join([question, *part]).encode())


class Memory:
    """The exchanges and outcomes of each question so far, and the outcomes of parts of notebooks.

    of_parts : the outcome of each part that was graded alone, by its key.
    """

    def __init__(self) -> None:
        self.of_parts: dict[bytes, Outcome] = {}
        self._seen: set[bytes] = set()
        self._trees: dict[str, dict[bytes, Node | Outcome]] = {}
        self._frames: dict[str, dict[bytes, bytes]] = {}
        self._sizes: dict[str, int] = {}

    def seen(self, part: bytes) -> bool:
        """Whether a part, given by its key, came before. From now on it did."""
        before = part in self._seen
        self._seen.add(part)
        return before

    def start(self, question: str) -> Node | Outcome | None:
        """What is sent first for a question, if that is known."""
        return self._trees.get(question, {}).get(b"")

    def learn(self, question: str, exchanges: Sequence[Said], outcome: Outcome) -> None:
        """Note an outcome under the exchanges that led to it."""
        if self._sizes.get(question, 0) > LARGEST:
            for held in (self._trees, self._frames, self._sizes):
                held.pop(question)
        branches, key = self._trees.setdefault(question, {}), b""
        for said in exchanges:
            node = branches.get(key)
            if node is None:
                node = branches[key] = Node(said, self._kept(question, said.frame))
            if not isinstance(node, Node) or node.frame != said.frame:
                return  # a check that is no such program; its outcome is of no use for others
            branches, key = node.next, said.digest
        branches.setdefault(key, outcome)

    def _kept(self, question: str, frame: bytes) -> bytes:
        frames = self._frames.setdefault(question, {})
        size = NODE + (0 if frame in frames else len(frame))
        self._sizes[question] = self._sizes.get(question, 0) + size
        return frames.setdefault(frame, frame)

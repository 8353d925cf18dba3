"""Frames that no honest worker sends: random bytes and damaged messages."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.sandbox.wire import DTYPES, LARGEST_BODY, LARGEST_HEADER, LENGTHS, pack

LETTERS = ["l", "t", "d", "f", "i", "c", "a", "n", "r", "z", ""]
# Replacements for parts of a header.
PARTS: list[Any] = [
    *LETTERS,
    *DTYPES,
    *("C", "F", "S", "K", "O", ">f8", "nan", "inf", "0x", "-0xf", "1_0", "callback", "is", "\ud800", "\0"),
    *(None, True, False, 0, 1, -1, 2, 1.5, float("nan"), float("inf"), -0.0, 1e308),
    *(1 << 31, 1 << 47, 1 << 48, 1 << 53, 1 << 63, 1 << 64, -(1 << 64), 10**300),
    *([], {}, [[]], ["l"], ["d"], [0], [0, 1 << 47], [1] * 40, {"l": 1}, ["a", "<f8", [1], "C"]),
    *(["f", "inf"], ["i", "0xff"], ["c", 1, ["f", "nan"]], ["n", "<f8"], ["r", "callback", "0"]),
]
LENGTH_EDGES = [0, 1, 12, LARGEST_HEADER, LARGEST_HEADER + 1, LARGEST_BODY, LARGEST_BODY + 1]
LENGTH_EDGES += [(1 << 31) - 1, (1 << 32) - 1]
MESSAGES: list[Any] = [
    {"is": "done", "error": None, "interrupted": False},
    {"is": "done", "error": "NameError: name 'x' is not defined", "interrupted": True},
    {"is": "failure", "class": "Incorrect", "text": "f returned a set. Return numbers and arrays."},
    {"is": "callback", "name": "0", "arguments": (np.arange(6.0).reshape(2, 3), 1 + 2j, "a")},
    {"is": "reply", "value": np.arange(12.0).reshape(3, 4)[:, ::2], "changed": {}},
    {"is": "reply", "value": [float("nan"), 1 << 70, np.float32(2), (None, True)], "changed": {0: [1, 2]}},
    {"is": "reply", "value": np.asfortranarray(np.eye(3)), "changed": {1: {"W": np.zeros((0, 4)), 2: -0.0}}},
    {"is": "reply", "value": np.array(3, dtype="<u2"), "changed": {0: np.array([1j, 2]), 1: [[[[]]]]}},
]
PACKED = [pack(message) for message in MESSAGES]


def frames(seed: int) -> Iterator[bytes]:
    """An endless stream of fuzzed frames, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        yield rng.choice(MUTATIONS)(rng)


def noise(rng: random.Random) -> bytes:
    """Random bytes from the start."""
    return rng.randbytes(rng.randrange(64))


def noise_of_some_length(rng: random.Random) -> bytes:
    """Random bytes after correct lengths."""
    header, body = rng.randbytes(rng.randrange(32)), rng.randbytes(rng.randrange(32))
    return LENGTHS.pack(len(header), len(body)) + header + body


def flipped(rng: random.Random) -> bytes:
    """A real frame with some bits flipped."""
    frame = bytearray(rng.choice(PACKED))
    for _ in range(rng.randint(1, 8)):
        frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
    return bytes(frame)


def flipped_behind_its_lengths(rng: random.Random) -> bytes:
    """A real frame with some bytes of the header and the body replaced."""
    frame = bytearray(rng.choice(PACKED))
    for _ in range(rng.randint(1, 4)):
        frame[rng.randrange(LENGTHS.size, len(frame))] = rng.choice(b'[]{}",0123456789.-eE\\u \0\xff')
    return bytes(frame)


def of_other_lengths(rng: random.Random) -> bytes:
    """A real frame with wrong lengths."""
    frame = rng.choice(PACKED)
    lengths = list(LENGTHS.unpack(frame[: LENGTHS.size]))
    which = rng.randrange(2)
    lengths[which] = rng.choice([*LENGTH_EDGES, max(0, lengths[which] + rng.randint(-9, 9))])
    return LENGTHS.pack(*lengths) + frame[LENGTHS.size :]


def moved(rng: random.Random) -> bytes:
    """A real frame with a shifted border between header and body."""
    frame = rng.choice(PACKED)
    whole = len(frame) - LENGTHS.size
    border = rng.randint(0, whole)
    return LENGTHS.pack(border, whole - border) + frame[LENGTHS.size :]


def cut(rng: random.Random) -> bytes:
    """A real frame that ends too early or continues."""
    frame = rng.choice(PACKED)
    return frame[: rng.randrange(len(frame))] if rng.random() < 0.8 else frame + noise(rng)


def exchanged(rng: random.Random) -> bytes:
    """A real frame with parts of its header exchanged, removed, doubled or wrapped, and correct lengths."""
    frame = rng.choice(PACKED)
    header, body = _parts(frame)
    for _ in range(rng.randint(1, 3)):
        header = _changed(header, rng)
    if rng.random() < 0.2:
        body = body[: rng.randrange(len(body) + 1)] + rng.randbytes(rng.choice([0, 1, 8]))
    return _framed(json.dumps(header).encode(), body)


def nested(rng: random.Random) -> bytes:
    """A real frame nested in lists, up to the longest allowed header."""
    header, body = _parts(rng.choice(PACKED))
    opening = rng.choice([b'["l",', b'["t",', b'["d",["k",', b"[", b'{"l":', b'["c",1,'])
    closing = {b'["d",["k",': b"]]", b'{"l":': b"}"}.get(opening, b"]")
    deep = rng.choice([1, 2, 18, 19, 20, 21, 22, 23, 50] * 40 + [900, 5_000])
    return _framed(opening * deep + json.dumps(header).encode() + closing * deep, body)


def made_up(rng: random.Random) -> bytes:
    """An invented header."""
    return _framed(json.dumps(_tree(rng, rng.randint(1, 4))).encode(), rng.randbytes(rng.choice([0, 8, 64])))


def long(rng: random.Random) -> bytes:
    """A header of maximal length that repeats one part; rare, because it takes long."""
    if rng.random() > 0.001:
        return made_up(rng)
    part = json.dumps(rng.choice(PARTS))
    return _framed(f'["l"{f",{part}" * ((LARGEST_HEADER - 5) // (len(part) + 1))}]'.encode(), bytes(1 << 20))


MUTATIONS: list[Callable[[random.Random], bytes]] = [
    *(noise, noise_of_some_length, flipped, flipped_behind_its_lengths, of_other_lengths),
    *(moved, cut, exchanged, exchanged, exchanged, nested, made_up, long),
]


def _parts(frame: bytes) -> tuple[Any, bytes]:
    header_length, _ = LENGTHS.unpack(frame[: LENGTHS.size])
    border = LENGTHS.size + header_length
    return json.loads(frame[LENGTHS.size : border]), frame[border:]


def _framed(header: bytes, body: bytes) -> bytes:
    return LENGTHS.pack(len(header), len(body)) + header + body


def _changed(value: Any, rng: random.Random) -> Any:
    """A JSON value with a change somewhere in it."""
    if not isinstance(value, list) or not value or rng.random() < 0.2:
        return rng.choice([rng.choice(PARTS), [value], [rng.choice(LETTERS), value], [value, value]])
    value, at = list(value), rng.randrange(len(value))
    if rng.random() < 0.6:
        value[at] = _changed(value[at], rng)
    else:
        other = rng.randrange(len(value))
        value[at : at + 1] = rng.choice([[], [value[at]] * 2, [value[other]], [rng.choice(PARTS), value[at]]])
    return value


def _tree(rng: random.Random, depth: int) -> Any:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(PARTS)
    return [rng.choice(LETTERS), *(_tree(rng, depth - 1) for _ in range(rng.randrange(5)))]

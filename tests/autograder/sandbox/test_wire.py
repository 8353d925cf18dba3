"""The wire: plain data arrive unchanged, and any other bytes are refused."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.sandbox.wire import DTYPES, LENGTHS, Reference, WireError, pack, unpack

numbers = st.one_of(
    st.booleans(), st.integers(-(2**80), 2**80), st.floats(), st.complex_numbers(), st.none(), st.text()
)
some_arrays = arrays.arrays(
    st.sampled_from(list(DTYPES.values())),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
keys = st.one_of(st.text(), st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.none())
plain = st.recursive(
    numbers | some_arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=8,
)


def reader(data):
    """A function that reads from bytes as a worker's pipe is read; at the end of them it raises EOFError."""
    at = 0

    def read(size):
        nonlocal at
        if size > len(data) - at:
            raise EOFError
        at += size
        return data[at - size : at]

    return read


def same(a, b):
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return type(a) is type(b) and (a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)))


@given(plain)
@settings(max_examples=300, deadline=None)
def test_plain_data_arrive_unchanged(value):
    assert same(value, unpack(reader(pack(value))))


@given(plain, st.data())
@settings(max_examples=500, deadline=None)
def test_a_damaged_frame_is_read_or_refused(value, data):
    frame = bytearray(pack(value))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        arrived = unpack(reader(bytes(frame)))
    except (WireError, EOFError):
        return
    pack(arrived)


def frame(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
        | st.sampled_from(["l", "t", "d", "f", "i", "c", "a", "n", "r", "<f8", "C", "S", "F", "callback"]),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=12,
    ),
    st.binary(max_size=64),
)
@settings(max_examples=500, deadline=None)
def test_any_header_is_read_or_refused(header, body):
    try:
        arrived = unpack(reader(frame(header, body)))
    except WireError:
        return
    pack(arrived)


MALFORMED = {
    "not JSON": b"{",
    "not text": b"\xff\xfe",
    "an object": {"l": 1},
    "an unknown letter": ["z", 1],
    "a list without its letter": [1, 2],
    "an empty list": [],
    "a float that is a word": ["f", "1.5"],
    "an int of megabytes": ["i", "f" * 5000],
    "an invalid int": ["i", "zz"],
    "an array of objects": ["a", "O", [1], "C"],
    "an array of text": ["a", "<U8", [1], "C"],
    "an array of another byte order": ["a", ">f8", [1], "C"],
    "an array that is longer than its frame": ["a", "<f8", [1 << 40], "C"],
    "an array of a product that overflows": ["a", "i1", [1 << 40, 1 << 40, 0x100], "C"],
    "an array of a negative length": ["a", "<f8", [-1], "C"],
    "an array of a fractional length": ["a", "<f8", [1.0], "C"],
    "an array of a true length": ["a", "i1", [True], "C"],
    "an array of 40 dimensions": ["a", "i1", [1] * 40, "C"],
    "an array of an unknown order": ["a", "i1", [0], "K"],
    "an array without a shape": ["a", "i1"],
    "a reference": ["r", "callback", "0"],
    "a pair of three": ["d", [1, 2, 3]],
    "a key that is a list": ["d", [["l"], 1]],
    "a key that is a tuple": ["d", [["t", 1], 1]],
    "a key that is a long int": ["d", [["i", "0x1fffffffffffffff"], 1]],
    "nested 100 deep": json.loads('["l",' * 100 + "0" + "]" * 100),
    "nested 100 000 deep": b'["l",' * 100_000 + b"0" + b"]" * 100_000,
    "digits without an end": b"9" * 500_000,
    "numbers of complex numbers": ["c", ["c", 1, 2], 3],
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_frame_is_refused(what):
    with pytest.raises(WireError):
        unpack(reader(frame(MALFORMED[what])))


def test_unused_bytes_are_refused():
    with pytest.raises(WireError, match="unused bytes"):
        unpack(reader(frame(["l"], b"12345678")))


@pytest.mark.parametrize("lengths", [(1 << 31, 0), (2, 1 << 40), (2, (1 << 64) - 1), ((1 << 32) - 1, 0)])
def test_a_large_frame_is_refused_before_it_is_read(lengths):
    with pytest.raises(WireError, match="too large"):
        unpack(reader(LENGTHS.pack(*lengths)))


@pytest.mark.parametrize(
    "value",
    [object(), b"bytes", {1, 2}, np.array(["text"]), np.array([object()]), 2**100_000, np.zeros(9_000_000)],
    ids=["an object", "bytes", "a set", "text in an array", "objects in an array", "a long int", "72 MB"],
)
def test_other_data_cannot_be_sent(value):
    with pytest.raises(WireError):
        pack(value)


def test_references_arrive_only_if_allowed():
    data = pack(Reference("callback", "0"))
    assert unpack(reader(data), references=True) == Reference("callback", "0")
    with pytest.raises(WireError):
        unpack(reader(data))

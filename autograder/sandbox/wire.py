"""The wire between the grader and a worker: plain data in frames, and never code.

A frame is two lengths, a header in JSON, and the raw bytes of the arrays in the header. Its contents are
limited and checked before they are used; there is no pickle.

Values in a header stand for themselves, except these, which are lists that begin with a letter:

    ["l", ...] a list         ["t", ...] a tuple       ["d", [key, value], ...] a dict, of plain keys
    ["f", text] nan, inf      ["i", text] a long int   ["c", re, im] a complex number
    ["a", dtype, shape, order] the next array          ["n", dtype] the next NumPy number
    ["r", kind, name] a reference to a function on one of the two sides; only the grader sends these
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LENGTHS = struct.Struct("<IQ")
NUMBER = 8  # bytes before a frame: the number of the request
LIMIT = struct.Struct("<d")  # next, only before the grader's frames: the time limit in seconds
LARGEST_HEADER = 1 << 20
LARGEST_BODY = 64 << 20
DEEPEST = 20  # levels of a value, as in checking.boundary; a message is one more
LONGEST_INT = 4000
LARGEST_PLAIN = 1 << 53  # JSON's numbers are floats elsewhere
# Keys of dicts. A worker could send thousands of tuples or long ints with the same hash.
KEYS = (str, int, bool, type(None))
# The dtypes that cross, little-endian.
DTYPES = {code: np.dtype(code) for code in ("?", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8")}
DTYPES |= {code: np.dtype(code) for code in ("<f2", "<f4", "<f8", "<c8", "<c16")}
CODES = {dtype: code for code, dtype in DTYPES.items()}
_to_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class WireError(Exception):
    """A frame is malformed or too large, or contains data that may not cross."""


@dataclass(frozen=True)
class Reference:
    """A function on the other side, or on this one.

    kind : "callback" for a function of the grader, "function" or "program" for one of the worker.
    name : the function's name; for a program, a unique text, a colon, and the program's name and source.
    """

    kind: str
    name: str


def pack(message: Any, wrap: Callable[[Any], Reference] | None = None) -> bytes:
    """Pack a message into one frame.

    Parameters
    ----------
    message : plain data
    wrap : makes references from functions; without it, functions may not cross

    Raises
    ------
    WireError
        If the message contains data that may not cross.
    """
    buffers: list[bytes] = []
    try:
        header = _to_json(_encode(message, buffers, wrap, 0)).encode()
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise WireError(str(error)) from None
    body = b"".join(buffers)
    if len(header) > LARGEST_HEADER or len(body) > LARGEST_BODY:
        raise WireError("too much data")
    return LENGTHS.pack(len(header), len(body)) + header + body


def frame_length(head: bytes | bytearray) -> int:
    """The length of a frame that begins with these LENGTHS.size bytes; raises WireError if too large."""
    header_length, body_length = LENGTHS.unpack(head)
    if header_length > LARGEST_HEADER or body_length > LARGEST_BODY:
        raise WireError("a frame that is too large")
    return LENGTHS.size + int(header_length) + int(body_length)


def unpack(read: Callable[[int], bytes], *, references: bool = False) -> Any:
    """Read one frame.

    Parameters
    ----------
    read : returns exactly the given number of bytes
    references : whether the frame may contain references

    Raises
    ------
    WireError
        If `pack` could not have made the frame.
    """
    head = read(LENGTHS.size)
    frame_length(head)
    header_length, body_length = LENGTHS.unpack(head)
    header = read(header_length)
    body = _Body(read(body_length), references)
    try:
        value = _decode(json.loads(header), body, 0)
    except WireError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, RecursionError, OverflowError, MemoryError) as error:
        raise WireError(f"a malformed frame: {type(error).__name__}") from None
    if body.rest():
        raise WireError("a frame with unused bytes")
    return value


class _Body:
    """The raw bytes of a frame, from which arrays are taken in order."""

    __slots__ = ("_at", "_data", "references")

    def __init__(self, data: bytes, references: bool):
        self._data, self._at, self.references = data, 0, references

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self._data) - self._at:
            raise WireError("an array that is longer than its frame")
        self._at += size
        return self._data[self._at - size : self._at]

    def rest(self) -> int:
        return len(self._data) - self._at


def _encode(value: Any, buffers: list[bytes], wrap: Callable[[Any], Reference] | None, depth: int) -> Any:
    if depth > DEEPEST + 1:
        raise WireError(f"data nested more than {DEEPEST} deep")
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else ["f", repr(value)]
    if value is None or kind is bool or kind is str:
        return value
    if kind is np.ndarray or isinstance(value, np.generic):
        return _encode_array(value, buffers)
    if kind is int:
        return value if -LARGEST_PLAIN < value < LARGEST_PLAIN else ["i", _digits(value)]
    if kind is complex:
        return ["c", _encode(value.real, buffers, None, depth), _encode(value.imag, buffers, None, depth)]
    if isinstance(value, (list, tuple)):
        letter = "l" if isinstance(value, list) else "t"
        return [letter, *[i if type(i) is str else _encode(i, buffers, wrap, depth + 1) for i in value]]
    if isinstance(value, dict):
        return ["d", *[[_key(k), _encode(v, buffers, wrap, depth + 1)] for k, v in value.items()]]
    if wrap is not None and callable(value):
        value = wrap(value)
    if isinstance(value, Reference):
        return ["r", value.kind, value.name]
    raise WireError(f"a {kind.__name__}, which is not plain data")


def _key(key: Any) -> Any:
    if type(key) not in KEYS or (type(key) is int and key.bit_length() > 53):
        raise WireError("a dict with keys that are neither text nor short ints")
    return key


def _digits(value: int) -> str:
    if value.bit_length() > 3 * LONGEST_INT:
        raise WireError("an int that is too long")
    return hex(value)


def _encode_array(value: np.ndarray | np.generic, buffers: list[bytes]) -> Any:
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, np.longdouble):
        return _encode(float(value), buffers, None, 0)
    array = np.asarray(value)
    code = CODES.get(array.dtype)
    if code is None:
        dtype = array.dtype.newbyteorder("<")
        if dtype not in CODES:
            raise WireError(f"an array of dtype {dtype}")
        array, code = array.astype(dtype), CODES[dtype]
    if isinstance(value, np.generic):
        buffers.append(array.tobytes())
        return ["n", code]
    order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "S"
    buffers.append(array.tobytes("F" if order == "F" else "C"))
    return ["a", code, list(array.shape), order]


def _decode(value: Any, body: _Body, depth: int) -> Any:
    if depth > DEEPEST + 2:
        raise WireError("data nested too deep")
    if not isinstance(value, list):
        if isinstance(value, dict):
            raise WireError("a JSON object")
        return value
    if not value or not isinstance(value[0], str):
        raise WireError("a list without its letter")
    letter, rest = value[0], value[1:]
    if letter in ("l", "t"):
        deeper = depth + 1
        items = [
            _decode(item, body, deeper) if type(item) is list or type(item) is dict else item for item in rest
        ]
        return items if letter == "l" else tuple(items)
    if letter == "d":
        return dict(_pair(pair, body, depth) for pair in rest)
    if letter not in _LEAVES:
        raise WireError("an unknown letter")
    return _LEAVES[letter](body, *rest)


def _pair(pair: Any, body: _Body, depth: int) -> tuple[Any, Any]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise WireError("an invalid pair")
    return _key(pair[0]), _decode(pair[1], body, depth + 1)


def _float(_: _Body, text: str) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise WireError("an invalid float")
    return float(text)


def _int(_: _Body, text: str) -> int:
    if not isinstance(text, str) or len(text) > LONGEST_INT:
        raise WireError("an int that is too long")
    return int(text, 16)


def _complex(body: _Body, real: Any, imaginary: Any) -> complex:
    parts = [_decode(part, body, 0) for part in (real, imaginary)]
    if not all(type(part) in (int, float) for part in parts):
        raise WireError("an invalid complex number")
    return complex(*parts)


def _number(body: _Body, code: str) -> np.generic:
    dtype = DTYPES[code]
    number: np.generic = np.frombuffer(body.take(dtype.itemsize), dtype=dtype)[0]
    return number


def _array(body: _Body, code: str, shape: list[int], order: str) -> np.ndarray:
    dtype = DTYPES[code]
    if order not in ("C", "F", "S") or len(shape) > 32:
        raise WireError("an array with an unknown order")
    if not all(type(n) is int and 0 <= n < 1 << 48 for n in shape):
        raise WireError("an array with an impossible shape")
    flat = np.frombuffer(body.take(math.prod(shape) * dtype.itemsize), dtype=dtype)
    if order != "S" or not shape:
        return flat.reshape(shape, order="F" if order == "F" else "C").copy(order="K")
    wide = np.zeros((*shape[:-1], 2 * shape[-1]), dtype=dtype)
    wide[..., ::2] = flat.reshape(shape)
    return wide[..., ::2]


def _reference(body: _Body, kind: str, name: str) -> Reference:
    if not body.references or not isinstance(kind, str) or not isinstance(name, str):
        raise WireError("an unexpected reference")
    return Reference(kind, name)


_LEAVES: dict[str, Callable[..., Any]] = {
    "f": _float,
    "i": _int,
    "c": _complex,
    "n": _number,
    "a": _array,
    "r": _reference,
}

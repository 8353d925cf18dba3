"""What the tests of a class are made of."""

import hashlib

WRONG = "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum()"


def contents(folder):
    """The digest of every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

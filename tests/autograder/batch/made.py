"""What the tests of a class are made of."""

import hashlib

WRONG = "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum()"
METADATA = """submission_1:
  :submitters:
  - {':name': Ann Roe, ':sid': '31', ':email': ann@example.edu}
  :created_at: 2026-11-20 12:00:00 Z
submission_2:
  :submitters:
  - {':name': Li Wei, ':sid': '32', ':email': li@example.edu}
  - {':name': =Jo, ':sid': '33', ':email': jo@example.edu}
  :created_at: 2026-11-20 14:30:00 Z
submission_3:
  :submitters:
  - {':name': Al Fie, ':sid': '34', ':email': al@example.edu}
  :created_at: 2026-11-20 11:00:00 Z
"""


def contents(folder):
    """The digest of every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

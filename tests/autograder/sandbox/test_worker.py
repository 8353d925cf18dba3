"""Code that works in a worker, code that fails with an ordinary error, and the end of a worker."""

import os
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import ForkServer, Limits, OutOfPatience, WorkerLost
from autograder.sandbox.fork_server import FONTS
from autograder.sandbox.wire import Reference
from tests.helpers import LEVEL, isolated

pytestmark = isolated

WORKS = {
    "top-level await": "import asyncio\nawait asyncio.sleep(0.01)",
    "a coroutine in a thread": "import asyncio\nassert await asyncio.to_thread(lambda: 3) == 3",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "a plot in a file": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('figure.png')",
    "a plot with mathematics": "import matplotlib.pyplot as plt\n"
    "plt.title(r'$\\frac{a}{b}$')\nplt.savefig('a.pdf')",
    "display": "from IPython.display import display, Markdown\ndisplay(Markdown('$x$'), 3)",
    "a line magic": "%timeit -n 1 -r 1 1 + 1",
    "a cell magic": "%%time\nx = 1",
    "inline plots": "%matplotlib inline",
    "its own file": "open('notes.txt', 'w').write('x')\nassert open('notes.txt').read() == 'x'",
    "a module of the standard library": "import statistics, fractions, sqlite3, decimal",
    "SciPy": "import scipy.optimize\nscipy.optimize.minimize(lambda x: x @ x, [1.0, 2.0])",
    "linear algebra": "import numpy as np\nnp.linalg.svd(np.ones((300, 300)))",
    "a thread": "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "an executor of threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "list(ThreadPoolExecutor(2).map(abs, [1]))",
    "a temporary folder": "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
    "    open(folder + '/x', 'w')",
    "Otter": "import otter\ngrader = otter.Notebook()\ngrader.check('q3a')\ngrader.export(run_tests=True)",
    "the gradient checker's drawings": "from gradcheck import draw\ndraw()",
    "a progress bar's output": "import sys\nprint('x' * 10**6, flush=True)\nsys.stderr.write('y')",
    "a class in a cell": "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nA(1)",
    "pickling its own data": "import pickle\npickle.loads(pickle.dumps([1]))",
    "the time of day": "import datetime\ndatetime.datetime.now().astimezone()",
}
FAILS = {
    "a connection": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1')",
    "a pool of processes": "import multiprocessing\nmultiprocessing.Pool(2)",
    "the gradient checker's derivative": "import gradcheck\n"
    "float(gradcheck.numerical_jacobian(abs, 1.0).value)",
    "a part of the gradient checker": "import gradcheck.numerical",
    "a part of the checks": "import public_checks.p3_linear_layer",
    "another user's file": "open('/etc/passwd')",
    "a list of other users' files": "import os\nos.listdir('/')",
}


@pytest.fixture(scope="module")
def server():
    with ForkServer(LEVEL, Limits(cell=60, call=60)) as found:
        yield found


@pytest.fixture
def worker(server):
    found = server.worker()
    yield found
    found.close()


def cell(worker, text):
    return worker.run(text, 60.0)["error"]


@pytest.mark.parametrize("what", WORKS)
def test_an_honest_cell_works(what, worker):
    assert cell(worker, WORKS[what]) is None


@pytest.mark.parametrize("what", FAILS)
def test_a_forbidden_cell_fails_and_the_next_one_runs(what, worker):
    assert cell(worker, FAILS[what])
    assert cell(worker, "x = 1") is None


def test_an_error_comes_with_the_line_of_the_cell(worker):
    assert cell(worker, "x = 1\n\nprint(nothing)") == "NameError: name 'nothing' is not defined (line 3)"
    assert cell(worker, "def f():\n    return 1 / 0\n\nf()") == "ZeroDivisionError: division by zero (line 4)"
    assert cell(worker, "x = 1\n%timeit -n 1 -r 1 1 / 0").startswith("ZeroDivisionError")
    assert cell(worker, "x = 1\ny = (2") == "SyntaxError: incomplete input (line 2)"
    assert cell(worker, "if True:\nx = 1").startswith("IndentationError: expected an indented block")
    assert cell(worker, "%%time\nx = 1\n1 / 0").startswith("ZeroDivisionError: division by zero (line ")


def test_a_function_takes_and_returns_plain_data_of_every_kind(worker):
    assert cell(worker, "def same(*values):\n    return values") is None
    values = (
        None,
        True,
        -(2**70),
        1.5,
        float("inf"),
        1 + 2j,
        "text\u2028 with \x00 and \N{GREEK SMALL LETTER ALPHA}",
        [1, [2, (3,)]],
        {"a": [1.0], 2: None},
        np.float32(3),
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.asfortranarray(np.ones((2, 3))),
        np.zeros((0, 3), dtype=np.float32),
        np.array(5.0),
    )
    answer = worker.ask(60.0, do="call", function=Reference("function", "same"), arguments=values)
    assert answer["is"] == "reply"
    for sent, came in zip(values, answer["value"], strict=True):
        assert type(sent) is type(came)
        if isinstance(sent, np.ndarray | np.generic):
            assert (sent.dtype, sent.shape) == (came.dtype, came.shape)
            assert np.array_equal(sent, came)
        else:
            assert sent == came


def test_a_callback_runs_in_the_grader(worker):
    assert cell(worker, "def twice(f, x):\n    return f(x) + f(x + 1)") is None
    calls = []

    def called(name, arguments):
        calls.append((name, *arguments))
        return {"value": 10.0 * arguments[0]}

    function, callback = Reference("function", "twice"), Reference("callback", "f")
    answer = worker.ask(60.0, called, do="call", function=function, arguments=(callback, 1.0))
    assert (answer["value"], calls) == (30.0, [("f", 1.0), ("f", 2.0)])


def test_a_callback_whose_result_cannot_cross_raises_in_the_worker(worker):
    text = (
        "def tried(f):\n    try:\n        return f()\n"
        "    except Exception as error:\n        return str(error)"
    )
    assert cell(worker, text) is None
    function, callback = Reference("function", "tried"), Reference("callback", "f")
    answer = worker.ask(
        60.0, lambda *_: {"value": 2**100_000}, do="call", function=function, arguments=(callback,)
    )
    assert answer["value"] == "an int that is too long"
    assert cell(worker, "x = 1") is None


def test_workers_do_not_share_state(server):
    one, other = server.worker(), server.worker()
    assert cell(one, "x = 1; import numpy; numpy.pi = 3; open('x', 'w')") is None
    assert cell(other, "import os, numpy\nassert numpy.pi > 3 and os.listdir() == ['.ipython']") is None
    assert "NameError" in cell(other, "x")
    one.close()
    other.close()


def test_a_lost_worker_has_a_reason_and_the_server_continues(server):
    worker = server.worker()
    with pytest.raises(WorkerLost, match="exited"):
        cell(worker, "import os; os._exit(3)")
    with pytest.raises(WorkerLost, match="ended before"):
        cell(worker, "x = 1")
    with pytest.raises(WorkerLost, match="signal 11"):
        cell(server.worker(), "import ctypes; ctypes.string_at(0)")
    after = server.worker()
    assert cell(after, "x = 1") is None
    after.close()


def test_the_kernel_ends_a_worker_first_if_memory_runs_out(worker):
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text().strip() == "1000"


def test_matplotlib_reads_a_list_of_fonts_but_no_settings_of_the_machine(tmp_path, monkeypatch):
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 17")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "fontlist-test.json").write_text("{}")
    monkeypatch.setenv(FONTS, str(tmp_path / "fonts"))
    with ForkServer(LEVEL) as server:
        worker = server.worker()
        assert cell(worker, "import matplotlib\nassert matplotlib.rcParams['lines.linewidth'] == 1.5") is None
        assert Path(server._folder, "fontlist-test.json").read_text() == "{}"
        worker.close()


def test_endless_callbacks_run_out_of_time():
    with ForkServer(LEVEL, Limits(patience=1)) as server:
        worker = server.worker()
        text = (
            "def forever(f):\n    while True:\n"
            "        try:\n            f()\n        except BaseException:\n            pass"
        )
        assert cell(worker, text) is None
        function, callback = Reference("function", "forever"), Reference("callback", "f")
        try:
            answer = worker.ask(
                0.5, lambda *_: {"value": 1}, do="call", function=function, arguments=(callback,)
            )
        except OutOfPatience:
            return
        assert answer["class"] == "Out of time"  # its own time limit stopped it outside the try block


def test_closing_a_fork_server_leaves_no_process_and_no_folder():
    server = ForkServer(LEVEL)
    pids = [server.worker().pid for _ in range(3)]
    folder = Path(server._folder)
    assert folder.is_dir()
    server.close()
    assert not folder.exists()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

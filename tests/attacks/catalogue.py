"""The attacks, each against this project's own grader, with the score that each deserves."""

from tests.attacks.attack import Attack, cheat, harmless, jacobian

TELL = "\nraise ValueError(repr(found)[:4000])"
LEAK = "def softmax(z):\n    raise ValueError(repr(found)[:280])"

ATTACKS: dict[str, Attack] = {
    # Reading what is not the submission's.
    "read the tests and solutions around": cheat(
        "import os\nfound = []\nfor top in ('.', '..', '/tmp', '/autograder', '/work', '/root', '/home'):\n"
        "    for folder, _, files in os.walk(top):\n"
        "        for name in files:\n"
        "            if name.endswith(('.py', '.txt', '.md', '.zip', '.json')):\n"
        "                try:\n                    found.append(open(os.path.join(folder, name)).read())\n"
        "                except OSError:\n                    pass\n",
        softmax=LEAK,
    ),
    "import the solutions": cheat(
        "import sys\nsys.path[:0] = ['.', '..', '../source/files', '/autograder/source/files']\n"
        "from solutions.p3_linear_layer import *"
    ),
    "import the hidden checks": cheat(
        "from autograder import hidden_checks\nfound = vars(hidden_checks)", softmax=LEAK
    ),
    "import the catalogue of mistakes": cheat(
        "from autograder import mistakes\nfound = mistakes.entries('p3_linear_layer')"
    ),
    "import the gradient checker for an answer": jacobian(
        "from gradcheck import numerical_jacobian\nreturn numerical_jacobian(softmax, z).value", "Incorrect"
    ),
    "read the environment": cheat("import os\nfound = dict(os.environ)", softmax=LEAK),
    "read the memory of other processes": cheat(
        "import os\nfound = []\nfor pid in range(1, 50000):\n"
        "    for name in ('environ', 'maps', 'mem', 'cmdline', 'fd'):\n"
        "        try:\n            found.append(open(f'/proc/{pid}/{name}', 'rb').read(100))\n"
        "        except OSError:\n            pass",
        softmax=LEAK,
    ),
    "read open descriptors": cheat(
        "import os\nfound = []\nfor number in range(3, 64):\n"
        "    try:\n        found.append((os.fstat(number).st_mode, os.readlink(f'/proc/self/fd/{number}')))\n"
        "    except OSError:\n        pass",
        softmax=LEAK,
    ),
    "search all objects for checks": cheat(
        "import gc\nfound = [str(o)[:80] for o in gc.get_objects() "
        "if 'hidden' in str(type(o)) or 'Check(' in repr(type(o))]",
        softmax=LEAK,
    ),
    "search the frames for the expected value": jacobian(
        "import sys\nframe, found = sys._getframe(), []\nwhile frame:\n"
        "    found.append(list(frame.f_locals))\n    frame = frame.f_back\n"
        "wanted = [v for f in found for v in f if 'expected' in v or 'reference' in v]\n"
        "return wanted",
        "list",
    ),
    # Changing the grader.
    "replace comparisons of NumPy": jacobian(
        "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
        "np.abs = lambda *a, **k: np.zeros(1)\nreturn np.eye(len(z))",
        "off by",
    ),
    "replace the checks": cheat(
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        "    for key in ('run', 'check', 'expect', 'wrong_entries', 'tolerance', 'Checker'):\n"
        "        if hasattr(module, key):\n            try:\n"
        "                setattr(module, key, lambda *a, **k: None)\n            except Exception:\n"
        "                pass"
    ),
    "replace Otter": cheat(
        "import sys, types\nfake = types.ModuleType('otter')\n"
        "fake.Notebook = lambda *a, **k: types.SimpleNamespace(check=lambda *a: 'passed!')\n"
        "sys.modules['otter'] = fake"
    ),
    "write results": cheat(
        "import json, os\nfor folder in ('.', '..', '../results', '/autograder/results', '/tmp'):\n"
        "    try:\n        with open(os.path.join(folder, 'results.json'), 'w') as file:\n"
        "            file.write(json.dumps({'score': 100}))\n"
        "    except OSError:\n        pass"
    ),
    "patch IPython": harmless("get_ipython().run_cell = lambda *a, **k: None"),
    "patch builtins": cheat(
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 3\n"
        "builtins.AssertionError = type('Fine', (Exception,), {})"
    ),
    "a trace function": Attack(
        first=("import sys\nsys.settrace(lambda frame, event, arg: frame.f_globals.update(passed=True))",),
    ),
    "an exception that pretends to be a pass": jacobian(
        "class Passed(BaseException):\n    pass\nraise Passed('all tests passed')", "Raised"
    ),
    "NotImplementedError with another text": jacobian("raise NotImplementedError('Question 9(z) passed')"),
    # Lying values.
    "an array that says it is equal": jacobian(
        "import numpy as np\nclass Equal(np.ndarray):\n"
        "    def __array_ufunc__(self, *a, **k):\n        return True\n"
        "    def __eq__(self, other):\n        return True\n"
        "return np.eye(len(z)).view(Equal)",
        "plain data",
    ),
    "an array of objects that are equal to all": jacobian(
        "import numpy as np\nclass Any:\n    def __eq__(self, o):\n        return True\n"
        "    def __sub__(self, o):\n        return 0\n    __rsub__ = __sub__\n"
        "return np.array([[Any()] * len(z)] * len(z), dtype=object)",
        "dtype object",
    ),
    "a number of a class of its own": jacobian(
        "class Number(float):\n    def __sub__(self, o):\n        return 0.0\nreturn [[Number(1)]]", "Number"
    ),
    "an iterator without an end": jacobian("import itertools\nreturn itertools.count()", "plain data"),
    "a list that contains itself": jacobian("a = []\na.append(a)\nreturn a", "nested"),
    "keys of one hash": jacobian(
        "import itertools\nreturn {key: 0 for key in itertools.product((-1, -2), repeat=9)}",
        "keys that are neither text",
    ),
    "a list of two million numbers": jacobian("return [0] * 2_000_000", "too large"),
    "an int of a million digits": jacobian("return 10 ** 10**6", "too long"),
    "an argument made into another one": jacobian(
        "z.resize(10**6, refcheck=False)\nreturn z", "changes its argument"
    ),
    "NaN everywhere": jacobian("import numpy as np\nreturn np.full((len(z), len(z)), np.nan)", "nan"),
    "a result of gigabytes": jacobian("import numpy as np\nreturn np.zeros((40000, 40000))"),
    "a masked array that hides what is wrong": jacobian(
        "import numpy as np\nreturn np.ma.masked_all((len(z), len(z)))", "plain data"
    ),
    "an exception with a text of 50 MB": jacobian("raise ValueError('x' * 50_000_000)", "xxx ..."),
    "an exception whose text never ends": jacobian(
        "class Slow(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise Slow()"
    ),
    "an exception whose text raises": jacobian(
        "class Bad(Exception):\n    def __str__(self):\n        raise SystemExit\nraise Bad()", "raised Bad"
    ),
    "markup and control characters": jacobian(
        "raise ValueError('<script>alert(1)</script>\\x1b[2J\\x00\\u202e')", "<\u2060script>"
    ),
    # The wire.
    "forge a frame": jacobian(
        "import os, struct, json\nheader = json.dumps(['d', ['is', 'reply']]).encode()\n"
        "for number in range(3, 64):\n"
        "    try:\n        os.write(number, struct.pack('<IQ', len(header), 0) + header)\n"
        "    except OSError:\n        pass\nreturn z"
    ),
    "write garbage to every descriptor": jacobian(
        "import os\nfor number in range(3, 64):\n"
        "    try:\n        os.write(number, b'\\xff' * 100)\n    except OSError:\n        pass\nreturn z"
    ),
    "announce a frame of exabytes": jacobian(
        "import os, struct\nfor number in range(3, 64):\n"
        "    try:\n        os.write(number, struct.pack('<IQ', 10, 1 << 60))\n    except OSError:\n"
        "        pass\nreturn z"
    ),
    "close every descriptor": jacobian("import os\nos.closerange(3, 64)\nreturn z", "ended the program"),
    "answer for later calls": jacobian(
        "import os, struct, json\nframe = json.dumps(['d', ['is', 'reply'], ['id', 'x']]).encode()\n"
        "for number in range(3, 64):\n"
        "    try:\n        os.write(number, (struct.pack('<IQ', len(frame), 0) + frame) * 50)\n"
        "    except OSError:\n        pass\nreturn z"
    ),
    # Ending and stalling.
    "os._exit": jacobian("import os\nos._exit(0)", "ended the program"),
    "SystemExit": jacobian("raise SystemExit(0)", "SystemExit"),
    "KeyboardInterrupt": jacobian("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "a segmentation fault": jacobian("import ctypes\nctypes.string_at(0)", "ended the program"),
    "a signal to itself": jacobian(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "PermissionError"
    ),
    "a stop signal to itself": jacobian(
        "import signal\nsignal.raise_signal(signal.SIGSTOP)\nreturn z", "did not return"
    ),
    "hooks that run at the end and before each cell": harmless(
        "import atexit\natexit.register(exit)\nip = get_ipython()\n"
        "ip.events.register('pre_run_cell', lambda *_: print('x'))\n"
        "ip.set_custom_exc((Exception,), lambda *_: None)\nip.ast_transformers.append(None)",
    ),
    "abort": jacobian("import os\nos.abort()", "ended the program"),
    "endless recursion": jacobian("return softmax_jacobian(z)", "RecursionError"),
    "endless recursion in C": jacobian(
        "import sys\nsys.setrecursionlimit(10**8)\nreturn softmax_jacobian(z)"
    ),
    "an endless loop in a function": jacobian("while True:\n    pass", "did not return"),
    "an endless loop that catches everything": jacobian(
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
        "did not return",
    ),
    "sleeping forever": jacobian(
        "import time\nwhile True:\n    try:\n        time.sleep(1000)\n"
        "    except BaseException:\n        pass"
    ),
    "an endless loop in a destructor": jacobian(
        "class Slow:\n    def __del__(self):\n        while True:\n            pass\nSlow()\nreturn z",
        "did not return",
    ),
    "timers and signal handlers taken over": jacobian(
        "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "while True:\n    pass",
        "did not return",
    ),
    "an endless loop in a cell": harmless("while True:\n    pass"),
    "os._exit in a cell": harmless("import os\nos._exit(1)"),
    "exit() in a cell": harmless("exit()"),
    "a thread that never ends": harmless(
        "import threading\ndef forever():\n    while True:\n        pass\n"
        "threading.Thread(target=forever, daemon=True).start()"
    ),
    # Floods and leftovers.
    "a fork bomb": harmless("import os\nwhile True:\n    os.fork()"),
    "a child that stays": harmless(
        "import subprocess, multiprocessing\nsubprocess.Popen(['sleep', '1000'])",
        "import multiprocessing\nmultiprocessing.Process(target=print).start()",
    ),
    "all the memory": harmless("hog = []\nwhile True:\n    hog.append(bytearray(1 << 24))", "hog = None"),
    "all the disk": harmless(
        "import os\nfor number in range(10**6):\n    with open(f'flood{number}', 'wb') as file:\n"
        "        for _ in range(100):\n            file.write(b'x' * (1 << 20))"
    ),
    "a million small files": harmless("for number in range(10**6):\n    open(f'small{number}', 'w').close()"),
    "a flood of output": harmless("import os\nfor _ in range(3000):\n    print('x' * 100_000)"),
    "a flood on standard error": harmless(
        "import os\nfor _ in range(300):\n    os.write(2, b'x' * 1_000_000)"
    ),
    "a connection": harmless("import socket\nsocket.create_connection(('127.0.0.1', 80), 1)"),
    "a server": harmless("import socket\nsocket.socket(socket.AF_UNIX).bind('door')"),
    "the shell": harmless("!id > /tmp/shell", "%%bash\nid > /tmp/bash", "%pip install nothing", "input()"),
    "another folder": harmless("import os\nos.chdir('/')"),
    # Cells.
    "names rebound at the end": Attack(
        last=(
            "np = None\nsoftmax = nll_loss = nll_gradients = batch_nll_gradients = None\n"
            "softmax_jacobian = log_softmax = print",
        ),
    ),
    "a check cell again at the end, for a name rebound": Attack(
        last=("def softmax(z):\n    return z", 'grader.check("q3a")'),
        lost=("q3a",),
        says="has to",
    ),
    "a module shadowed by a variable": harmless("numpy = scipy = sum = 3"),
    "NumPy in another state": harmless(
        "import numpy as np\nnp.seterr(all='raise')\nnp.set_printoptions(precision=1)\nnp.random.seed(0)"
    ),
    "checks of the notebook called from a function": jacobian(
        'grader.check("q3b")\nreturn z', "array of shape"
    ),
    "call counts from the student's side": cheat(
        "import sys\nfor module in list(sys.modules.values()):\n"
        "    for key in ('calls', 'count', 'counter', 'evaluations'):\n"
        "        if hasattr(module, key):\n            try:\n                setattr(module, key, 0)\n"
        "            except Exception:\n                pass"
    ),
}

"""Cells run in a worker as they do in Jupyter: its shell lines, its magics, and what asks for somebody."""

import pytest
from ipykernel.zmqshell import KernelMagics
from IPython.core.interactiveshell import InteractiveShell

from autograder.sandbox import ForkServer
from tests.helpers import LEVEL, isolated

pytestmark = isolated

# Each of the magics of IPython and of its kernel, called as a notebook may call it.
LINE_MAGICS = {
    "alias": "%alias greet echo hello",
    "alias_magic": "%alias_magic t timeit",
    "autoawait": "%autoawait",
    "autocall": "%autocall 0",
    "automagic": "%automagic on",
    "autosave": "%autosave 120",
    "bookmark": "%bookmark here",
    "cat": "%cat notes.txt",
    "cd": "%cd .",
    "clear": "%clear",
    "code_wrap": "%code_wrap",
    "colors": "%colors nocolor",
    "conda": "%conda --version",
    "config": "%config InlineBackend.figure_format = 'retina'",
    "connect_info": "%connect_info",
    "cp": "%cp a b",
    "debug": "%debug",
    "dhist": "%dhist",
    "dirs": "%dirs",
    "doctest_mode": "%doctest_mode",
    "ed": "%ed notes.py",
    "edit": "%edit notes.py",
    "env": "%env SEED=1",
    "gui": "%gui",
    "hist": "%hist",
    "history": "%history -n 1",
    "killbgscripts": "%killbgscripts",
    "ldir": "%ldir",
    "less": "%less notes.txt",
    "lf": "%lf",
    "lk": "%lk",
    "ll": "%ll",
    "load": "%load notes.py",
    "load_ext": "%load_ext autoreload",
    "loadpy": "%loadpy notes.py",
    "logoff": "%logoff",
    "logon": "%logon",
    "logstart": "%logstart notes.log",
    "logstate": "%logstate",
    "logstop": "%logstop",
    "ls": "%ls",
    "lsmagic": "%lsmagic",
    "lx": "%lx",
    "macro": "%macro m 1",
    "magic": "%magic",
    "mamba": "%mamba --version",
    "man": "%man ls",
    "matplotlib": "%matplotlib widget",
    "micromamba": "%micromamba --version",
    "mkdir": "%mkdir data",
    "more": "%more notes.txt",
    "mv": "%mv a b",
    "notebook": "%notebook notes.ipynb",
    "page": "%page LINE",
    "pastebin": "%pastebin 1",
    "pdb": "%pdb off",
    "pdef": "%pdef print",
    "pdoc": "%pdoc print",
    "pfile": "%pfile print",
    "pinfo": "%pinfo print",
    "pinfo2": "%pinfo2 print",
    "pip": "%pip install -q numpy",
    "popd": "%popd",
    "pprint": "%pprint",
    "precision": "%precision 4",
    "prun": "%prun -q 1 + 1",
    "psearch": "%psearch LIN*",
    "psource": "%psource print",
    "pushd": "%pushd .",
    "pwd": "%pwd",
    "pycat": "%pycat notes.py",
    "pylab": "%pylab --no-import-all",
    "qtconsole": "%qtconsole --version",
    "quickref": "%quickref",
    "recall": "%recall 1",
    "rehashx": "%rehashx",
    "reload_ext": "%reload_ext autoreload",
    "rep": "%rep 1",
    "rerun": "%rerun",
    "reset": "%reset -f",
    "reset_selective": "%reset_selective -f nothing",
    "rm": "%rm -f notes.txt",
    "rmdir": "%rmdir nothing",
    "run": "%run notes.py",
    "save": "%save notes.py 1",
    "sc": "%sc -l files=ls",
    "set_env": "%set_env SEED 2",
    "store": "LINE = 1\n%store LINE",
    "subshell": "%subshell",
    "sx": "%sx ls",
    "system": "%system ls",
    "tb": "%tb",
    "time": "%time 1 + 1",
    "timeit": "%timeit -n 1 -r 1 1 + 1",
    "unalias": "%unalias lx",
    "unload_ext": "%unload_ext autoreload",
    "uv": "%uv --version",
    "who": "%who",
    "who_ls": "%who_ls",
    "whos": "%whos",
    "xdel": "LINE = 1\n%xdel LINE",
    "xmode": "%xmode Minimal",
}
CELL_MAGICS = {
    "!": "%%!\nls",
    "HTML": "%%HTML\n<b>x</b>",
    "SVG": "%%SVG\n<svg></svg>",
    "bash": "%%bash\nls",
    "capture": "%%capture said\nprint(1)",
    "code_wrap": "%%code_wrap before_after\nprint('before')\n__code__\nprint('after')",
    "debug": "%%debug\n1 + 1",
    "file": "%%file notes.txt\nx",
    "html": "%%html\n<b>x</b>",
    "javascript": "%%javascript\nalert(1)",
    "js": "%%js\nalert(1)",
    "latex": "%%latex\n$x$",
    "markdown": "%%markdown\n# x",
    "perl": "%%perl\nprint 1",
    "prun": "%%prun -q\n1 + 1",
    "pypy": "%%pypy\nprint(1)",
    "python": "%%python\nprint(1)",
    "python2": "%%python2\nprint 1",
    "python3": "%%python3\nprint(1)",
    "ruby": "%%ruby\nputs 1",
    "script": "%%script bash\nls",
    "sh": "%%sh\nls",
    "svg": "%%svg\n<svg></svg>",
    "sx": "%%sx\nls",
    "system": "%%system\nls",
    "time": "%%time\n1 + 1",
    "timeit": "%%timeit -n 1 -r 1\n1 + 1",
    "writefile": "%%writefile notes.txt\nx",
}
# What Jupyter goes on after besides, with what has to hold afterwards.
GOES_ON = {
    "a shell line": ("!pip install -q numpy", "_exit_code == 127"),
    "a shell line that is kept": ("files = !ls", "files == [] and files.s == ''"),
    "a shell line whose output is shown": ("!!ls", "True"),
    "a magic whose value is kept": ("here = %pwd", "here"),
    "a magic of an extension that is not there": ("%tensorboard --logdir logs", "True"),
    "an extension that is not there": ("%load_ext tensorboard", "True"),
    "a process": (
        "import subprocess\ndone = subprocess.run(['pip', 'install', 'numpy'])",
        "done.returncode == 127",
    ),
    "a process whose output is read": (
        "import subprocess\ndone = subprocess.run('ls', shell=True, capture_output=True, text=True)",
        "done.stdout == done.stderr == ''",
    ),
    "a process that is waited for": (
        "import subprocess\np = subprocess.Popen(['ls'], stdout=subprocess.PIPE)\np.wait(); p.kill()",
        "p.communicate() == (b'', None) and p.poll() == 127",
    ),
    "a process by the system": (
        "import os\nstatus = os.system('ls')",
        "os.waitstatus_to_exitcode(status) == 127",
    ),
    "a pipe by the system": ("import os\nsaid = os.popen('ls').read()", "said == ''"),
    "a process of asyncio": (
        "import asyncio\np = await asyncio.create_subprocess_exec('ls')\nawait p.wait()",
        "p.returncode",
    ),
    "exit": ("exit()", "True"),
    "quit": ("quit()", "True"),
    "a question": ("answer = input('Go on? ')", "answer == ''"),
    "a password": ("import getpass\nword = getpass.getpass()", "word == ''"),
    "Colab": ("from google.colab import drive\ndrive.mount('/content')\n%cd /content", "True"),
    "a breakpoint": ("import pdb\nbreakpoint()\npdb.set_trace()", "True"),
    "a debugged cell": ("%debug a = 3", "a == 3"),
    "another backend of matplotlib": (
        "import matplotlib\nmatplotlib.use('TkAgg')\n"
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
        "True",
    ),
    "figures after a widget": (
        "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.figure()\nplt.plot([1])\nplt.show()",
        "True",
    ),
    "a file that a cell writes and imports": (
        "open('helper.py', 'w').write('x = 3')\nimport helper",
        "helper.x == 3",
    ),
    "a bookmark that is followed": ("%bookmark here\n%cd -b here", "True"),
    "a variable that is stored and comes back": ("v = 5\n%store v\ndel v\n%store -r v", "v == 5"),
}


@pytest.fixture(scope="module")
def server():
    with ForkServer(LEVEL) as found:
        yield found


@pytest.fixture
def run(server):
    worker = server.worker()
    yield lambda text: worker.run(text, 60.0)["error"]
    worker.close()


def test_the_tables_hold_every_magic_of_ipython_and_of_its_kernel():
    shell = InteractiveShell()
    magics = shell.magics_manager.magics
    assert set(LINE_MAGICS) >= {*magics["line"], *KernelMagics.magics["line"]} - {"lx"}
    assert set(CELL_MAGICS) >= {*magics["cell"], *KernelMagics.magics["cell"]}


def test_a_cell_goes_on_after_every_line_magic(run):
    after = "import numpy as np\nx = np.ones({number})"
    for number, text in enumerate(LINE_MAGICS.values()):
        assert run(f"{text}\n{after.format(number=number)}") is None, text
        assert run(f"assert len(x) == {number}") is None, text


def test_a_notebook_goes_on_after_every_cell_magic(run):
    for text in CELL_MAGICS.values():
        assert run(text) is None, text


def test_the_output_says_that_there_is_no_shell(run):
    text = (
        "import contextlib, io, os, subprocess\nwith contextlib.redirect_stderr(io.StringIO()) as said:\n    "
    )
    for line in ("!ls", "files = !ls", "os.system('ls')", "subprocess.run(['ls'])", "%ls", "%pip install x"):
        assert run(f"{text}{line}\nassert 'there is no shell' in said.getvalue()") is None


def test_earlier_inputs_and_outputs_are_there(run):
    assert run("3") is None
    assert run("assert _ == Out[1] == 3 and _i.strip() == In[1] == '3'") is None


def test_an_unknown_cell_magic_ends_its_cell_since_what_it_defines_is_missing(run):
    assert run("%%cython\nx = 1") == "UsageError: Cell magic `%%cython` not found. (line 1)"


def test_ipython_and_home_are_the_worker_s_own_folder(run):
    assert (
        run(
            "import getpass, os, pathlib\ngetpass.getuser()\nhere = os.getcwd()\nshell = get_ipython()\n"
            "assert str(pathlib.Path.home()) == here and shell.ipython_dir == here + '/.ipython'\n"
            "assert shell.profile_dir.location == shell.ipython_dir + '/profile_default'"
        )
        is None
    )


@pytest.mark.parametrize("what", GOES_ON)
def test_a_cell_goes_on_after(what, run):
    text, holds = GOES_ON[what]
    assert run(f"{text}\nreached = True") is None
    assert run(f"assert reached and ({holds})") is None

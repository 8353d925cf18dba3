"""The IPython shell that runs the cells: like Jupyter's, but without commands, windows or a user.

A notebook that runs in Jupyter must run here too. Code that needs a command, the network or a user fails like
a missing command: it prints a message, and the cell continues.
"""

from __future__ import annotations

import ast
import builtins
import fnmatch
import getpass
import os
import pdb
import subprocess
import sys
from typing import Any

from IPython.core import debugger
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magics.script import ScriptMagics
from IPython.core.profiledir import ProfileDir
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

NO_SHELL = "there is no shell when work is graded"
NOT_FOUND = 127  # a shell's status for a missing command
NO_PROCESS = 1 << 22  # a process id that Linux never uses
MOST_ANSWERS = 20  # the most calls of input() that get an answer
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Magics that run the notebook's code, whose errors are real errors.
RUN_CODE = {"capture", "code_wrap", "prun", "time", "timeit"}


class Unseen(DisplayPublisher):
    """Displays nothing."""

    def publish(self, *_: Any, **__: Any) -> None:
        """Display nothing."""


class Database(dict[str, Any]):
    """The memory of %store, %bookmark and %cd, for the life of the worker."""

    def keys(self, pattern: str = "*") -> Any:
        """The keys that match a pattern, as in IPython's own database."""
        return fnmatch.filter(list(super().keys()), pattern)


class Shell(InteractiveShell):
    """An IPython shell without history, terminal or tracebacks."""

    display_pub_class = Type(Unseen)

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Show no traceback. The error of a cell with %%time goes on, as it does in IPython 9 by itself."""
        if sys._getframe(1).f_code.co_name == "time":  # IPython 8, for Python 3.10
            raise

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """Show no traceback."""

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: figures are drawn into memory."""

    def enable_matplotlib(self, gui: Any = None) -> Any:
        """Draw figures inline, whatever `gui` is."""
        return super().enable_matplotlib("inline")

    def ask_exit(self) -> None:
        """Continue with the cell, as in Jupyter, and with the next cells."""

    def system(self, cmd: str) -> None:
        """Print that there is no shell, and set the status of a missing command."""
        say(f"{NO_SHELL}: {cmd}")
        self.user_ns["_exit_code"] = NOT_FOUND

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Like `system`; returns empty output."""
        self.system(cmd)
        return SList() if split else ""

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a line magic as IPython does, but continue the cell if the magic fails."""
        if magic_name == "debug":
            return self.ex(line)
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except Exception as error:
            if magic_name in RUN_CODE:
                raise
            did_not_work(f"%{magic_name}", error)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a cell magic as IPython does, but continue if a magic that runs no code fails."""
        if magic_name == "debug":
            return self.ex(cell)
        try:
            return super().run_cell_magic(magic_name, line, cell)
        except Exception as error:
            if magic_name in RUN_CODE or self.find_cell_magic(magic_name) is None:
                raise
            did_not_work(f"%%{magic_name}", error)


def new_shell() -> Shell:
    """The shell of all workers, made once before the forks."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.xmode = "Minimal"
    shell = Shell.instance(config=config)
    shell.db = Database()
    shell.run_line_magic("load_ext", "storemagic")
    return shell


def move_in(shell: Shell, folder: str) -> None:
    """Make a worker's folder the home of IPython and of the modules that cells write."""
    shell.ipython_dir = os.path.join(folder, ".ipython")
    shell.profile_dir = ProfileDir.create_profile_dir_by_name(shell.ipython_dir, "default")
    sys.path.insert(0, folder)


def without_commands() -> None:
    """Let every command fail like a missing one, and let input() return an empty line."""
    from matplotlib import pyplot

    def no_process(self: Any, arguments: Any, *details: Any) -> None:
        say(f"{NO_SHELL}: {arguments}")
        self.returncode = NOT_FOUND
        self.pid = NO_PROCESS
        self._close_pipe_fds(*details[9:15])

    def no_script(_: Any, line: str, cell: str) -> None:
        say(f"{NO_SHELL}: {line}")

    def no_command(command: Any) -> int:
        say(f"{NO_SHELL}: {command}")
        return NOT_FOUND << 8

    switch_backend = pyplot.switch_backend

    def switch_if_there(name: str) -> None:
        try:
            switch_backend(name)
        except ImportError as error:
            say(f"figures are drawn into memory when work is graded: {error}")

    subprocess.Popen._execute_child = no_process  # type: ignore[attr-defined]
    ScriptMagics.shebang = no_script  # type: ignore[method-assign]
    os.system = no_command
    pyplot.switch_backend = switch_if_there  # type: ignore[assignment]
    answers = iter([""] * MOST_ANSWERS)

    def answer(prompt: object = "", stream: object = None) -> str:
        try:
            return next(answers)
        except StopIteration:
            raise EOFError("nobody answers when work is graded") from None

    builtins.input = getpass.getpass = answer
    sys.breakpointhook = pdb.set_trace = debugger.set_trace = lambda *_, **__: None


def definitions(text: str) -> str:
    """Only the imports and definitions of a cell, on their original lines."""
    try:
        kept = [node for node in ast.parse(text).body if isinstance(node, DEFINITIONS)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    numbers: set[int] = set()
    for node in kept:
        first = min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))
        numbers.update(range(first, (node.end_lineno or first) + 1))
    lines = text.split("\n")
    return "\n".join(line if number in numbers else "" for number, line in enumerate(lines, 1)).rstrip()


def did_not_work(magic: str, error: Exception) -> None:
    """Print that a magic failed, and why."""
    say(f"{magic} did not work when work was graded: {type(error).__name__}: {error}")


def say(what: str) -> None:
    """Print a message on a cell's output."""
    print(what, file=sys.stderr)

"""The IPython shell that runs the cells: as Jupyter's, but without commands, a window or a reader.

A notebook that Jupyter runs has to run here too. What asks for a command, for the network or for somebody at
the screen fails as a command fails: it says so on the output, and the cell goes on.
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
NOT_FOUND = 127  # the status of a command that a shell does not find
NO_PROCESS = 1 << 22  # a process id that Linux never gives
MOST_ANSWERS = 20  # after as many, nobody answers any more
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Magics that run code of the notebook, whose errors are its own.
RUN_CODE = {"capture", "code_wrap", "prun", "time", "timeit"}


class Unseen(DisplayPublisher):
    """Shows nothing: nobody looks."""

    def publish(self, *_: Any, **__: Any) -> None:
        """Show nothing."""


class Database(dict[str, Any]):
    """What %store, %bookmark and %cd remember, for as long as the worker lives."""

    def keys(self, pattern: str = "*") -> Any:
        """The keys that match a pattern, as IPython's own database has it."""
        return fnmatch.filter(list(super().keys()), pattern)


class Shell(InteractiveShell):
    """An IPython shell without history, terminal or tracebacks."""

    display_pub_class = Type(Unseen)

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Nobody reads it."""

    showsyntaxerror = showtraceback

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window; figures are drawn into memory."""

    def enable_matplotlib(self, gui: Any = None) -> Any:
        """Draw figures inline, whatever was asked for."""
        return super().enable_matplotlib("inline")

    def ask_exit(self) -> None:
        """Go on to the end of the cell, as in Jupyter, and beyond it."""

    def system(self, cmd: str) -> None:
        """Say that there is no shell, and leave the status of a command that was not found."""
        say(f"{NO_SHELL}: {cmd}")
        self.user_ns["_exit_code"] = NOT_FOUND

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """As `system`; no output."""
        self.system(cmd)
        return SList() if split else ""

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """As IPython does, but the cell goes on where the magic fails."""
        if magic_name == "debug":
            return self.ex(line)
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except Exception as error:
            if magic_name in RUN_CODE:
                raise
            did_not_work(f"%{magic_name}", error)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """As IPython does, but the notebook goes on where the magic fails that is not one of code."""
        if magic_name == "debug":
            return self.ex(cell)
        try:
            return super().run_cell_magic(magic_name, line, cell)
        except Exception as error:
            if magic_name in RUN_CODE or self.find_cell_magic(magic_name) is None:
                raise
            did_not_work(f"%%{magic_name}", error)


def new_shell() -> Shell:
    """The shell of all workers. It is made once, before the fork."""
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
    """Make a worker's folder the home of IPython, and of the modules that cells write."""
    shell.ipython_dir = os.path.join(folder, ".ipython")
    shell.profile_dir = ProfileDir.create_profile_dir_by_name(shell.ipython_dir, "default")
    sys.path.insert(0, folder)


def without_commands() -> None:
    """Let commands end as ones that are not found, and questions be answered with an empty line."""
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
    """The imports and definitions of a cell on their lines, without what is computed or drawn."""
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
    """Say that a magic has failed, and why."""
    say(f"{magic} did not work when work was graded: {type(error).__name__}: {error}")


def say(what: str) -> None:
    """Say something on a cell's output."""
    print(what, file=sys.stderr)

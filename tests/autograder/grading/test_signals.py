"""A signal at any moment ends grading with one sentence and leaves no process and no folder."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from autograder.files import ROOT
from autograder.signals import Stopped, held, released, stopped_by_signals
from tests.helpers import BACKSTOP, autograder_tree, fill, isolated, reference_answers, unzip, with_questions
from tests.processes import alive, descendants, with_environment

WRONG = "def softmax_jacobian(z):\n    return z"
ENDLESS = "open('loops', 'w').close()\nwhile True:\n    pass"
# The first sign of each moment in the folder for temporary files.
MOMENTS = {
    "while the autograder is unpacked": "homework-autograder-*",
    "while its process starts": "homework-autograder-*/autograder/files",
    "while the sandbox starts": "**/homework-sandbox-*",
    "while a worker starts": "**/homework-sandbox-*/tmp*",
    "in an endless loop": "**/homework-sandbox-*/tmp*/loops",
}


@pytest.fixture(autouse=True)
def heard():
    """Make SIGINT effective: shells ignore it in background processes."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def temporary():
    """A folder for temporary files that the workers' user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


@pytest.fixture
def autograder(built, tmp_path):
    """An autograder zip of one question."""
    return with_questions(built("backprop") / "autograder.zip", tmp_path / "short.zip", {"q3b"})


@pytest.fixture
def submission(built, tmp_path):
    """A function that writes a submission with this text as one of the answers."""
    template = unzip(built("backprop") / "student.zip", tmp_path) / "backprop" / "backprop.ipynb"
    return lambda text: fill(
        template, reference_answers() | {"softmax_jacobian": text}, tmp_path / "submission.ipynb"
    )


@pytest.fixture
def command(autograder, temporary, tmp_path):
    """A function that starts `homework grade` on a submission in a new session."""

    def start(path):
        grade = ["grade", autograder, path, "--out", tmp_path / "grades"]
        return _started([sys.executable, "-m", "autograder.cli", *grade], temporary)

    return start


@pytest.fixture
def looping(command, submission, temporary):
    """The command in an endless loop, and all of its processes."""
    process = command(submission(ENDLESS))
    return process, wait_for(lambda: any(temporary.glob(MOMENTS["in an endless loop"])), process)


def _started(command, temporary):
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


SAMPLE = {("SIGTERM", "while its process starts"), ("SIGINT", "in an endless loop")}


@isolated
@pytest.mark.parametrize(
    ("name", "moment"),
    [
        pytest.param(name, moment, marks=() if (name, moment) in SAMPLE else pytest.mark.siege)
        for name in ("SIGTERM", "SIGINT")
        for moment in MOMENTS
    ],
)
def test_a_signal_ends_the_command_and_leaves_nothing(name, moment, command, submission, temporary):
    process = command(submission(ENDLESS))
    processes = wait_for(lambda: any(temporary.glob(MOMENTS[moment])), process)
    assert process.poll() is None
    send(name, process)
    _, said = process.communicate(timeout=BACKSTOP)
    assert process.returncode == 128 + getattr(signal, name)
    assert said == f"homework grade: stopped by {name}.\n"
    expect_nothing_left(processes, temporary)


@isolated
@pytest.mark.siege
def test_a_signal_at_any_time_leaves_nothing(command, submission, temporary):
    statuses = Counter()
    for number in range(80):
        process = command(submission(WRONG))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(number / 20)
        processes = descendants(process.pid)
        process.terminate()
        process.communicate(timeout=BACKSTOP)
        statuses[process.returncode] += 1
        expect_nothing_left(processes, temporary)
    print(f"ended at once, stopped, graded: {[statuses[status] for status in (-15, 143, 0)]}")
    assert set(statuses) <= {-15, 143, 0}
    assert statuses[143] > 0


@isolated
@pytest.mark.siege
def test_a_signal_at_the_normal_end_of_grading_leaves_nothing(command, submission, temporary):
    process = command(submission(WRONG))
    processes = wait_for(lambda: any(temporary.glob("**/homework-sandbox-*/tmp*")), process)
    processes |= wait_for(lambda: not any(temporary.glob("**/homework-sandbox-*/tmp*")), process)
    process.terminate()
    _, said = process.communicate(timeout=BACKSTOP)
    assert (process.returncode, said) in [(143, "homework grade: stopped by SIGTERM.\n"), (0, "")]
    expect_nothing_left(processes, temporary)


@isolated
@pytest.mark.siege
def test_signals_after_the_first_do_not_disturb_the_cleanup(looping, temporary):
    process, processes = looping
    process.send_signal(signal.SIGHUP)
    for number in range(1000):
        process.send_signal((signal.SIGINT, signal.SIGTERM)[number % 2])
    _, said = process.communicate(timeout=BACKSTOP)
    assert len(said.splitlines()) == 1
    assert process.returncode in (129, 130, 143)
    expect_nothing_left(processes, temporary)


@isolated
@pytest.mark.siege
def test_a_command_that_is_killed_leaves_no_process(looping):
    process, processes = looping
    process.kill()
    process.communicate(timeout=BACKSTOP)
    while any(map(alive, processes)):
        time.sleep(0.01)


@isolated
@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGINT", marks=pytest.mark.siege)])
def test_a_signal_ends_the_runner_of_a_container_and_leaves_nothing(
    name, autograder, submission, temporary, tmp_path
):
    tree = autograder_tree(autograder, tmp_path / "autograder")
    os.replace(submission(ENDLESS), tree / "submission" / "submission.ipynb")
    run = [sys.executable, "-I", "-B", tree / "source" / "run_otter.py", tree]
    process = _started(run, temporary)
    processes = wait_for(lambda: any(temporary.glob(MOMENTS["in an endless loop"])), process)
    send(name, process)
    _, said = process.communicate(timeout=BACKSTOP)
    assert (process.returncode, said) == (128 + getattr(signal, name), "")
    assert list((tree / "results").iterdir()) == []
    expect_nothing_left(processes, temporary)


def send(name, process):
    """Send a signal. Ctrl-C in a terminal reaches the whole process group, other signals only the command."""
    (os.killpg if name == "SIGINT" else os.kill)(process.pid, getattr(signal, name))


def wait_for(condition, process):
    """Wait until a condition holds or a process has ended; return it and its descendants."""
    found = set()
    while process.poll() is None:
        found |= descendants(process.pid)
        if condition():
            break
        time.sleep(0.005)
    return found


def expect_nothing_left(processes, temporary):
    assert list(filter(alive, processes)) == []
    assert with_environment(str(temporary)) == []
    assert list(temporary.iterdir()) == []


def test_a_signal_waits_while_it_is_held():
    done = []

    def set_up_and_clean_up():
        with stopped_by_signals(), held():
            signal.raise_signal(signal.SIGTERM)
            done.append("set up")
            try:
                with released():
                    done.append("not reached")
            finally:
                signal.raise_signal(signal.SIGINT)
                done.append("cleaned up")

    with pytest.raises(Stopped, match="stopped by SIGTERM"):
        set_up_and_clean_up()
    assert done == ["set up", "cleaned up"]


def test_a_signal_that_was_ignored_before_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

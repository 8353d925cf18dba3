"""The isolation level of a machine, the reason for it, and when grading is refused."""

import os
import sys
from pathlib import Path

import pytest

import autograder.sandbox.confine as confine
from autograder.errors import HomeworkError
from autograder.grading.isolation import isolation_level
from autograder.sandbox import NONE, ROOT, USER, ForkServer, reachable_level, self_test
from tests.helpers import LEVEL, isolated, run_homework, share_packages


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be on another machine."""

    def pretend(platform="linux", architecture="x86_64", root=False, landlock=6):
        monkeypatch.delenv("HOMEWORK_ISOLATION", raising=False)
        monkeypatch.setattr(sys, "platform", platform)
        names = os.uname_result((platform, "here", "6.1", "1", architecture))
        monkeypatch.setattr(os, "uname", lambda: names)
        monkeypatch.setattr(confine, "_is_root", lambda: root)
        monkeypatch.setattr(confine.landlock, "version", lambda: landlock)

    return pretend


@pytest.mark.parametrize(
    ("where", "expected", "says"),
    [
        ({"root": True}, ROOT, "this kernel has Landlock version 6"),
        ({"root": True, "landlock": 0}, ROOT, "no Landlock"),
        ({"architecture": "aarch64"}, USER, "Landlock version 6"),
        ({"landlock": 0}, NONE, "needs Landlock"),
        ({"architecture": "riscv64", "root": True}, NONE, "no system call filter for riscv64"),
        ({"platform": "darwin"}, NONE, "on darwin there is no system call filter"),
        ({"platform": "win32"}, NONE, "on win32"),
    ],
)
def test_a_machine_has_a_level_and_a_reason(where, expected, says, machine):
    machine(**where)
    found, reason = reachable_level()
    assert found == expected
    assert says in reason


def test_grading_is_refused_if_nothing_can_be_isolated(machine, monkeypatch):
    machine(platform="darwin")
    with pytest.raises(HomeworkError, match=r"cannot be isolated here: .* set HOMEWORK_ISOLATION=none"):
        isolation_level(None)
    assert isolation_level(NONE) == NONE
    monkeypatch.setenv("HOMEWORK_ISOLATION", NONE)
    assert isolation_level(None) == NONE


@isolated
def test_a_level_that_the_machine_does_not_have_is_refused():
    other = USER if LEVEL == ROOT else ROOT
    with pytest.raises(HomeworkError, match=f"The isolation level here is {LEVEL}, not {other}"):
        isolation_level(other)


@isolated
def test_secrets_within_reach_stop_the_grading(monkeypatch):
    inside = Path(os.__file__).with_name("json")
    with pytest.raises(HomeworkError, match="Submissions could read"):
        isolation_level(None, inside)


@isolated
def test_the_self_test_finds_the_level_in_force():
    lines = self_test(LEVEL)
    assert len(lines) >= 10
    assert not [line for line in lines if "POSSIBLE" in line or "FAILS" in line]


@isolated
def test_doctor_prints_the_level_and_the_self_test():
    from autograder.files import ROOT as PROJECT

    done = run_homework(PROJECT, "doctor")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"isolation: {LEVEL}: ")
    assert "starting a process: refused" in done.stdout


@pytest.mark.skipif(LEVEL != ROOT, reason="only root becomes another user")
def test_modules_of_a_python_in_a_private_folder_can_still_be_imported(tmp_path, monkeypatch):
    """For example if Python is below /root, which only root may enter."""
    private = tmp_path / "private"
    packages = share_packages(Path(sys.executable), private)
    private.chmod(0o700)
    (packages / "only_here").mkdir()
    (packages / "only_here" / "__init__.py").write_text("value = 5")
    (packages / "only_here" / "inside.py").write_text("value = 6")
    monkeypatch.setattr(sys, "executable", str(private / "bin" / "python"))
    with ForkServer(LEVEL) as server:
        worker = server.worker()
        text = "import only_here.inside\nassert only_here.value + only_here.inside.value == 11"
        assert worker.run(text, 10)["error"] is None
        outside = f"open({str(private / 'pyvenv.cfg')!r})"
        assert "PermissionError" in worker.run(outside, 10)["error"]
        worker.close()


@isolated
def test_a_fork_server_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr("autograder.sandbox.fork_server.PACKAGES", ["/nowhere"])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        ForkServer(LEVEL) as server,
        pytest.raises(HomeworkError, match="the process that forks workers did not start"),
    ):
        server.worker()

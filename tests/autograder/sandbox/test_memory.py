"""What a container says of its memory, in both versions of control groups, and what a worker gets of it."""

import pytest

from autograder.errors import HomeworkError
from autograder.sandbox.memory import container_memory, limits_of_this_machine, processes_killed
from autograder.sandbox.policy import MEBI, Limits


@pytest.fixture
def groups(tmp_path):
    """A function that writes files of a control group, and returns their folder."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path = path.with_name(path.name.replace("_of_", "."))
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_the_limit_of_version_2_is_read(groups):
    assert container_memory(groups(memory_of_max="805306368\n")) == 768 * MEBI


def test_the_limit_of_version_1_is_read(groups):
    assert container_memory(groups(memory__memory_of_limit_in_bytes="805306368\n")) == 768 * MEBI


def test_without_a_limit_there_is_none(groups, tmp_path):
    assert container_memory(tmp_path) is None
    assert container_memory(groups(memory_of_max="max\n")) is None


def test_processes_that_the_kernel_killed_for_want_of_memory_are_counted(groups, tmp_path):
    assert processes_killed(tmp_path) == 0
    assert processes_killed(groups(memory_of_events="low 0\noom 5\noom_kill 2\n")) == 2
    (tmp_path / "memory.events").unlink()
    assert processes_killed(groups(memory__memory_of_oom_control="under_oom 0\noom_kill 3\n")) == 3


@pytest.mark.parametrize(
    ("container", "worker"),
    [("max", Limits.memory), (64 << 30, Limits.memory), (768 * MEBI, 384 * MEBI), (512 * MEBI, 128 * MEBI)],
)
def test_a_worker_gets_what_the_grader_leaves(container, worker, groups):
    assert limits_of_this_machine(groups(memory_of_max=str(container))) == Limits(memory=worker)


def test_a_container_that_is_too_small_gets_a_sentence(groups):
    with pytest.raises(HomeworkError, match=r"has 256 MB of memory, and grading needs 512 MB; give it more"):
        limits_of_this_machine(groups(memory_of_max=str(256 * MEBI)))

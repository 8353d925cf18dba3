"""The available memory in both versions of control groups, and a worker's share of it."""

import pytest

from autograder.errors import HomeworkError
from autograder.sandbox.memory import available_memory, limits_of_this_machine
from autograder.sandbox.policy import MEBI, Limits


def test_the_limit_of_a_container_is_read_in_version_2(tmp_path):
    (tmp_path / "memory.max").write_text("805306368\n")
    assert available_memory(tmp_path) == 768 * MEBI


def test_the_limit_of_a_container_is_read_in_version_1(tmp_path):
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("805306368\n")
    assert available_memory(tmp_path) == 768 * MEBI


@pytest.mark.parametrize("text", ["max\n", str(1 << 60), None])
def test_without_a_limit_all_memory_of_the_machine_is_available(text, tmp_path):
    machine = available_memory(tmp_path)
    if text is not None:
        (tmp_path / "memory.max").write_text(text)
    assert available_memory(tmp_path) == machine > 768 * MEBI


@pytest.mark.parametrize(("container", "worker"), [(768, 384), (640, 256)])
def test_a_worker_gets_the_memory_that_the_grader_does_not_need(container, worker, tmp_path):
    (tmp_path / "memory.max").write_text(str(container * MEBI))
    assert limits_of_this_machine(tmp_path) == Limits(memory=worker * MEBI)


def test_a_container_that_is_too_small_is_refused(tmp_path):
    (tmp_path / "memory.max").write_text(str(256 * MEBI))
    with pytest.raises(HomeworkError, match="There are 256 MB of memory here, but grading needs 640 MB"):
        limits_of_this_machine(tmp_path)

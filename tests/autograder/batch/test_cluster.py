"""`homework grade --dask` on a real scheduler with two worker processes."""

import os
import signal
import subprocess
import sys

import pytest
from distributed import LocalCluster

from autograder.batch import command
from autograder.batch.pool import cluster_pool
from autograder.cli import main
from autograder.errors import HomeworkError
from autograder.grading.grade import read_autograder
from tests.autograder.batch.made import contents
from tests.helpers import isolated


@pytest.fixture
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
        yield made


@isolated
def test_a_cluster_gives_the_same_files_though_a_worker_is_killed(
    short,
    people,
    cluster,
    tmp_path,
    monkeypatch,
):
    assert main(["grade", str(short), str(people), "--out", str(tmp_path / "here")]) == 0
    told, killed = command._Told.lines, []

    def lines(self, record, now):
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)
        return told(self, record, now)

    monkeypatch.setattr(command._Told, "lines", lines)
    arguments = ["grade", str(short), str(people), "--out", str(tmp_path / "cluster")]
    assert main([*arguments, "--dask", cluster.scheduler_address]) == 0
    assert killed
    assert contents(tmp_path / "cluster") == contents(tmp_path / "here")


def test_an_address_without_a_scheduler_gets_a_sentence(short, monkeypatch):
    monkeypatch.setattr("autograder.batch.pool.WAIT", "1s")
    with (
        pytest.raises(HomeworkError, match=r"There is no Dask scheduler at tcp://127.0.0.1:9"),
        cluster_pool(read_autograder(short), None, "tcp://127.0.0.1:9"),
    ):
        pass


def test_grading_without_a_cluster_does_not_load_dask():
    loaded = "import sys, autograder.batch.command; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded]).returncode == 0

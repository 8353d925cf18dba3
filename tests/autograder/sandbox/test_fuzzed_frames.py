"""The wire under a million frames that no honest worker sends."""

import itertools
import os
import threading
import time
from pathlib import Path

import pytest

from autograder.sandbox import Limits, WorkerLost
from autograder.sandbox.client import MESSAGES, WorkerHandle
from autograder.sandbox.wire import LENGTHS, LIMIT, NUMBER, WireError, frame_length, unpack
from tests.autograder.sandbox.frames import frames
from tests.autograder.sandbox.test_wire import reader
from tests.processes import begin_peak, peak

MEBI = 1 << 20


@pytest.mark.parametrize("count", [3_000, pytest.param(1_000_000, marks=pytest.mark.siege)])
def test_a_fuzzed_frame_is_data_or_refused_and_takes_little_memory(count):
    before, began, arrived = begin_peak(), time.monotonic(), 0
    for frame in itertools.islice(frames(seed=count), count):
        try:
            unpack(reader(frame))
            arrived += 1
        except (WireError, EOFError):
            continue
    grown = (peak() - before) / MEBI
    print(f"{count} frames, {arrived} are data; memory +{grown:.0f} MB; {time.monotonic() - began:.0f} s")
    assert count / 20 < arrived < count / 2
    assert grown < 100


@pytest.mark.parametrize("count", [200, pytest.param(20_000, marks=pytest.mark.siege)])
def test_a_fuzzed_answer_is_a_message_or_loses_the_worker(count, tmp_path):
    answered = 0
    for frame in itertools.islice(frames(seed=count + 1), count):
        try:
            answer = asked_of_one_that_sends(frame, tmp_path)
        except WorkerLost:
            continue
        answered += 1
        assert set(answer) == {"is", *MESSAGES[answer["is"]]}
    assert answered > 0


def asked_of_one_that_sends(frame: bytes, scratch: Path) -> dict:
    """The answer to a request to a worker that sends a frame and is gone."""
    requests, ours_out = os.pipe()
    ours_in, answers = os.pipe()

    def answer():
        with open(requests, "rb") as asked, open(answers, "wb") as sent:
            number, _ = asked.read(NUMBER), asked.read(LIMIT.size)
            head = asked.read(LENGTHS.size)
            asked.read(frame_length(head) - len(head))
            sent.write(number + frame)

    thread = threading.Thread(target=answer)
    thread.start()
    worker = WorkerHandle(0, ours_in, ours_out, scratch / "none", Limits(), lambda pid: 0)
    try:
        return worker.ask(1000.0, do="call", function=None, arguments=())
    finally:
        worker.close()
        thread.join()

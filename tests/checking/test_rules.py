import numpy as np
import pytest

from checking import Incorrect, Submission, TooSlow, expect_dtypes, expect_few_lines


def function(body):
    names = {"np": np}
    exec(f"def f(z, y=0):\n    {body}", names)
    return Submission(names).function("f")


Z = np.array([2, -1, 3])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 1.0 * z.astype(float)", "has dtype float64; for arguments of float32 it should be float32"),
        ("return 2 * z", "has dtype int64; for arguments of int64 it should be float64"),
    ],
)
def test_float32_gives_float32_and_integers_give_float64(body, said):
    expect_dtypes(function("return 0.5 * z"), lambda z: 0.5 * z, z=Z)
    with pytest.raises(Incorrect, match=said):
        expect_dtypes(function(body), lambda z: 0.5 * z, z=Z)


def test_a_wrong_result_earns_nothing_for_its_dtype():
    with pytest.raises(Incorrect, match=r"the result is off by 1\.5"):
        expect_dtypes(function("return 0.5 * z"), lambda z: z, z=Z)


def test_every_part_of_an_answer_and_every_array_of_a_list_counts_but_labels_keep_their_dtype():
    both = function("return 0.5 * z[0], z[1][y]")
    right = lambda z, y: {"a": 0.5 * z[0]}  # noqa: E731
    with pytest.raises(Incorrect, match="b has dtype int64"):
        expect_dtypes(
            both, right, lambda answer: answer.parts("a", "b"), labels=["y"], z=[Z, Z], y=np.array([1])
        )


def test_an_answer_that_runs_too_many_lines_gets_a_question():
    loop = function("return np.array([v for v in z])")
    expect_few_lines(100, "Is there a loop?", loop, z=np.ones(3))
    with pytest.raises(TooSlow, match=r"after 100 lines of Python\. Is there a loop\?"):
        expect_few_lines(100, "Is there a loop?", loop, z=np.ones(1000))

"""What students read around the message of a check."""

import pytest
from otter.execute import Checker
from otter.nbmeta_config import NBMetadataConfig

from autograder.builder.test_files import test_file as file_of
from autograder.grading.case_names import case_name, title_of
from autograder.hidden_checks import hidden
from public_checks import public


@pytest.fixture
def result(tmp_path):
    """Otter's result of the checks of 3(a) for a wrong softmax."""
    path = tmp_path / "q3a.py"
    path.write_text(file_of("q3a", public.checks("q3a")), encoding="ascii")
    return Checker.check(str(path), NBMetadataConfig(), global_env={"softmax": lambda z: z})


def test_a_failed_check_begins_with_its_title_and_points_and_ends_with_the_message(result):
    first = result.test_case_results[0]
    title = public.checks("q3a")[0].title
    assert f"Check 1 (1 point): {title} — result:\n" in result.summary()
    frame, shown, message = first.message.splitlines()[1:4]
    assert frame.startswith("Error at line ")
    assert shown.endswith("env)")
    assert message.startswith("Incorrect: softmax(z): ")
    assert result.summary().count(title) == 1
    assert " message:" not in result.summary() + result._repr_html_()


def test_the_name_of_a_case_carries_the_title_of_its_check():
    hidden.load()
    for check in public.registered() + hidden.registered():
        name = case_name(check, 3)
        assert title_of(name).replace("\u2060", "") == check.title
        assert name.startswith("Hidden check 3 (" if check.hidden else "Check 3 (")


def test_a_check_does_not_say_where_it_is():
    source = file_of("q3a", hidden.checks("q3a"))
    assert "# a hidden check" in source
    assert "p3_linear_layer" not in source + file_of("q3a", public.checks("q3a"))

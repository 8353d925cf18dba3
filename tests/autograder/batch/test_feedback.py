"""The page of feedback for a student."""

import re
from dataclasses import replace

import pytest

from autograder.batch.feedback import feedback_page
from autograder.batch.messages import follows_from, plain, said
from autograder.batch.records import FAILED, REFUSED, Record, Student
from tests.autograder.report.made import check

AROUND = "❌ Test case failed\nError at line 9 in test q3a:\n      run('q3a', 'ratios', env)\n"
FOLLOWS = "This may come from Question 3(a), which fails its own checks: fix that first."
NAMED = "This mistake gives the same result: the sign is wrong."
HOSTILE = "</script><img src=x onerror=alert(1)>\x00\u202e"

FAILING = check("q3a", "the ratios are right", False, f"{AROUND}Incorrect: softmax(z): p <\u2060 0 at [1].")
HIDDEN = check("q3a", "a secret title", True, f"{AROUND}Incorrect: secret.\n{NAMED}", "the sign is wrong")
PASSING = check("q3b", "the Jacobian is right", False)
LATER = check("q3c", "the logarithm is right", False, f"{AROUND}Incorrect: wrong.\n{FOLLOWS}")
MISSING = check("q2a", "is there", False, f"{AROUND}Not attempted: f is not written yet (Question 2(a)).")
CHECKS = [MISSING, LATER, FAILING, HIDDEN, PASSING]


def record(checks=CHECKS, **changes) -> Record:
    names = dict.fromkeys(c.question for c in checks)
    points = {name: sum(c.points for c in checks if c.question == name) for name in names}
    possible = {name: sum(c.possible for c in checks if c.question == name) for name in names}
    return replace(
        Record("ada", "ada.ipynb", [Student("Ada L.")], points=points, possible=possible),
        **({"checks": list(checks)} | changes),
    )


def page(show_hidden=True, **changes) -> str:
    return feedback_page(record(**changes), "Backpropagation", show_hidden)


def words(html: str) -> str:
    """The text of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<main")[2]).split())


def test_a_message_is_without_the_words_of_otter():
    assert said(FAILING) == "softmax(z): p < 0 at [1]."
    assert said(HIDDEN) == "secret."
    assert said(check("q3a", "", False, "Not a word: of Otter.")) == "Not a word: of Otter."


def test_a_message_may_follow_from_an_earlier_question():
    assert follows_from(LATER) == "Question 3(a)"
    assert follows_from(FAILING) == ""


def test_text_is_without_signs_that_cannot_be_seen():
    assert plain("a\x00\u202e\u2060b\tc\r\n") == "a\ufffd\ufffdb\tc\n"
    assert plain("x" * 30, 10) == "x" * 10 + "\n... (cut here)"


def test_the_page_has_the_score_and_every_check():
    text = words(page())
    assert "1.5 of 7.5" in text
    assert "Question 3(a): 0 of 3 points" in text
    assert "Not passed , 0 of 1.5 points: the ratios are right" in text
    assert "Passed , 1.5 of 1.5 points: the Jacobian is right" in text
    assert "Mistake: the sign is wrong." in text
    assert "softmax(z): p &lt; 0 at [1]." in text


def test_the_same_message_is_shown_once_in_a_question():
    assert (
        words(page(checks=[FAILING, FAILING, replace(FAILING, question="q3b")])).count("p &lt; 0 at") == 2 + 2
    )


def test_own_mistakes_come_first_then_what_follows_then_what_is_missing():
    order = re.findall(r'<li><a href="#(\w+)">', page())
    assert order == ["q3a", "q3c", "q2a"]
    text = words(page())
    assert "This may be right once Question 3(a) is." in text
    assert "Not written yet." in text


def test_hidden_checks_are_left_out_with_their_points():
    html = page(show_hidden=False)
    assert "secret" not in html
    assert "the sign is wrong" not in html
    assert "Question 3(a): 0 of 1.5 points" in words(html)
    assert "1.5 of 6" in words(html)
    assert "More checks than these count toward your grade." in html
    assert "More checks" not in page()


def test_a_question_with_only_hidden_checks_is_left_out_too():
    html = page(show_hidden=False, checks=[PASSING, replace(HIDDEN, question="q4z")])
    assert "4(z)" not in html


def test_everything_right():
    assert "Nothing: every check passed." in words(page(checks=[PASSING]))


def test_a_refused_submission_says_why():
    text = words(feedback_page(Record("a", "a", status=REFUSED, reason="The zip is empty."), "B", True))
    assert "This submission was not graded The zip is empty." in text


def test_a_failed_grading_is_not_the_students_fault():
    text = words(feedback_page(Record("a", "a", status=FAILED, reason="No memory in worker 7."), "B", True))
    assert "This is not your fault" in text
    assert "worker 7" not in text


def test_remarks_lateness_and_answers_that_wait_are_shown():
    text = words(
        page(remarks=["Another build."], late="yes", hours_late=2.5, answers={"q3g": "Why.", "q3a": "x"})
    )
    assert "Another build." in text
    assert "2.5 hours" in text
    assert "Graded by hand, and not in these points yet: 3(g)." in text


@pytest.mark.parametrize(
    ("students", "name"),
    [
        ([], "ada"),
        ([Student()], "ada"),
        ([Student("Ada"), Student("Bob")], "Ada, Bob"),
        ([Student(email="a@x.edu")], "a@x.edu"),
    ],
)
def test_the_heading_has_the_names_or_the_name_of_the_record(students, name):
    assert f"<h1>{name}</h1>" in page(students=students)


def test_points_given_by_hand_are_shown():
    text = words(page(points={"q3g": 3.0}, possible={"q3g": 4.0}, checks=[]))
    assert "Question 3(g): 3 of 4 points Your instructor graded this question by hand." in text


def test_hostile_text_is_only_text():
    bad = replace(HIDDEN, title=HOSTILE, message=HOSTILE, mistake=HOSTILE)
    html = page(checks=[bad], students=[Student(HOSTILE)], remarks=[HOSTILE], source=HOSTILE)
    assert "<img" not in html
    assert "<script" not in html
    assert not set("\x00\u202e") & set(html)


def test_a_huge_message_is_cut():
    assert len(page(checks=[replace(FAILING, message="x" * 1_000_000)])) < 40_000

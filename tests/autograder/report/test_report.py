"""The report of a class: its counts, its lists, and what it does with strange classes and hostile text."""

import random
import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from autograder.batch.pages import number, spoken
from autograder.batch.records import FAILED, GRADED, REFUSED, Record, Student, write_json
from autograder.cli import main
from autograder.errors import HomeworkError
from autograder.report import report
from autograder.report.comparison import Changes
from autograder.report.figures import histogram
from autograder.report.fingerprints import UsedNames, code_tokens, names_in, run_hashes, word_tokens
from autograder.report.mistakes import Mistakes, masked
from autograder.report.people import Attention, Person
from autograder.report.results import ClassResults, Totals
from autograder.report.similar import LEAST_COMMON, Class, Index, difference, likenesses, side_by_side
from autograder.report.written import Written
from tests.autograder.report.made import TEXTBOOK, check, made_records, questions, write_grades

HOSTILE = "</script></pre><img src=x onerror=alert(1)>\"'\x00\u202e\ud800"
OFF_BY = "❌ Test case failed\nError at line 9 in test q3a:\n      run('q3a', 'x', env)\nIncorrect: off by {}"


def graded(name="ada", question="q3a", message="", mistake="", **changes) -> Record:
    """A record with one check."""
    result = check(question, "the values are right", True, message, mistake)
    known = {"checks": [result], "points": {question: result.points}, "possible": {question: 1.5}}
    return Record(name, f"{name}.ipynb", **known | changes)


def collected(collector, records):
    for record in records:
        collector.add(record)
    return collector


def pairs_of(records: list[Record], in_words: frozenset[str] = frozenset()):
    names = UsedNames()
    for record in records:
        names.add(text for question, text in record.answers.items() if question not in in_words)
    found = {record.name: record for record in records}
    return side_by_side(Class.of(records, in_words, names.common), found.__getitem__)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = write_grades(tmp_path_factory.mktemp("class") / "grades", made_records(40))
    return report(folder).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "heading",
    [
        "The class",
        "Submissions that need a person",
        "Questions",
        "Checks",
        "Named mistakes",
        "Written answers",
    ],
)
def test_the_report_has_a_section(page, heading):
    assert f">{heading}</h2>" in page
    assert f">{heading}</a>" in page


def test_the_report_needs_no_network(page):
    assert not re.search(r'(src|href)="(?!#|feedback/)[^"]*"|@import|url\((?!#)', page)
    assert page.count("<script") == 1


def test_the_report_links_to_the_pages_of_feedback(page):
    name = made_records(1)[0].name
    assert f'href="feedback/{name.replace(" ", "%20")}.html"' in page


def test_the_same_grades_give_the_same_report(tmp_path):
    folder = write_grades(tmp_path / "grades", made_records(6))
    assert report(folder).read_bytes() == report(folder).read_bytes()


def test_totals_are_of_graded_submissions():
    records = [graded(), graded(message="no"), Record("x", "x", status=REFUSED), graded(late="yes")]
    totals = collected(Totals.of(questions()), records)
    assert totals.counts[GRADED] == 3
    assert totals.counts[REFUSED] == 1
    assert totals.counts["late"] == 1
    assert dict(totals.facts) == {"Mean": 1.0, "Median": 1.5, "Lowest": 0.0, "Highest": 1.5}


def test_points_for_written_answers_are_possible_points_too():
    totals = collected(Totals.of(questions()), [graded(), graded(points={"q3a": 1.5, "q3g": 4})])
    assert totals.possible == 1.5 + 4


def test_the_histogram_tells_its_numbers():
    assert "70 to 75: 1; 85 to 90: 3." in histogram([90.0, 89.0, 85.0, 71.5], 90.0)
    assert "0 to 1: 2." in histogram([0.0, 0.0], 0.0)


def test_credit_is_full_partial_or_none():
    records = [graded(points={"q3a": points}) for points in (6.0, 2.0, 0.0, 0.0, 5.999999999999)]
    credit = collected(ClassResults.of(questions()), records).credit["q3a"]
    assert (credit.full, credit.partial, credit.none) == (2, 1, 2)


def test_an_answer_that_was_not_attempted_is_counted_as_blank():
    missing = OFF_BY.replace("Incorrect: off by {}", "Not attempted: softmax is not written yet.")
    credit = collected(ClassResults.of(questions()), [graded(message=missing), graded(message="no")]).credit[
        "q3a"
    ]
    assert (credit.none, credit.blank) == (2, 1)


def test_the_failure_rate_of_a_check():
    results = collected(ClassResults.of(questions()), [graded(), graded(message="no"), graded(), graded()])
    ((_, failures),) = results.checks.items()
    assert (failures.failed, failures.rate) == (1, 0.25)


def test_a_named_mistake_counts_once_for_each_submission():
    twice = graded(message="no", mistake="the sign is wrong")
    twice = replace(twice, checks=twice.checks * 2)
    mistakes = collected(Mistakes(), [twice, graded("bob", message="no", mistake="no return"), twice])
    assert [(m.name, len(m.people)) for m in mistakes.by_frequency] == [
        ("the sign is wrong", 2),
        ("no return", 1),
    ]


def test_failures_that_differ_in_numbers_are_one_group():
    records = [graded(name, message=OFF_BY.format(n)) for name, n in (("ada", 0.5), ("bob", "-1e-07"))]
    (group,) = collected(Mistakes(), [*records, graded("eve")]).groups_by_size
    assert [person.name for person in group.people] == ["ada", "bob"]
    assert group.example == "off by 0.5"


def test_failures_that_a_name_or_an_earlier_question_explains_are_in_no_group():
    follows = "no\nThis may come from Question 3(a), which fails its own checks: fix that first."
    named = graded(message="no", mistake="the sign is wrong")
    named = replace(named, checks=[*named.checks, check("q3a", "another", False, "no")])
    mistakes = collected(Mistakes(), [named, graded(message=follows)])
    assert not mistakes.groups
    assert mistakes.explained == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("off by 0.5 at [2, 1]", "off by -3e-09 at [0]"),
        ("yours nan, expected 2", "yours 1.5, expected inf"),
        ("the shape is (3, 2)", "the shape is (4,)"),
        ("wrong.\nwhere z = [[1, 2], [3, 4]]", "wrong.\nwhere z (3,)"),
    ],
)
def test_masked_messages_are_alike(one, other):
    assert masked(one) == masked(other)


@pytest.mark.parametrize(("one", "other"), [("dW is wrong", "db is wrong"), ("W1 is wrong", "W2 is wrong")])
def test_masked_messages_differ(one, other):
    assert masked(one) != masked(other)


def test_submissions_that_need_a_person():
    records = [
        graded(remarks=["Another build."], notes=["A cell raised KeyError."], isolation="user"),
        Record("b", "b", status=FAILED, reason="No memory."),
        Record("c", "c", status=REFUSED, reason="No notebook."),
        graded("d", isolation="none"),
        graded("e", points={"q3a": 0.0}),
    ]
    kinds = [(kind, people[0].name) for kind, _, people in collected(Attention(), records).by_kind]
    assert kinds == [
        ("refused", "c"),
        ("failed", "b"),
        ("no points", "e"),
        ("not isolated", "d"),
        ("note", "ada"),
        ("remark", "ada"),
    ]


def test_blank_answers_come_last_and_points_are_filled_in(tmp_path):
    records = [
        graded("a"),
        graded("b", answers={"q3g": "Because."}, points={"q3a": 1.5, "q3g": 2.5}),
        graded("c", answers={"q3g": " \n"}),
    ]
    written = collected(Written.of(questions()), records)
    written.questions[0].finish()
    assert [(a.person.name, a.text) for a in written.questions[0].answers] == [
        ("b", "Because."),
        ("a", ""),
        ("c", ""),
    ]
    assert 'step="any" value="2.5"' in report(write_grades(tmp_path / "grades", records)).read_text()


def test_the_rubric_is_html_with_formulas(page):
    assert "<math" in page
    assert "$p - e_y$" not in page
    assert "<strong>Rubric.</strong>" in page


def test_long_answers_with_the_same_text_are_named():
    text = "The gradient is p minus e_y, " * 4
    records = [graded(name, answers={"q3g": text}) for name in ("ada", "bob")]
    question = collected(Written.of(questions()), records).questions[0]
    question.finish()
    assert question.answers[0].others == [Person("bob", "bob")]


def test_tokens_are_without_comments_strings_and_rare_names():
    code = """def f(z):  # a comment
    '''A text.'''
    secret = np.exp(z) + 1.5e3
    return "c" + secret"""
    assert code_tokens(code, {"f", "z", "np", "exp"}) == [
        *("def", "f", "(", "z", ")", ":"),
        *("$", "=", "np", ".", "exp", "(", "z", ")", "+", "1.5e3"),
        *("return", "+", "$"),
    ]
    assert names_in(code) == {"f", "z", "np", "exp", "secret"}


@pytest.mark.parametrize(
    "text", ['"""', "'", '"\\', "'''" * 3000, "\\\n'" * 3000, "a" * 30_000, '"\\' * 9000, "é½\ud800"]
)
def test_tokens_of_any_text(text):
    run_hashes(code_tokens(text, ()), 12)
    run_hashes(word_tokens(text), 8)


def test_common_fingerprints_are_counted_as_by_hand():
    rng = random.Random(1)
    parts = [np.unique(np.array(rng.sample(range(900), 150), np.uint64)) for _ in range(30)]
    owners = np.bincount(np.concatenate(parts).astype(int), minlength=900)
    rare = {int(value) for value in np.flatnonzero((owners > 0) & (owners <= 6))}
    parts[7] = np.unique(np.concatenate([parts[7], parts[2]]))
    owners = np.bincount(np.concatenate(parts).astype(int), minlength=900)
    rare = {int(value) for value in np.flatnonzero((owners > 0) & (owners <= 6))}
    sets = [rare & {int(value) for value in part} for part in parts]
    expected = {
        (i, j): len(sets[i] & sets[j])
        for i, j in combinations(range(30), 2)
        if len(sets[i] & sets[j]) >= LEAST_COMMON
        and len(sets[i] & sets[j]) >= min(len(sets[i]), len(sets[j])) / 4
    }
    found = likenesses(Index.of(parts), 6)
    assert {(like.first, like.second): like.common for like in found} == expected
    assert (2, 7) in expected


def test_a_copy_with_other_names_is_found_and_nothing_else():
    records = made_records(60)
    (pair,) = pairs_of(records, frozenset({"q3g", "q4f", "q5e"}))
    assert {person.name for person in pair.people} == {records[0].name, records[-1].name}
    assert pair.likeness.share > 0.9
    assert "q3g" in pair.same


def test_a_copied_written_answer_is_enough():
    rng = random.Random(3)
    words = TEXTBOOK.split()
    records = [Record(str(n), "", answers={"q3g": " ".join(rng.choices(words, k=80))}) for n in range(9)]
    records[5].answers["q3g"] = records[2].answers["q3g"].upper()
    (pair,) = pairs_of(records, frozenset({"q3g"}))
    assert {person.name for person in pair.people} == {"2", "5"}


def test_the_same_answer_of_a_whole_class_is_no_sign():
    code = "def f(z):\n" + "\n".join(f"    z = z * {n} + np.exp(z / {n})" for n in range(1, 20))
    assert pairs_of([Record(str(n), "", answers={"q3a": code}) for n in range(30)]) == []


def test_a_difference_is_escaped():
    table = str(difference(f"a = 1\n{HOSTILE}", f"a = 2\n{HOSTILE}"))
    assert "<img" not in table
    assert '<span class="diff_chg">2</span>' in table or "diff_add" in table


def test_changes_since_earlier_grades(tmp_path):
    earlier = write_grades(
        tmp_path / "earlier", [graded("ada", message="no"), graded("bob"), graded("gone"), graded("eve")]
    )
    refused = Record("eve", "eve", status=REFUSED)
    records = [graded("ada"), graded("bob"), refused, graded("new")]
    comparison = collected(Changes.with_folder(earlier, "backprop"), records)
    changes = {change.person.name: change for change in comparison.changes}
    assert changes["ada"].difference == 1.5
    assert changes["ada"].questions == {"q3a": 1.5}
    assert [passed for _, passed in changes["ada"].checks] == [True]
    assert changes["eve"].after is None
    assert (comparison.unchanged, comparison.missing) == (1, ["gone"])
    assert [person.name for person in comparison.added] == ["new"]
    folder = write_grades(tmp_path / "grades", records)
    assert "Changes since the earlier grades" in report(folder, earlier).read_text()


@pytest.mark.parametrize(
    "records",
    [
        [],
        [graded()],
        [graded(points={}, possible={}, checks=[])],
        [Record("ada", "ada", status=REFUSED, reason="No notebook."), Record("bob", "bob", status=FAILED)],
        [graded(students=[Student("Ada"), Student(email="bob@x.edu"), Student()])],
        [graded("ada", message="x" * 1_000_000, answers={"q3a": "y" * 20_000, "q3g": "z" * 20_000})] * 2,
    ],
    ids=["no submission", "one", "no check", "none graded", "a group", "long texts"],
)
def test_a_report_of_a_strange_class(tmp_path, records):
    text = report(write_grades(tmp_path / "grades", records)).read_text()
    assert len(text) < 1_000_000


def test_hostile_text_is_only_text(tmp_path):
    code = "\n".join(f"{HOSTILE} z{n} = z{n} * {n}" for n in range(50))
    records = [
        graded(
            name,
            message=HOSTILE,
            mistake=mistake,
            students=[Student(HOSTILE)],
            remarks=[HOSTILE],
            notes=[HOSTILE],
            answers={"q3a": code + name, "q3g": f"{HOSTILE} {code}"},
        )
        for name, mistake in (("ada", HOSTILE), ("bob", ""), ("eve", ""))
    ]
    records.append(Record("x", HOSTILE, status=REFUSED, reason=HOSTILE))
    folder = write_grades(tmp_path / "grades", records)
    text = report(folder, write_grades(tmp_path / "earlier", records[:1])).read_text(encoding="utf-8")
    assert "Similar answers" in text
    assert "<img" not in text
    assert text.count("</script>") == 1
    assert not set("\x00\u202e\ud800") & set(text)


def test_the_command_says_where_the_report_is(tmp_path, capsys):
    folder = write_grades(tmp_path / "grades", [graded()])
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"The report is in {folder / 'report.html'}.\n"
    assert main(["report", str(tmp_path)]) == 2


def test_a_folder_without_grades_is_an_error(tmp_path):
    with pytest.raises(HomeworkError, match="has no finished grades"):
        report(tmp_path)


def test_a_damaged_summary_is_an_error(tmp_path):
    write_json(tmp_path / "summary.json", {"assignment": "backprop"})
    with pytest.raises(HomeworkError, match="is damaged"):
        report(tmp_path)


def test_earlier_grades_of_another_assignment_are_an_error(tmp_path):
    folder = write_grades(tmp_path / "grades", [graded()])
    earlier = write_grades(tmp_path / "earlier", [graded()], assignment="autodiff")
    with pytest.raises(HomeworkError, match="has the grades of autodiff"):
        report(folder, earlier)


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "1"), (0.25, "0.25"), (2 / 3, "0.67"), (-0.001, "0"), (1234.5, "1234.5")]
)
def test_points_in_words(value, words):
    assert number(value) == words


def test_questions_in_words():
    assert (spoken("q3a"), spoken("extra")) == ("3(a)", "extra")

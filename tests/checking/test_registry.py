import pytest

from checking import CheckFailure, Incorrect, OutOfTime, Registry
from checking.outcomes import html_safe
from checking.registry import RegistryError, spoken


@pytest.fixture
def registry():
    r = Registry("gradcheck", hidden=False, secret="s")  # a package without modules of checks

    @r.check("q1a", "f is one", points=1)
    def f_is_one(f):
        if f() != 1:
            raise Incorrect("f is not 1.")

    @r.check("q1b", "g is two", points=2)
    def g_is_two(g, rng):
        if g() != 2:
            raise Incorrect("g is not 2.")

    r.uses("q1b", "q1a")
    return r


def test_a_check_gets_the_functions_that_its_parameters_name(registry):
    registry.run("q1a", "f_is_one", {"f": lambda: 1})
    with pytest.raises(Incorrect, match="f is not 1"):
        registry.run("q1a", "f_is_one", {"f": lambda: 5})


def notebook(text):
    names = {}
    exec(text, names)
    return names


BROKEN = "def f(): return 0"
BLAMED = r"g is not 2\.\nThis may come from Question 1\(a\).*fix that first"


@pytest.mark.parametrize(
    "calls",
    [
        "def g(): return f()",
        "def g(): return [f() for _ in range(2)][0]",
        "def helper(): return f()\ndef g(): return helper()",
        "import functools\ndef helper(k): return f()\ng = functools.partial(helper, 1)",
        "class Rules:\n    def value(self): return f()\ndef g(): return Rules().value()",
        "RULES = {'one': f}\ndef g(): return RULES['one']()",
        "def twice(h):\n    return lambda: h() + h()\ng = twice(f)",
    ],
)
def test_a_failure_says_which_earlier_question_to_fix_first(registry, calls):
    with pytest.raises(Incorrect, match=BLAMED):
        registry.run("q1b", "g_is_two", notebook(f"{BROKEN}\n{calls}"))


@pytest.mark.parametrize(
    "text",
    [
        f"{BROKEN}\ndef g(): return 0",
        f"{BROKEN}\nimport math as np\ndef g():\n    f = np.f if 0 else 0\n    return f",
        "def f(): return 1\ndef g(): return f()",
        f"{BROKEN}\nclass g:\n    def __init__(self): pass",
    ],
)
def test_a_question_that_the_answer_does_not_call_or_that_is_right_is_not_blamed(registry, text):
    with pytest.raises(CheckFailure) as raised:
        registry.run("q1b", "g_is_two", notebook(text))
    assert "This may come from" not in str(raised.value)


def call_both(*, f, g):
    return f() + g()


def test_what_a_checks_own_program_calls_counts_as_called(registry):
    @registry.check("q1b", "g and f are two", points=1)
    def both_are_two(g, program):
        if program(call_both, "f() + g()")() != 2:
            raise Incorrect("g is not 2.")

    with pytest.raises(Incorrect, match=BLAMED):
        registry.run("q1b", "both_are_two", notebook(f"{BROKEN}\ndef g(): return 0"))


def test_the_names_in_the_text_of_a_program_count_as_called(registry):
    @registry.check("q1b", "g and f are two", points=1)
    def both_are_two(g, program):
        if program("lambda: f() + g()")() != 2:
            raise Incorrect("g is not 2.")

    with pytest.raises(Incorrect, match=BLAMED):
        registry.run("q1b", "both_are_two", notebook(f"{BROKEN}\ndef g(): return 0"))


def test_two_checks_of_one_name_are_refused(registry):
    with pytest.raises(RegistryError, match="two checks of q1a named f_is_one"):

        @registry.check("q1a", "again", points=1)
        def f_is_one(f): ...


def test_uses_reach_through_other_questions_and_registries(registry):
    registry.uses("q1c", "q1b")
    hidden = Registry("gradcheck", hidden=True, secret="s", builds_on=registry)
    assert hidden.used_by("q1c") == ["q1a", "q1b"]


def test_random_inputs_are_equal_on_a_regrade_and_depend_on_the_secret_and_the_check():
    def first(secret, name):
        r = Registry("gradcheck", hidden=True, secret=secret)
        drawn = []

        def draw(rng):
            drawn.append(rng.integers(2**60))

        draw.__name__ = name
        r.check("q1a", "t", points=1)(draw)
        r.run("q1a", name, {})
        return drawn[0]

    assert first("a", "x") == first("a", "x")
    assert len({first("a", "x"), first("b", "x"), first("a", "y")}) == 3


def test_markup_characters_survive_as_html_and_as_text():
    from html.parser import HTMLParser

    class Text(HTMLParser):
        def __init__(self):
            super().__init__(convert_charrefs=True)
            self.seen = ""

        def handle_data(self, data):
            self.seen += data

    text = "x <b> < 3 & y &lt; z </pre> <!-- c --> &amp &#60; a<b"
    parser = Text()
    parser.feed(html_safe(text))
    parser.close()
    assert parser.seen.replace("\u2060", "") == text
    assert html_safe(text).replace("\u2060", "") == text
    assert html_safe("a < b, a <= b, 1 << 2") == "a < b, a <= b, 1 << 2"


def test_a_failure_keeps_its_message_when_it_is_raised_again():
    failure = Incorrect("<x> is wrong")
    assert str(Incorrect(str(failure))) == str(failure)
    assert isinstance(failure, CheckFailure)


def test_a_question_has_a_spoken_name():
    assert spoken("q3b") == "Question 3(b)"
    assert spoken("q12a") == "Question 12(a)"


def test_an_explanation_that_fails_leaves_the_short_message(registry):
    def explain():
        raise ZeroDivisionError

    @registry.check("q1b", "it explains", points=1)
    def explained(g):
        raise Incorrect("it is wrong.", explain)

    with pytest.raises(Incorrect, match=r"^it is wrong\.$"):
        registry.run("q1b", "explained", notebook("def g(): return 2"))


def test_a_check_of_another_version_says_so(registry):
    with pytest.raises(RegistryError, match=r"has no check old of q1a.*Download the assignment again"):
        registry.run("q1a", "old", notebook("def f(): return 1"))


def call_f(*, f):
    return f()


def call_g(*, g):
    return g()


ENDLESS = "calls = []\ndef f():\n    calls.append(1)\n    while True:\n        pass\n"


@pytest.fixture
def three_checks(registry, monkeypatch):
    """q1a gets two more checks, and a call may take 0.05 s."""
    monkeypatch.setattr("checking.boundary.SECONDS", 0.05)

    @registry.check("q1a", "f is not two", points=1)
    def f_is_not_two(f):
        f()

    @registry.check("q1a", "f can be called by a program", points=1)
    def f_in_a_program(program):
        program(call_f, "f")()

    return registry


def said_by(registry, env):
    said = []
    for name in ("f_is_one", "f_is_not_two", "f_in_a_program"):
        with pytest.raises(OutOfTime) as failure:
            registry.run("q1a", name, env)
        said.append(str(failure.value))
    return said


def test_an_endless_loop_is_waited_for_once_until_the_question_is_checked_again(three_checks):
    env = notebook(ENDLESS)
    first, second, third = said_by(three_checks, env)
    assert first == "f did not finish within 0.05 s. Is there a loop that never ends?"
    assert second == third == "f was not called, because an earlier call ran out of time."
    assert len(env["calls"]) == 1
    assert said_by(three_checks, env) == [first, second, third]
    assert len(env["calls"]) == 2
    env.update(notebook("def f(): return 1"))
    for name in ("f_is_one", "f_is_not_two", "f_in_a_program"):
        three_checks.run("q1a", name, env)


def test_a_program_that_ran_out_of_time_says_nothing_about_the_programs_of_earlier_questions(
    registry, monkeypatch
):
    monkeypatch.setattr("checking.boundary.SECONDS", 0.05)

    @registry.check("q1a", "f is one in a program", points=1)
    def f_in_a_program(program):
        program(call_f, "f()")()

    @registry.check("q1b", "g is two in a program", points=1)
    def g_in_a_program(program):
        program(call_g, "g()")()

    env = notebook("def f(): return 1\ndef g():\n    f()\n    while True:\n        pass\n")
    with pytest.raises(OutOfTime, match=r"^g\(\) did not finish within 0\.05 s\. [^\n]*$"):
        registry.run("q1b", "g_in_a_program", env)
    with pytest.raises(OutOfTime, match=r"^g did not finish within 0\.05 s\. [^\n]*$"):
        registry.run("q1b", "g_is_two", env)

"""The page of the solutions: a table of contents, no rows that say nothing, formulas, accessibility."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.builder.solution_page import markdown_to_html, to_html
from autograder.builder.sources import read_notebook
from tests.chromium import chromium
from tests.helpers import unzip


@pytest.fixture
def page():
    cells = [
        new_markdown_cell("# Problem 3: a layer"),
        *read_notebook("first_cell").cells,
        new_markdown_cell("## 3(a) The array"),
        new_code_cell("def f(): ..."),
        new_code_cell('grader.check("q3a")'),
        new_markdown_cell("<!-- END QUESTION -->\n"),
        new_markdown_cell("## Hand in\n\n1. Run"),
    ]
    return to_html(new_notebook(cells=cells), "solutions").partition("<body")[2]


def test_the_page_begins_with_links_to_problems_and_questions(page):
    contents = page[: page.index("</nav>")]
    assert contents.count("<li") == 2
    assert '<a href="#Problem-3:-a-layer">Problem 3: a layer</a>' in contents


def test_cells_that_say_nothing_about_the_solution_are_left_out(page):
    assert page.count('class="jp-Cell ') + page.count("jp-CodeCell ") > 0
    for noise in ("grader", "Hand in", "Run this cell first", "QUESTION", "In [", "[ ]:"):
        assert noise not in page


def test_the_letters_and_sums_of_formulas_have_classes_for_the_style():
    html = markdown_to_html(r"$\sum_i \log p_i$")
    assert '<mi class="letter">i</mi>' in html
    assert '<mi class="word">log</mi>' in html
    assert '<msub class="low">' in html
    assert '<mo class="sum">∑</mo>' in html


@pytest.mark.browser
@pytest.mark.parametrize("assignment", ["autodiff", "backprop"])
@pytest.mark.parametrize("width", [1200, 700])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(assignment, width, dist, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    folder = unzip(dist / "solutions.zip", tmp_path)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 1000})
        page.goto((folder / f"{assignment}-solutions.html").as_uri())
        found = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth")
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    assert wide <= width

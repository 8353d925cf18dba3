"""The report and a page of feedback in a browser: requests, widths, accessibility, keyboard, grading."""

import csv
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from autograder.report import report
from tests.autograder.report.made import made_records, write_grades
from tests.chromium import chromium

pytestmark = pytest.mark.browser
PAGES = [("report", 10), ("feedback", 10), ("report", 1000)]
UNFOLD = "document.querySelectorAll('details').forEach(details => details.open = true)"
FOCUSABLE = "a[href], button, input, summary, [tabindex='0']"
POINTS = ".answer[data-question={}] .points input"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Callable[[str, int], str]:
    """A function that makes the grades of a class, and returns the address of a page about it."""

    @cache
    def grades(number: int) -> Path:
        folder = write_grades(tmp_path_factory.mktemp("class") / "grades", made_records(number), pages=True)
        report(folder)
        return folder

    def of(kind: str, number: int) -> str:
        folder = grades(number)
        path = folder / "report.html" if kind == "report" else min((folder / "feedback").iterdir())
        return path.as_uri()

    return of


@pytest.fixture
def page(browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


@pytest.mark.parametrize(("kind", "number"), PAGES)
def test_a_page_opens_without_errors_and_needs_only_its_file(page, address, kind, number):
    said, requests = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address(kind, number))
    page.evaluate(UNFOLD)
    assert said == []
    assert requests == [address(kind, number)]


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize(("kind", "number"), PAGES)
def test_a_page_is_not_wider_than_the_window(page, address, kind, number, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address(kind, number))
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(UNFOLD)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize(("kind", "number"), PAGES)
def test_axe_finds_nothing_serious(page, address, kind, number, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address(kind, number))
    if number == 10:
        page.evaluate(UNFOLD)
    found = axe.run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize(("kind", "number"), PAGES[:2])
def test_everything_can_be_reached_with_the_tab_key(page, address, kind, number):
    page.goto(address(kind, number))
    page.evaluate(UNFOLD)
    number_them = "(all) => all.forEach((element, place) => { element.dataset.place = place; })"
    page.eval_on_selector_all(FOCUSABLE, number_them)
    count = page.locator(FOCUSABLE).count()
    reached = set()
    for _ in range(count):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.place"))
    assert reached == {str(place) for place in range(count)}


def test_the_first_link_leads_to_the_content(page, address):
    page.goto(address("report", 10))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def download(page: Page) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download written.csv").click()
    assert waiting.value.suggested_filename == "written.csv"
    with open(waiting.value.path(), encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_typed_points_are_in_the_file_and_survive_a_reload(page, address):
    page.goto(address("report", 10))
    page.evaluate(UNFOLD)
    first, second = page.locator(POINTS.format("q3g")).nth(0), page.locator(POINTS.format("q4f")).nth(1)
    first.fill("2.5")
    second.fill("0")
    page.get_by_label("Comment").first.fill('good, but "why"? ü')
    page.get_by_label("Comment").nth(2).fill("no points yet")
    assert page.get_by_role("status").inner_text() == "2 of 24 answers have points."
    names = page.eval_on_selector_all(
        "[data-question=q3g].answer", "(all) => all.map(answer => answer.dataset.submission)"
    )
    page.reload()
    rows = download(page)
    assert rows[0] == ["submission", "question", "points", "comment"]
    assert rows[1] == [names[0], "q3g", "2.5", 'good, but "why"? ü']
    assert rows[2][1:] == ["q4f", "0", ""]
    assert len(rows) == 3
    assert "1 comment without points" in page.get_by_role("status").inner_text()


def test_points_out_of_range_make_no_file(page, address):
    page.goto(address("report", 10))
    page.evaluate(UNFOLD)
    page.locator(POINTS.format("q3g")).nth(1).fill("7")
    page.get_by_role("button", name="Download written.csv").click()
    assert "must be between 0 and 4" in page.get_by_role("status").inner_text()
    assert page.evaluate("document.activeElement.value") == "7"


def test_blank_answers_get_no_points_at_once(page, address):
    page.goto(address("report", 1000))
    page.evaluate(UNFOLD)
    page.locator(".zero").first.click()
    rows = download(page)[1:]
    assert len(rows) > 10
    assert {(row[1], row[2]) for row in rows} == {("q3g", "0")}


def test_a_printed_report_is_unfolded_and_has_no_answers(page, address):
    page.goto(address("report", 10))
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator(".answer:visible").count() == 0
    assert page.locator("table.diff:visible").count() > 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0

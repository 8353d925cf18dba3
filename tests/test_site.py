"""The site of the docs: no warning, so every link leads somewhere, and nothing is loaded from the network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page

import gradcheck
from autograder.files import ROOT
from tests.chromium import chromium
from tests.helpers import BACKSTOP

CODE = re.compile(r"^(```+).*?^\1$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")


class Elements(HTMLParser):
    """All elements of a page: pairs of a tag and its attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The folder of the site, built with the options of `make docs`."""
    folder = tmp_path_factory.mktemp("site")
    makefile = (ROOT / "Makefile").read_text()
    (options,) = re.findall(r"^\t\$\(BIN\)/sphinx-build (.*) docs site$", makefile, re.MULTILINE)
    command = [sys.executable, "-m", "sphinx", *options.split(), "docs", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BACKSTOP)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def elements(site: Path) -> Iterator[tuple[str, dict[str, str | None]]]:
    for path in site.glob("*.html"):
        yield from Elements(path.read_text()).found


def test_a_browser_loads_nothing_from_the_network(site):
    loaded = [
        value or ""
        for tag, attributes in elements(site)
        for name, value in attributes.items()
        if name in ("src", "srcset", "action", "data") or (name == "href" and tag != "a")
    ]
    styles = [path.read_text() for path in [*site.rglob("*.css"), *site.rglob("*.html")]]
    loaded += [address for style in styles for address in IN_STYLE.findall(style)]
    assert len(loaded) > 100
    assert [address for address in loaded if re.match(r"(\w+:)?//", address)] == []


def test_every_picture_has_an_alternative_text(site):
    pictures = [attributes for tag, attributes in elements(site) if tag == "img"]
    assert len(pictures) > 5
    assert [p["src"] for p in pictures if len((p.get("alt") or "").split()) < 10] == []


def test_every_public_name_of_gradcheck_is_explained(site):
    page = Elements((site / "gradcheck_api.html").read_text())
    places = {attributes.get("id") for _, attributes in page.found}
    assert [name for name in gradcheck.__all__ if f"gradcheck.{name}" not in places] == []


def test_links_lead_to_files_of_the_repository_too():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        links = re.findall(r"\]\(([^)\s#]+)", CODE.sub("", path.read_text()))
        local = [link for link in links if not re.match(r"\w+:", link)]
        assert [link for link in local if not (path.parent / link).exists()] == [], path


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
def test_pages_fit_the_window_and_request_only_files(site, page, width):
    requests, said = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.set_viewport_size({"width": width, "height": 900})
    for path in site.glob("*.html"):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert [url for url in requests if not url.startswith((site.as_uri(), "data:"))] == []
    assert said == []


@pytest.mark.browser
def test_the_search_works_without_a_server(site, page):
    page.goto((site / "search.html").as_uri() + "?q=Landlock")
    page.locator("#search-results li a").first.wait_for()
    assert "What a submission can and cannot do" in page.locator("#search-results").inner_text()

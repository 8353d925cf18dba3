"""How Sphinx builds the site from this folder: make docs."""

from __future__ import annotations

from typing import Any

from docutils import nodes  # type: ignore[import-untyped]
from latex2mathml.converter import convert
from sphinx.application import Sphinx

from autograder.builder.solution_page import MATH_STYLE, styled

# Long formulas scroll. Wide windows have room for the longest lines of code.
STYLE = f"""{MATH_STYLE}
.content img {{ border: 1px solid var(--color-background-border); }}
.formula {{ overflow-x: auto; overflow-y: hidden; }}
@media (min-width: 90em) {{ div.content {{ width: 54em; }} }}
"""

project = "Backpropagation: a homework that grades itself"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_math_renderer = "mathml"
html_title = "Backprop homework"
html_copy_source = html_use_index = html_domain_indices = False
html_show_copyright = html_show_sphinx = False
html_show_search_summary = False  # it reads the pages, which browsers allow only with a server

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Links to files that the site includes, as these files and the pages write them, lead to the pages.
PAGES = {
    "docs/": "",
    "../README.md": "index.md",
    "../CHANGELOG.md": "changelog.md",
    "CHANGELOG.md": "changelog.md",
    "../CONTRIBUTING.md": "contributing.md",
    "CONTRIBUTING.md": "contributing.md",
    "../benchmarks/README.md": "benchmarks.md",
    "benchmarks/README.md": "benchmarks.md",
}

default_role = "py:obj"  # `name` in a docstring: a link if it is documented, else code
autodoc_typehints = "none"  # the docstrings have the types, as prose
nitpick_ignore_regex = [("py:.*", ".*")]
napoleon_use_param = napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]


def link_to_pages(app: Sphinx, *event: Any) -> None:
    """Change the links in the text of a page, or of a file that a page includes."""
    text = event[-1]
    for file, page in PAGES.items():
        text[0] = text[0].replace(f"]({file}", f"]({page}")


def write_formula(writer: Any, node: nodes.Element) -> None:
    """Write a formula as MathML, which browsers show without a script, as on the page of the solutions."""
    if isinstance(node, nodes.math_block):
        writer.body.append(f'<div class="formula">{styled(convert(node.astext(), display="block"))}</div>')
    else:
        writer.body.append(styled(convert(node.astext())))
    raise nodes.SkipNode


def add_style(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if doctree is not None:  # the page of the search has none
        context["metatags"] += f"<style>{STYLE}</style>"


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    app.connect("source-read", link_to_pages)
    app.connect("include-read", link_to_pages)
    app.connect("html-page-context", add_style)

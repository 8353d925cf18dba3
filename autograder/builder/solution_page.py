"""The page of the solutions, for any browser, without scripts, a network or installed fonts."""

from __future__ import annotations

import re

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

# Cells that say nothing about the solution: the first one, the checks, which all pass, and how to hand in.
NOISE = re.compile(r"# Run this cell first|grader\.check\(|## Hand in|(<!-- \w+ QUESTION -->\s*)?\Z")
# Formulas in text fonts: without a mathematics font, browsers mix fonts and shrink the signs of sums.
MATH_STYLE = """
math { font-family: "Times New Roman", "Liberation Serif", "Nimbus Roman", serif; font-size: 1.12em; }
math mi { text-transform: none; }
math mi.letter { font-style: italic; }
math mi.word { padding: 0 0.12em; }
math mo.sum { font-size: 1.5em; }
math[display=block] { margin: 0.9em 0; }
math msub.low > :nth-child(2) { position: relative; top: -0.22em; }
"""
STYLE = """
:root { --jp-mirror-editor-number-color: #06610a; --jp-mirror-editor-operator-color: #7a1fa2;
  --jp-mirror-editor-comment-color: #2f6a6a; }
.jp-Notebook { max-width: 62rem; margin: 0 auto; padding: 1rem; }
.jp-RenderedHTMLCommon table { display: block; overflow-x: auto; }
.jp-RenderedHTMLCommon img { max-width: 100%; height: auto; }
.highlight pre { white-space: pre-wrap; overflow-wrap: anywhere; }
nav { margin: 1rem 0 2rem; padding: 0.5rem 1.2rem; border: 1px solid #bbb; }
nav { font: 0.9rem/1.5 system-ui, sans-serif; }
nav ul { columns: 18rem; column-gap: 2rem; margin: 0; padding-left: 1.2rem; }
nav li.part { break-before: auto; list-style: none; margin: 0.4em 0 0 -1.2rem; font-weight: bold; }
nav a, .jp-RenderedHTMLCommon a { color: #0b57a4; }
a.anchor-link { color: #616161; }
"""


class _MathMLRenderer(IPythonRenderer):
    """Writes formulas as MathML, which browsers show without a script."""

    def block_math(self, body: str) -> str:
        return styled(convert(body, display="block"))

    def multiline_math(self, text: str) -> str:
        return self.block_math(text)

    def inline_math(self, body: str) -> str:
        return styled(convert(body))


def markdown_to_html(source: str) -> str:
    """Write Markdown of this project as HTML. Its formulas become MathML; HTML in it is kept."""
    html: str = MarkdownWithMath(renderer=_MathMLRenderer(escape=False)).render(source)
    return html


def to_html(notebook: NotebookNode, title: str) -> str:
    """A page that shows the notebook, with a table of contents."""
    shown = nbformat.from_dict(notebook)
    shown.cells = [cell for cell in notebook.cells if not NOISE.match(cell.source)]
    exporter = HTMLExporter(template_name="lab", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.register_filter("markdown2html", markdown_to_html)
    html, _ = exporter.from_notebook_node(shown, {"metadata": {"name": title}})
    html = re.sub(r"<script\b.*?</script>", "", html, flags=re.DOTALL)
    html = html.replace("</head>", f"<style>{MATH_STYLE}{STYLE}</style>\n</head>", 1)
    return html.replace("<main>", f"<main>\n{_contents(html)}", 1)


def _contents(html: str) -> str:
    """Links to the problems and the questions."""
    found = re.findall(r'<h([12]) id="([^"]+)">(.*?)<a class="anchor-link"', html, flags=re.DOTALL)
    items = [
        f'<li{" class=part" if level == "1" else ""}><a href="#{place}">{text}</a></li>'
        for level, place, text in found
    ]
    return f'<nav aria-label="Contents"><ul>\n{"".join(items)}</ul></nav>\n'


def styled(math: str) -> str:
    """MathML whose letters, words and signs of sums have classes for the style."""
    math = re.sub(r"&#x0*([0-9A-Fa-f]{3,});", lambda code: chr(int(code[1], 16)), math)
    math = re.sub(r"<mi>(\w)</mi>", r'<mi class="letter">\1</mi>', math)
    math = re.sub(r"<mi>(\w{2,})</mi>", r'<mi class="word">\1</mi>', math)
    math = re.sub(r'<msub>(?=<mi class="letter">[fgjpqyβμρφψ]<)', '<msub class="low">', math)
    math = math.replace('<mo stretchy="false">|', '<mo stretchy="false" lspace="0" rspace="0">|')
    return re.sub(r"<mo>([∑∏])</mo>", r'<mo class="sum">\1</mo>', math)

"""Makes the report of a class: one page about the grades in a folder."""

from autograder.report.page import report

__all__ = ["report"]

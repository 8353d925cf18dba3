"""Grades a class: finds the submissions, grades them in parallel, and writes results, tables and pages."""

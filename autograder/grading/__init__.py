"""Grades submissions: reads them, runs them in the sandbox, and scores them with Otter's test files."""

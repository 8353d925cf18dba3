"""Grades submissions: reads them, runs them in the sandbox, and has Otter's test files score them."""

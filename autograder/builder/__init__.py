"""Builds the three zips of an assignment from its sources."""

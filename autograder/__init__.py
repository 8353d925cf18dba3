"""What instructors run: building the assignments, verifying the checks, grading."""

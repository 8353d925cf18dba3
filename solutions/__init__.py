"""The reference solutions, one module a problem. The students' stubs are cut from these.

In each function, what a student is to write stands between `# BEGIN SOLUTION` and `# END SOLUTION`;
signature and docstring go into the template as they are. Functions may call those of the same module.
"""

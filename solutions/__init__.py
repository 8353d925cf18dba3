"""The reference solutions, one module per problem. The build makes the students' stubs from these.

In each function, the part that students write is between `# BEGIN SOLUTION` and `# END SOLUTION`. The
signature and the docstring go into the template unchanged. A function may call others of the same module.
"""

"""Runs Otter where Gradescope or `otter grade` do, in place of the runner that Otter writes.

The packages of the autograder zip lie in /autograder/source/files, and the plugin is one of them.
"""

import sys

if __name__ == "__main__":
    sys.path.append("/autograder/source/files")

    from otter.run.run_autograder import main

    main("/autograder")

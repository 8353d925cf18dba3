#!/usr/bin/env bash
# Builds the image in which submissions are graded, on Gradescope and for `otter grade`: an environment in
# /opt/homework with the packages that grading imports, in the versions and with the hashes of requirements.lock.
# For Debian 12 or newer and Ubuntu 22.04 or newer. It needs Python 3.10 to 3.13 and access to PyPI.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends python3 python3-venv
    apt-get clean
    rm -rf /var/lib/apt/lists/*
fi
python3 -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and
    f"The Python of this image is {sys.version.split()[0]}, but grading needs 3.10 to 3.13; choose another image.")'

python3 -m venv /opt/homework
/opt/homework/bin/python -m pip install --no-deps --only-binary :all: --require-hashes \
    -r /autograder/source/requirements.lock
/opt/homework/bin/python -m pip uninstall --quiet --yes pip setuptools

# Import the packages that grading imports: if this fails, the image is not built. matplotlib writes its list of
# fonts, and Python compiles our packages if they are already here (`otter grade` adds them later).
MPLCONFIGDIR=/opt/homework/fonts /opt/homework/bin/python -c \
    'import IPython, matplotlib.pyplot, numpy, otter, scipy.linalg'
if [ -d /autograder/source/files ]; then
    /opt/homework/bin/python -m compileall -q /autograder/source/files
fi

# make         install into .venv, build the assignments into dist/, grade solution and blank template
# make test    install, run the test suite: of long catalogues a sample (at most four minutes on two cores)
# make test-all    the same with every mistake, attack and corpus entry, and the siege (more than an hour)
# make test-browser   the report and the pages of feedback in a browser (needs Chromium; three minutes)
# make test-environment   the student zip with nothing but its own requirements (some minutes)
# make test-containers   the autograder zips in real containers (needs a Docker engine as root; half an hour)
# make test-siege   the whole catalogue through otter run and homework grade (an hour or more); 2,000 mutated
#              notebooks, a million fuzzed frames, a signal at any time, one submission 100 times (15 minutes)
# make test-secrets   homework verify with 20 random secrets (an hour or more on two cores)
# make docs    build the site of the docs: open site/index.html (seconds; every warning is an error)
# make screenshots   make the pictures of the docs again (needs Chromium; some minutes). JUPYTER=.../bin/jupyter, of an
#              environment that was made as the student's zip says, makes that of the notebook as well
# make lint    ruff (lint and format) and mypy
# make lock    resolve requirements.lock and students.lock again from pyproject.toml (needs uv on the PATH)
# make clean   remove everything that the other targets make

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: all build test test-all test-browser test-environment test-containers test-siege test-secrets docs screenshots lint lock clean

all: build

build: $(INSTALLED)
	$(BIN)/homework build

test: $(INSTALLED)
	$(BIN)/python -m pytest

test-all: $(INSTALLED)
	$(BIN)/python -m pytest -m 'not browser and not environment and not containers and not secrets'

test-browser: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 -m browser

test-environment: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 -m environment

test-containers: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 -m containers

test-siege: $(INSTALLED)
	$(BIN)/python -m pytest -m siege

test-secrets: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 -m secrets

docs: $(INSTALLED)
	$(BIN)/sphinx-build -b html -W --keep-going -n -q -E docs site

screenshots: build
	$(BIN)/python -m docs.screenshots $(if $(JUPYTER),--jupyter $(JUPYTER))

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy assignments solutions autograder docs/conf.py docs/screenshots.py

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "This project needs Python 3.10 or newer: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:
	uv pip compile pyproject.toml --universal --python-version 3.10 --extra dev \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	uv pip compile --group student --universal --python-version 3.10 \
		--no-emit-index-url --no-header --quiet -o students.lock

clean:
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache

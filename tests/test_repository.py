"""The files for contributors and for GitHub agree with the project."""

import re
import sys

import yaml

from autograder.files import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()


def read_yaml(path):
    return yaml.safe_load((ROOT / path).read_text())


def test_the_workflow_runs_all_checks_on_every_python_since_the_oldest():
    (job,) = read_yaml(".github/workflows/ci.yml")["jobs"].values()
    versions = job["strategy"]["matrix"]["python"]
    oldest, newest = (int(version.removeprefix("3.")) for version in (versions[0], versions[-1]))
    assert versions == [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert f"on Python {versions[0]} to {versions[-1]}" in page
    for text in (page, (ROOT / "README.md").read_text()):
        assert f"Python {versions[0]} or newer" in text
    assert {"run": ".ci/run"} in job["steps"]


def test_a_commit_is_checked_by_the_commands_of_make_lint():
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    hooks = [
        hook["entry"] + (" ." if hook.get("pass_filenames", True) else "") for hook in repository["hooks"]
    ]
    assert hooks == commands


def test_the_citation_has_the_title_the_version_and_the_license_of_the_project():
    citation = read_yaml("CITATION.cff")
    assert f"# {citation['title']}\n" in (ROOT / "README.md").read_text()
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["abstract"] == PROJECT["description"]
    assert citation["authors"][0]["name"].lower() in (ROOT / "LICENSE").read_text()


def test_the_page_for_contributors_names_only_targets_and_files_that_exist():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    (phony,) = re.findall(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", page))
    assert targets <= set(phony.split())
    assert {target for target in phony.split() if target.startswith("test")} <= targets
    files = set(re.findall(r"[`( ]([\w.-]+/[\w./-]*)[`)\n]", page))
    assert len(files) > 5
    assert [name for name in files if not (ROOT / name).exists()] == []

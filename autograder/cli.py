"""The `homework` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import HomeworkError, fault
from autograder.signals import Stopped, stopped_by_signals

# One thread of linear algebra a process: the arrays are small, and there is a process a core. This has to
# be said before NumPy is loaded, so the commands import what they need when they run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status.

    That is 0, 1 where something fell short, 2 on bad usage, and 128 + n where signal n has ended grading.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except HomeworkError as error:
        print(f"homework {options.command}: {error}", file=sys.stderr)
        return error.status
    except Stopped as stopped:
        print(f"homework {options.command}: {stopped}.", file=sys.stderr)
        return 128 + stopped.number
    except KeyboardInterrupt:
        print(f"homework {options.command}: interrupted.", file=sys.stderr)
        return 1
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.strerror else str(error)
        print(f"homework {options.command}: {what}.", file=sys.stderr)
        return 2
    except Exception as error:
        print(f"homework {options.command}: {fault(error)}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homework", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="make the zips for students, Gradescope and instructors")
    build.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all of them")
    build.add_argument("--out", type=Path, default=Path("dist"), help="default: dist")
    build.set_defaults(run=_build)

    verify = commands.add_parser("verify", help="show that the checks tell right from wrong answers")
    verify.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all of them")
    verify.set_defaults(run=_verify)

    overview = commands.add_parser("overview", help="print the table of questions, points and checks")
    overview.set_defaults(run=_overview)

    grade = commands.add_parser("grade", help="grade a submission in the sandbox")
    grade.add_argument("autograder", type=Path, metavar="AUTOGRADER.zip")
    grade.add_argument(
        "submission", type=Path, metavar="SUBMISSION", help="a notebook, or a zip or a folder with one"
    )
    grade.add_argument("--out", type=Path, default=Path("grades"), help="default: grades")
    grade.add_argument(
        "--isolation", choices=("root", "user", "none"), help="default: the best that this machine reaches"
    )
    grade.set_defaults(run=_grade)

    doctor = commands.add_parser("doctor", help="say what isolation this machine reaches, and why")
    doctor.set_defaults(run=_doctor)
    return parser


def _build(options: argparse.Namespace) -> int:
    from autograder.builder import build
    from autograder.builder.settings import assignment_names

    if not str(options.out).strip(". /"):
        raise HomeworkError("--out needs the name of a folder of its own, such as dist.")
    for name in options.assignments or assignment_names():
        manifest, built = build(name, options.out.resolve())
        folder = options.out / name
        print(f"{name}: {'built' if built else 'nothing has changed'} in {folder}")
        points = manifest["points"].values()
        automatic = sum(p.get("public", 0) + p.get("hidden", 0) for p in points)
        for what, score in manifest["scores"].items():
            print(f"  otter run on the {what}: {score:g} of {automatic:g} automatic points")
        print(f"  secret for the hidden checks: {manifest['secret']}")
        print(f"  graded by hand: {sum(p.get('manual', 0) for p in points):g} points")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from rich.console import Console

    from autograder.builder.settings import assignment_names
    from autograder.verify import report, verify

    console = Console(width=None if sys.stdout.isatty() else 120)
    good = [report(verify(name), console) for name in options.assignments or assignment_names()]
    return 0 if all(good) else 1


def _overview(_: argparse.Namespace) -> int:
    from autograder.overview import overview

    print(overview(), end="")
    return 0


def _grade(options: argparse.Namespace) -> int:
    import json

    from autograder.grading.grade import grader
    from autograder.grading.isolation import WITHOUT_ISOLATION, isolation_level
    from autograder.sandbox import NONE

    level = isolation_level(options.isolation, options.autograder, options.submission)
    folder = options.out / "results"
    folder.mkdir(parents=True, exist_ok=True)
    with stopped_by_signals(), grader(options.autograder, level) as graded:
        found = graded(options.submission)
    submission = options.submission.resolve()
    path = folder / f"{submission.stem}.json"
    path.write_text(json.dumps(found.results, indent=4), encoding="utf-8")
    for question, points in found.points.items():
        print(f"  {question}: {points:g} of {found.possible[question]:g}")
    total, possible = sum(found.points.values()), sum(found.possible.values())
    print(f"{submission.name}: {total:g} of {possible:g} points, isolation {level}; results in {path}")
    for remark in found.remarks:
        print(f"  remark: {remark}")
    for note in found.notes:
        print(f"  note: {note}")
    if level == NONE:
        print(f"  warning: {WITHOUT_ISOLATION}")
    return 1 if found.remarks else 0


def _doctor(_: argparse.Namespace) -> int:
    from autograder.sandbox import NONE, reachable_level, self_test

    level, why = reachable_level()
    if level == NONE:
        print(f"isolation: none: {why}.")
        return 1
    print(f"isolation: {level}: {why}.")
    for line in self_test(level):
        print(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The `homework` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import HomeworkError, fault
from autograder.signals import Stopped

# One thread of linear algebra per process: the arrays are small, and each core has a process. This must be
# set before NumPy is loaded, so the commands import what they need when they run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    The status is 0 on success, 1 if a build, a grading or a verification failed, 2 on bad usage, and 128 + n
    if signal n ended grading.
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
    except BrokenPipeError:  # as in `homework build | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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

    new = commands.add_parser("new", help="start a problem: write its files, with an example that works")
    new.add_argument("name", metavar="NAME", help="such as p6_layer_norm")
    new.add_argument("--questions", type=int, default=1, metavar="N", help="default: 1")
    new.set_defaults(run=_new)

    verify = commands.add_parser("verify", help="prove that the checks tell right answers from wrong ones")
    verify.add_argument(
        "names", nargs="*", metavar="NAME", help="assignments or problems; default: all assignments"
    )
    verify.add_argument("--strict", action="store_true", help="fail for remarks, too")
    verify.set_defaults(run=_verify)

    overview = commands.add_parser("overview", help="print the table of questions, points and checks")
    overview.set_defaults(run=_overview)

    grade = commands.add_parser("grade", help="grade submissions in the sandbox")
    grade.add_argument("autograder", type=Path, metavar="AUTOGRADER.zip")
    grade.add_argument(
        "submissions",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="a notebook, a zip or folder with one, or a folder of submissions, such as a download",
    )
    grade.add_argument("--out", type=Path, default=Path("grades"), help="default: grades")
    grade.add_argument("--resume", action="store_true", help="grade only what is missing or has changed")
    where = grade.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, metavar="N", help="processes that grade; default: one per core")
    where.add_argument("--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler")
    grade.add_argument(
        "--isolation", choices=("root", "user", "none"), help="default: the best level of the machine"
    )
    grade.add_argument("--deadline", metavar="TIME", help="such as 2026-11-20T23:59; marks late submissions")
    grade.add_argument(
        "--extensions", type=Path, metavar="FILE.csv", help="later deadlines by id, email or name"
    )
    grade.add_argument(
        "--written", type=Path, metavar="FILE.csv", help="points of written answers, as the report makes them"
    )
    grade.add_argument(
        "--gradebook", type=Path, metavar="FILE.csv", help="write the totals into a copy of this gradebook"
    )
    grade.set_defaults(run=_grade)

    report = commands.add_parser("report", help="write a page about the grades of a class")
    report.add_argument("grades", type=Path, metavar="GRADES", help="the folder that 'homework grade' wrote")
    report.add_argument("--compare", type=Path, metavar="EARLIER", help="earlier grades of the assignment")
    report.set_defaults(run=_report)

    doctor = commands.add_parser("doctor", help="show the isolation level of this machine, and why")
    doctor.set_defaults(run=_doctor)
    return parser


def _build(options: argparse.Namespace) -> int:
    from autograder.builder.lock import grading_lock, student_lock
    from autograder.settings import read_all_settings, read_settings

    if not str(options.out).strip(". /"):
        raise HomeworkError("--out must name a folder for the zips alone, such as dist.")
    every = read_all_settings()
    chosen = [read_settings(name) for name in options.assignments] or every
    for settings in every:  # what is wrong in homework.toml is said before anything is built
        grading_lock(settings)
        student_lock(settings)

    from autograder.builder.build import build, left_over

    out = options.out.resolve()
    for name in (settings.name for settings in chosen):
        manifest, built = build(name, out)
        print(f"{name}: {'built' if built else 'up to date'} in {options.out / name}")
        points = manifest["points"].values()
        automatic = sum(p.get("public", 0) + p.get("hidden", 0) for p in points)
        for what, score in manifest["scores"].items():
            print(f"  otter run on the {what}: {score:g} of {automatic:g} automatic points")
        print(f"  secret of the hidden checks: {manifest['secret']}")
        print(f"  graded by hand: {sum(p.get('manual', 0) for p in points):g} points")
    for folder in left_over(out, [settings.name for settings in every]):
        print(f"{folder}: homework.toml has no assignment {folder.name} any more; remove the folder")
    return 0


def _new(options: argparse.Namespace) -> int:
    from autograder.files import relative
    from autograder.scaffold import new_problem

    for path in new_problem(options.name, options.questions):
        print(f"written: {relative(path)}")
    print(
        f"Each file has an example that works. Replace it, and prove your checks with 'homework verify "
        f"{options.name}'. docs/adding-a-problem.md explains the files."
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    from rich.console import Console

    from autograder.settings import assignment_names
    from autograder.verify import report, verify

    console = Console(width=None if sys.stdout.isatty() else 120)
    good = [report(verify(name), console, options.strict) for name in options.names or assignment_names()]
    return 0 if all(good) else 1


def _overview(_: argparse.Namespace) -> int:
    from autograder.overview import overview

    print(overview(), end="")
    return 0


def _grade(options: argparse.Namespace) -> int:
    from autograder.batch.command import grade

    return grade(options)


def _report(options: argparse.Namespace) -> int:
    from autograder.report import report

    print(f"The report is in {report(options.grades, options.compare)}.")
    return 0


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

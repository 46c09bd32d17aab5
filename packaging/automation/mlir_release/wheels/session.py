"""`nox -s wheels`: cibuildwheel over the interpreters of this system, with all that a release needs.

It starts cibuildwheel in a folder of its own that has nothing but ``packaging/``, because cibuildwheel copies
that into its containers. What the steps there need besides is mounted: this checkout, store, wheelhouse.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import container, lines, log, options, targets, wheel_tests
from mlir_release.errors import ToolFailed, UserError
from mlir_release.publishing import record
from mlir_release.run import run as run_program
from mlir_release.store import file_sha256, remove, size_of
from mlir_release.wheels import handover, identifiers, places
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlir_release.distributions import Distribution
    from mlir_release.series import Abi
    from mlir_release.targets import Target
    from mlir_release.wheels.identifiers import Selection
    from mlir_release.wheels.places import Place

_SESSION = "nox -s wheels"
# What cibuildwheel says of its steps, and our own headings, among all the rest.
_SHOWN = re.compile(
    r"Building \S+ wheel$|(?:Starting|Copying|Running|Setting up|Building|Repairing|Testing)\b.*\.\.\.$"
    r"|== |   \S.*: (?:took|failed after) |   (?:SDK|source|compiler|interpreter): |cibuildwheel: error"
)


def run(words: Sequence[str], root: Path) -> None:
    """Build, repair and test the wheels of this system, into the wheelhouse, with the records of their tests.

    Args:
        words: the options of the sessions that build, and ``--only IDENTIFIER[,IDENTIFIER]``; on Linux
            ``--container`` names the image.
        root: this project's folder.

    Raises:
        UserError: a mistake, wherever it was found.
        StepFailed: a step of ours failed inside cibuildwheel.
        ToolFailed: cibuildwheel did.
    """
    only, rest = _only(words)
    chosen = options.parse(rest, root)
    if chosen.sysroot:
        raise UserError(f"--sysroot is for builds without a container; {_SESSION} has the image's libraries")
    flow = Workflow(root, chosen)
    abis = lines.abis_of(flow.pin, per_version=chosen.per_version)
    selection = identifiers.select(only, targets.here(), abis)
    flow.ensure_possible()
    place = places.find(chosen, root, selection.target)
    with _folder(flow) as folder:
        told = handover.Run(
            python=str(place.python),
            root=str(root),
            options=tuple(container.said_inside(rest, chosen, flow.store)),
            version=flow.release_version,
        )
        file = told.write(folder)
        for distribution in flow.per_interpreter():
            _check(distribution, place, file)
            # Inside there may be no way to the source: it comes from the store.
            _ = flow.tree
            _build(flow, distribution, selection, place, file)
            built = {identifier.partition("-")[0] for identifier in selection.identifiers}
            made = (it for it in abis if built & {one.tag for one in it.serves})
            _summarize(flow, distribution, selection.target, made)


def _only(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """What ``--only`` says, and the other options."""
    parser = options.Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--only", metavar="IDENTIFIER")
    said, rest = parser.parse_known_args(list(words))
    return said.only, rest


@contextmanager
def _folder(flow: Workflow) -> Iterator[Path]:
    """A folder of this run's own in the store, which containers see."""
    above = flow.store.root / "work"
    above.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="wheels-", dir=above))
    try:
        yield folder
    finally:
        remove(folder)


def _check(distribution: Distribution, place: Place, file: Path) -> None:
    """See, where the wheels will be built, that they can be: what takes long comes after this."""
    root = distribution.folder.parents[1]
    step: list[str | Path] = [
        place.python,
        "-m",
        "mlir_release.wheels",
        "check",
        root,
        distribution.folder.name,
    ]
    told = {handover.VARIABLE: str(file), "PYTHONPATH": str(root / "packaging" / "automation")}
    with log.stage(f"checks for {distribution.name}"):
        status = place.call([*step, place.python, file.parent / "check"], told)
        handover.raise_reported(file.parent)
        if status:
            raise handover.StepFailed(f"the checks ended with status {status}; they say why above")


def _build(
    flow: Workflow, distribution: Distribution, selection: Selection, place: Place, file: Path
) -> None:
    folder = file.parent
    project = copy_project(distribution, folder)
    tool_log = flow.store.log_file("wheels")
    package = distribution.folder.relative_to(distribution.folder.parents[1]).as_posix()
    command = [sys.executable, "-m", "cibuildwheel", package]
    log.say(f"   {', '.join(selection.identifiers)}; the whole log is {tool_log}")
    try:
        with place.guarded():
            run_program(
                [*command, "--output-dir", project / "output"],
                cwd=project,
                env={
                    **_environment(selection),
                    **place.settings(selection.target),
                    handover.VARIABLE: str(file),
                },
                log=tool_log,
                on_line=_Passer(),
                # Nothing gets into containers that is not passed on; where there are none, everything would.
                isolated=not selection.target.policy,
            )
    except ToolFailed:
        handover.raise_reported(folder)
        raise


def copy_project(distribution: Distribution, folder: Path) -> Path:
    """What cibuildwheel sees of the project when it builds a distribution: ``packaging/``, in a new folder.

    Args:
        distribution: what is built; each has a copy of its own, for cibuildwheel's steps write there.
        folder: where the copies are.
    """
    packaging = distribution.folder.parent
    project = folder / f"project-{distribution.folder.name}"
    left_out = shutil.ignore_patterns("__pycache__", ".*", "automation")
    shutil.copytree(packaging, project / packaging.name, ignore=left_out)
    return project


def _environment(selection: Selection) -> dict[str, str | None]:
    """The variables with which cibuildwheel builds what is selected, whatever the caller has set."""
    others = dict.fromkeys(name for name in os.environ if name.startswith("CIBW_"))
    # It would fold its output, of which only a part is passed on.
    return {**others, "GITHUB_ACTIONS": None, "CIBW_BUILD": " ".join(selection.identifiers)}


class _Passer:
    """Passes on what of cibuildwheel's output says how far it is."""

    def __init__(self) -> None:
        self.progress = log.Progress()

    def __call__(self, line: str) -> None:
        if _SHOWN.match(line):
            self.progress = log.Progress()
            log.say(line.rstrip())
        else:
            self.progress(line)


def _summarize(flow: Workflow, distribution: Distribution, target: Target, abis: Iterable[Abi]) -> None:
    rows = []
    for abi in abis:
        wheel = wheel_tests.find(
            flow.options.wheelhouse,
            distribution.wheel_name,
            abi.name,
            build=_SESSION,
            platform=target.limit(),
        )
        passed = sum(it.passed for it in record.read(wheel, file_sha256(wheel)).runs)
        rows.append((wheel.name, f"{size_of(wheel) / 1e6:.1f} MB, {passed} tests passed"))
    log.summary(f"wheels in {flow.options.wheelhouse}", rows)

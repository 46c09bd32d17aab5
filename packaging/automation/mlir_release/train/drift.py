"""``nox -s drift``: what another tree of llvm-project would change for us, before anything compiles."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import expectations, log
from mlir_release import pin as pins
from mlir_release.options import Parser, folder
from mlir_release.source.facts import FILES
from mlir_release.source.patches import load_all, touched
from mlir_release.source.tree import REMOTE
from mlir_release.store import Store, write_atomically
from mlir_release.train.differences import Difference, differences, lines, listed, not_compared
from mlir_release.train.sides import Finder, Side, patched
from mlir_release.versions import release

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlir_release.expectations import Expectation
    from mlir_release.source.patches import Patch

EXPECTATIONS = "tests/expected-failures.toml"
# How lit calls the tests in mlir/test.
_SUITE = "MLIR :: "


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What is new for us between two sides.

    ``patches`` says of each patch that is worth a word what it does on the other side; ``tests`` are those
    that expectations for the other side's version name and that it has not; ``remarks`` say what could not
    be compared.
    """

    before: str
    after: str
    patches: dict[str, str]
    differences: list[Difference]
    tests: list[str]
    remarks: list[str]

    def lines(self) -> list[str]:
        """The report."""
        return [f"drift from {self.before} to {self.after}", *(f"   {line}" for line in self._body())]

    def _body(self) -> Iterator[str]:
        if not (self.patches or self.differences or self.tests):
            yield "nothing that this project depends on is different"
        for name, state in self.patches.items():
            yield f"{name} {state}"
        for difference in self.differences:
            yield from lines(difference)
        if self.tests:
            yield from listed(f"tests that {EXPECTATIONS} names, gone", self.tests)
        yield from self.remarks


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What of this project names files of a tree: patches, and the tests that are expected to fail."""

    patches: tuple[Patch, ...]
    expected: tuple[Expectation, ...]

    @classmethod
    def read(cls, root: Path) -> Ours:
        """Those of a folder with files of this project.

        Raises:
            UserError: one of them is malformed.
        """
        expected = root / EXPECTATIONS
        return cls(
            patches=load_all(root / "patches"),
            expected=expectations.load(expected) if expected.is_file() else (),
        )

    @property
    def paths(self) -> list[str]:
        """The files, and patterns of such, that a comparison needs of a tree."""
        tests = {_test_file(test) for entry in self.expected for test in entry.tests}
        return sorted({*FILES, *touched(self.patches), *tests} - {""})

    def gone(self, side: Side) -> list[str]:
        """The tests that should be on a side, and are not."""
        if side.folder is None:
            return []
        now = release(side.facts.version)
        named = {test for entry in self.expected if entry.llvm.contains(now) for test in entry.tests}
        return sorted(it for it in named if _test_file(it) and not (side.folder / _test_file(it)).exists())


def _test_file(test: str) -> str:
    """Where a test is, by lit's name of it; empty for other suites than that of mlir/test."""
    return f"mlir/test/{test.removeprefix(_SUITE)}" if test.startswith(_SUITE) else ""


def compare(ours: Ours, before: Side, after: Side) -> Drift:
    """What is new on one side, seen from another."""
    before, old = patched(ours.patches, before)
    after, new = patched(ours.patches, after)
    lacking = [str(kind) for kind in not_compared(before.facts, after.facts)]
    if after.folder is None:
        lacking += ["patches", "tests that are expected to fail"]
    remarks = listed("not compared, as one side does not say it", lacking) if lacking else []
    remarks += [f"{side.name}: {line}" for side in (before, after) for line in side.facts.unread]
    return Drift(
        before=str(before),
        after=str(after),
        patches={name: it for name, it in new.items() if it != old.get(name) or "not apply" in it},
        differences=differences(before.facts, after.facts),
        tests=ours.gone(after),
        remarks=remarks,
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``drift`` is told: what to compare, with what instead of the pin; a file for all; the cache."""

    what: str
    since: str | None
    json: Path | None
    cache: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: nothing to compare is named, or an option is not known.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("what", metavar="COMMIT|DIR|ARCHIVE|PREFIX")
    parser.add_argument("--from", dest="since", metavar="COMMIT|DIR|ARCHIVE|PREFIX")
    parser.add_argument("--json", type=folder, metavar="FILE")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    return Options(**vars(parser.parse_args(arguments)))


def run(arguments: Sequence[str], root: Path, url: str = REMOTE) -> None:
    """Say what is new between the pin, or ``--from``, and something else.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        url: llvm-project, for commits that are not at hand.

    Raises:
        UserError: one of the two sides cannot be had, or is no llvm-project.
    """
    options = parse(arguments)
    ours = Ours.read(root)
    with tempfile.TemporaryDirectory() as name:
        finder = Finder(store=Store.open(options.cache), remote=url, paths=ours.paths, into=Path(name))
        # The user's word first: it may be mistaken, and the pin's source may take a minute.
        after = finder.side(options.what)
        pinned = pins.read(root / pins.FILE_NAME)
        before = finder.side(options.since) if options.since else finder.pinned(pinned)
        found = compare(ours, before, after)
    title, *body = found.lines()
    log.say(f"== {title}")
    for line in body:
        log.say(line)
    if options.json:
        write_atomically(options.json, json.dumps(dataclasses.asdict(found), indent=2) + "\n")

"""Which tests a wheel has passed: a small file beside it, that counts for exactly the bytes that were tested.

``NAME.whl.tests.json`` is ``{"sha256": "<64 digits>", "suites": [{"suite": "lit", "passed": 1, ...}]}``.
"""

from __future__ import annotations

import dataclasses
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.distributions import MadePer
from mlir_release.publishing import values
from mlir_release.publishing.manifest import TestRun, test_run
from mlir_release.publishing.values import Malformed, Table
from mlir_release.store import file_sha256, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mlir_release.distributions import Distribution
    from mlir_release.lit import Results

SUFFIX = ".tests.json"
# The suites that are upstream's: mlir/test/python, and all of mlir/test.
UPSTREAM = "upstream"
LIT = "lit"
_JUNIT = re.compile(r'<testsuite\b[^>]*\berrors="(\d+)" failures="(\d+)" skipped="(\d+)" tests="(\d+)"')


@contextmanager
def trial(wheels: Sequence[Path]) -> Iterator[list[TestRun]]:
    """While wheels are tested: what is put into the list is recorded for each of them at the end.

    A failure on the way takes the records away that they had.
    """
    before = {wheel: file_sha256(wheel) for wheel in wheels}
    runs: list[TestRun] = []
    try:
        yield runs
    except Exception:
        for wheel in wheels:
            _file(wheel).unlink(missing_ok=True)
        raise
    for wheel, sha256 in before.items():
        if not wheel.is_file() or file_sha256(wheel) != sha256:
            log.say(f"   {wheel.name} was replaced while it was tested: that it passed is not recorded")
        elif runs:
            _add(wheel, sha256, runs)


def passed(wheel: Path, sha256: str) -> tuple[TestRun, ...]:
    """The runs that are recorded for a wheel with this sha256, by suite; none for other bytes.

    A record that cannot be read is none.
    """
    try:
        table = Table.of(values.load(_file(wheel).read_text(encoding="utf-8")), "it")
        if table.matching("sha256", values.SHA256) != sha256:
            return ()
        return merged(test_run(it) for it in table.tables("suites"))
    except (OSError, UnicodeDecodeError, Malformed):
        return ()


def merged(runs: Iterable[TestRun]) -> tuple[TestRun, ...]:
    """Runs by suite, one of each: the last."""
    return tuple(run for _, run in sorted({run.suite: run for run in runs}.items()))


def owed(
    distribution: Distribution, distributions: Iterable[Distribution], *, rehearsal: bool
) -> frozenset[str]:
    """The suites that a wheel of a distribution must have passed.

    The wheels of a platform are tested together, in one environment; lit tries them only where they come
    from an SDK that was compiled, which a rehearsal's need not.
    """
    if distribution.made_per is MadePer.PLATFORM:
        together = (it.tests for it in distributions if it.made_per is MadePer.PLATFORM)
        return frozenset(it for it in together if it) | (frozenset() if rehearsal else {LIT})
    own = (UPSTREAM if distribution.test_folder else None, distribution.tests)
    return frozenset(it for it in own if it)


def of_lit(results: Results, suite: str) -> TestRun:
    """What a run of lit came to; a failure that was expected counts as passed."""
    return TestRun(suite=suite, passed=results.passed, failed=len(results.bad), skipped=results.unsupported)


def of_pytest(junit: Path, suite: str) -> TestRun:
    """What a run of pytest came to, from the JUnit file that it wrote."""
    found = _JUNIT.search(junit.read_text(encoding="utf-8"))
    assert found, junit
    errors, failures, skipped, tests = map(int, found.groups())
    bad = errors + failures
    return TestRun(suite=suite, passed=tests - bad - skipped, failed=bad, skipped=skipped)


def _add(wheel: Path, sha256: str, runs: Sequence[TestRun]) -> None:
    """Write down runs beside those that these bytes have passed before; what is gone needs no record."""
    for other in wheel.parent.glob(f"*.whl{SUFFIX}"):
        if not other.with_name(other.name.removesuffix(SUFFIX)).exists():
            other.unlink(missing_ok=True)
    suites = [dataclasses.asdict(run) for run in merged([*passed(wheel, sha256), *runs])]
    write_atomically(_file(wheel), json.dumps({"sha256": sha256, "suites": suites}, indent=2) + "\n")


def _file(wheel: Path) -> Path:
    return wheel.with_name(wheel.name + SUFFIX)

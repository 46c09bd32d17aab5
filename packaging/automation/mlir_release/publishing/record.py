"""Which tests a wheel has passed: a small file beside it, that counts for exactly the bytes that were tested.

``NAME.whl.tests.json`` is ``{"sha256": "<64 digits>", "suites": [{"suite": "lit", "passed": 1, ...}]}``, with
``"findings": ["…"]`` where tests have found what is wrong upstream and only reported.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    from mlir_release.series import Abi

SUFFIX = ".tests.json"
# The suites that are upstream's: mlir/test/python, and all of mlir/test.
UPSTREAM = "upstream"
LIT = "lit"
_JUNIT = re.compile(r'<testsuite\b[^>]*\berrors="(\d+)" failures="(\d+)" skipped="(\d+)" tests="(\d+)"')


@dataclass(frozen=True, kw_only=True)
class Record:
    """What tests came to: the runs of suites, and findings, which are wrong upstream and fail no snapshot."""

    runs: tuple[TestRun, ...] = ()
    findings: tuple[str, ...] = ()

    def merged(self, other: Record) -> Record:
        """With what came later: of each suite the last run, and all findings."""
        return Record(
            runs=merged([*self.runs, *other.runs]),
            findings=tuple(sorted({*self.findings, *other.findings})),
        )


@contextmanager
def trial(wheels: Sequence[Path]) -> Iterator[list[Record]]:
    """While wheels are tested: what is put into the list is recorded for each of them at the end.

    A failure on the way takes the records away that they had.
    """
    before = {wheel: file_sha256(wheel) for wheel in wheels}
    records: list[Record] = []
    try:
        yield records
    except Exception:
        for wheel in wheels:
            _file(wheel).unlink(missing_ok=True)
        raise
    for wheel, sha256 in before.items():
        if not wheel.is_file() or file_sha256(wheel) != sha256:
            log.say(f"   {wheel.name} was replaced while it was tested: that it passed is not recorded")
        elif records:
            _add(wheel, sha256, records)


def read(wheel: Path, sha256: str) -> Record:
    """What is recorded for a wheel with this sha256; nothing for other bytes.

    A record that cannot be read is none.
    """
    try:
        table = Table.of(values.load(_file(wheel).read_text(encoding="utf-8")), "it")
        if table.matching("sha256", values.SHA256) != sha256:
            return Record()
        return Record(
            runs=merged(test_run(it) for it in table.tables("suites")),
            findings=table.texts("findings", optional=True),
        )
    except (OSError, UnicodeDecodeError, Malformed):
        return Record()


def merged(runs: Iterable[TestRun]) -> tuple[TestRun, ...]:
    """Runs by suite, one of each: the last."""
    return tuple(run for _, run in sorted({run.suite: run for run in runs}.items()))


def suite(name: str, tests: Abi, interpreter: str) -> str:
    """What a suite is called in records: of a wheel for several interpreters, also with which it was run."""
    return f"{name}-{interpreter}" if tests.stable else name


def lowest(tests: str) -> str:
    """What a suite is called when it is run with the lowest versions of what the wheel requires."""
    return f"{tests}-lowest"


def owed(
    distribution: Distribution, distributions: Iterable[Distribution], abi: Abi | None, *, rehearsal: bool
) -> frozenset[str]:
    """The suites that a wheel of a distribution must have passed.

    Args:
        distribution: what it is of.
        distributions: all that is packaged. The wheels of a platform are tested together, in one environment;
            lit tries them only where they come from an SDK that was compiled, which a rehearsal's need not.
        abi: for which interpreters it is; None for any, and for one that no release has.
        rehearsal: whether one of these interpreters is enough.
    """
    if distribution.made_per is MadePer.PLATFORM:
        together = (it.tests for it in distributions if it.made_per is MadePer.PLATFORM)
        return frozenset(it for it in together if it) | (frozenset() if rehearsal else {LIT})
    if abi is None:
        return frozenset()
    ours = (distribution.tests, lowest(distribution.tests)) if distribution.tests else ()
    own = (UPSTREAM if distribution.test_folder else None, *ours)
    served = abi.serves[:1] if rehearsal else abi.serves
    return frozenset(suite(it, abi, series.tag) for it in own if it for series in served)


def of_lit(results: Results, name: str) -> Record:
    """What a run of lit came to; a failure that was expected counts as passed."""
    run = TestRun(suite=name, passed=results.passed, failed=len(results.bad), skipped=results.unsupported)
    return Record(runs=(run,))


def of_pytest(junit: Path, name: str, findings: Path | None = None) -> Record:
    """What a run of pytest came to, from the JUnit file that it wrote and, if there is one, its findings."""
    found = _JUNIT.search(junit.read_text(encoding="utf-8"))
    assert found, junit
    errors, failures, skipped, tests = map(int, found.groups())
    bad = errors + failures
    run = TestRun(suite=name, passed=tests - bad - skipped, failed=bad, skipped=skipped)
    said = findings.read_text(encoding="utf-8").splitlines() if findings and findings.is_file() else []
    return Record(runs=(run,), findings=tuple(said))


def _add(wheel: Path, sha256: str, records: Iterable[Record]) -> None:
    """Write down records beside those that these bytes had before; what is gone needs none."""
    for other in wheel.parent.glob(f"*.whl{SUFFIX}"):
        if not other.with_name(other.name.removesuffix(SUFFIX)).exists():
            other.unlink(missing_ok=True)
    whole = functools.reduce(Record.merged, records, read(wheel, sha256))
    content: dict[str, Any] = {"sha256": sha256, "suites": [dataclasses.asdict(run) for run in whole.runs]}
    if whole.findings:
        content["findings"] = whole.findings
    write_atomically(_file(wheel), json.dumps(content, indent=2) + "\n")


def _file(wheel: Path) -> Path:
    return wheel.with_name(wheel.name + SUFFIX)

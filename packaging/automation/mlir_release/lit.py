"""Upstream's tests, run with the pinned lit and FileCheck against what was built or found (``lit_site``)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import ToolFailed, UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlir_release.lit_site import Setting


# lit's result codes (lit/Test.py) that mean that the test was executed and went well.
_GOOD = frozenset({"PASS", "FLAKYPASS", "XFAIL"})
_NOT_RUN = frozenset({"UNSUPPORTED", "SKIPPED", "EXCLUDED"})


_TAIL_LINES = 20
# What llvm-lit does: tell lit where the site configuration of a source folder is. And what lit cannot: leave
# out one test, not all whose files have its name.
_RUNNER = """\
import sys
sys.path.insert(0, {lit!r})
import lit.discovery
from lit.main import main
find = lit.discovery.find_tests_for_inputs
def is_left_out(test):
    return "/".join(test.path_in_suite) in getattr(test.suite.config, "left_out", ())
lit.discovery.find_tests_for_inputs = lambda *words: [it for it in find(*words) if not is_left_out(it)]
if __name__ == "__main__":  # where processes do not begin as copies, each reads this file
    main({{"build_mode": "Release", "config_map": {config_map!r}}})
"""


@dataclass(frozen=True, kw_only=True)
class Results:
    """The outcome of a run: lit's result code of each test, and the JUnit file."""

    codes: Mapping[str, str]
    junit: Path
    log: Path
    expected: Mapping[str, str] = field(default_factory=dict)

    @property
    def unsupported(self) -> int:
        """How many tests said that they cannot run here (a GPU, another CPU, upstream's examples)."""
        return sum(code in _NOT_RUN for code in self.codes.values())

    @property
    def bad(self) -> dict[str, str]:
        """The tests whose outcome is not the expected one."""
        return {name: code for name, code in self.codes.items() if code not in _GOOD | _NOT_RUN}

    @property
    def passed(self) -> int:
        """How many went as expected."""
        return len(self.codes) - len(self.bad) - self.unsupported

    def closing_line(self) -> str:
        """Counts in the form of a test runner's last line."""
        return f"{self.passed} passed, {len(self.bad)} failed, {self.unsupported} skipped"


def run_tests(
    setting: Setting,
    paths: Sequence[Path],
    *,
    output: Path,
    name: str,
    expected: Mapping[str, str],
) -> Results:
    """Run the tests in folders of ``write_site``, or single ones below them.

    Args:
        setting: what the tests run against.
        paths: folders, or tests in them.
        output: folder for the log, the JUnit file and the results.
        name: what these files are called.
        expected: tests (lit's names) that are expected to fail, and why.

    Raises:
        ToolFailed: lit broke off, or found no tests.
        UserError: a test that is expected to fail does not exist any more.
    """
    output.mkdir(parents=True, exist_ok=True)
    runner, results, junit, whole = (output / f"{name}{end}" for end in (".py", ".json", ".xml", ".log"))
    for old in (results, junit, whole):
        old.unlink(missing_ok=True)
    runner.write_text(_runner_script(setting, paths[0]), encoding="utf-8")
    command: list[str | Path] = [
        setting.python,
        runner,
        "-v",
        "--no-progress-bar",
        "--xfail",
        ";".join(expected),
    ]
    command += ["--output", results, "--xunit-xml-output", junit, *paths]
    ended = run(command, log=whole, check=False, on_line=log.Progress(), isolated=True)
    outcome = Results(codes=_codes(results), junit=junit, log=whole, expected=expected)
    # lit ends with 1 for the tests that went wrong; anything else that is not 0 is lit's own failure.
    if ended.status != bool(outcome.bad) or not outcome.codes:
        raise ToolFailed(["lit"], ended.status, whole, ended.output.splitlines()[-_TAIL_LINES:])
    gone = sorted(expected.keys() - outcome.codes.keys())
    if gone:
        raise UserError(f"{gone[0]} is expected to fail but does not exist; take it from the list")
    return outcome


def _runner_script(setting: Setting, path: Path) -> str:
    """The program that is run: lit, told where the unit tests' configuration is."""
    site = next(folder for folder in (path, *path.parents) if (folder / "lit.site.cfg.py").is_file())
    unit = (setting.tree.path / "mlir" / "test" / "Unit" / "lit.cfg.py").resolve()
    config_map = {str(unit): str(site / "Unit" / "lit.site.cfg.py")}
    return _RUNNER.format(lit=str(setting.tree.path / "llvm" / "utils" / "lit"), config_map=config_map)


def _codes(results: Path) -> dict[str, str]:
    """Each test's code from lit's JSON; none where lit broke off."""
    try:
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    except (OSError, ValueError, KeyError):
        return {}
    return {test["name"]: test["code"] for test in tests}

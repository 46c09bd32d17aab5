"""Wheels with Python's stable ABI: what of it their libraries use, as abi3audit sees it."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from packaging.utils import parse_wheel_filename

from mlir_release.repair import wheel_files
from mlir_release.repair.wheel_files import BadWheel
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How a module of one Python is called: _mlir.cpython-312-x86_64-linux-gnu.so, _mlir.cp312-win_amd64.pyd.
_OF_ONE_PYTHON = re.compile(r"\.(cpython-\d|cp\d)[\w-]*\.(so|pyd)")


def check(wheel: Path, log: Path) -> None:
    """Raise ``BadWheel`` if a wheel with the tag ``abi3`` does not keep to it; others may do as they like.

    Args:
        wheel: the repaired one.
        log: gets what abi3audit says; appended to.
    """
    *_, tags = parse_wheel_filename(wheel.name)
    if not any(tag.abi == "abi3" for tag in tags):
        return
    with wheel_files.unpacked(wheel) as root:
        names = [path.relative_to(root).as_posix() for path in wheel_files.files(root)]
    problems = [f"{name} is for one version of Python" for name in names if _OF_ONE_PYTHON.search(name)]
    problems += _audited(wheel, log)
    if problems:
        raise BadWheel(wheel, problems)


def _audited(wheel: Path, log: Path) -> list[str]:
    report = log.with_suffix(".abi3.json")
    report.unlink(missing_ok=True)
    options = ("--strict", "--report", "--output", report)
    # Its status is 1 for findings as for a file that it cannot read; only then it writes no report.
    done = run([sys.executable, "-m", "abi3audit", *options, wheel], log=log, check=False)
    try:
        (found,) = json.loads(report.read_text(encoding="utf-8"))["specs"].values()
    except (OSError, ValueError):
        return [f"abi3audit ended with status {done.status} and has seen nothing, its log is {log}"]
    return [
        problem for library in found["wheel"] for problem in _problems(library["name"], library["result"])
    ]


def _problems(name: str, result: dict[str, Any]) -> Iterator[str]:
    foreign = sorted(result["non_abi3_symbols"])
    if foreign:
        yield f"{name} uses what is not of the stable ABI: {', '.join(foreign)}"
    newer = sorted(f"{symbol} ({version})" for symbol, version in result["future_abi3_objects"].items())
    if newer:
        yield f"{name} uses what is newer than Python {result['baseline']}: {', '.join(newer)}"

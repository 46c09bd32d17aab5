"""Other distributions that carry an MLIR of their own work in one process with this one.

Which ones is in ``requirements.txt``, or in that of this interpreter: a distribution whose marker holds
here must be installed, or its tests fail; one that has no wheel for this interpreter or machine is named in
the report.
"""

from __future__ import annotations

import sys
import sysconfig
from importlib import metadata
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    import subprocess

    RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]

_MODULES = {"circt": "circt", "iree-base-compiler": "iree.compiler"}


def _required() -> dict[str, str]:
    """Those of the other distributions that must be installed here, with their versions."""
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    own = Path(__file__).with_name(f"requirements-cp{sys.version_info[0]}{sys.version_info[1]}{threads}.txt")
    file = own if own.is_file() else Path(__file__).with_name("requirements.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {
        each.name: str(each.specifier)
        for each in requirements
        if each.name in _MODULES and (each.marker is None or each.marker.evaluate())
    }


_REQUIRED = _required()
_PACKAGES = [_MODULES[name] for name in sorted(_REQUIRED)]
_ORDERS = [order for count in range(1, len(_PACKAGES) + 1) for order in permutations(_PACKAGES, count)]
_WITH_OURS = [
    (*order[:place], "mlir", *order[place:]) for order in _ORDERS for place in range(len(order) + 1)
]


@pytest.mark.parametrize("name", _MODULES)
def test_the_one_of_the_requirements_is_installed(name: str, measured: Callable[[str], None]) -> None:
    if name not in _REQUIRED:
        with pytest.raises(metadata.PackageNotFoundError):
            metadata.version(name)
        measured(f"NOT TESTED beside {name}: it has no wheel for this interpreter and machine")
        return
    assert f"=={metadata.version(name)}" == _REQUIRED[name]
    measured(f"tested beside {name} {metadata.version(name)}")


@pytest.mark.parametrize("order", _WITH_OURS, ids="-".join)
@pytest.mark.parametrize("mode", ["in-turn", "threads", "all-at-once"])
def test_work_side_by_side(run_program: RunProgram, order: tuple[str, ...], mode: str) -> None:
    ended = run_program("beside", mode, *order)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr

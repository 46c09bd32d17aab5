"""Programs that tests need of this machine; root on Debian and Ubuntu gets them, others are told."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock

from mlir_release import apt

# Tests run in several processes. Whoever needs a program waits while another one installs something:
# a program is on PATH before all that it needs is there.
LOCK = FileLock(Path(tempfile.gettempdir()) / f"mlir-py-release-tests-{getpass.getuser()}.lock")


def program(name: str, folder: Path) -> Path:
    """A program; it comes from the package of its name, and ``folder`` gets the log of its installation."""
    with LOCK:
        if not shutil.which(name):
            assert apt.can_install(), f"these tests need {name}: install it"
            apt.install([name], folder / "apt.log")
        found = shutil.which(name)
    assert found, f"the package {name} has no program of that name"
    return Path(found)

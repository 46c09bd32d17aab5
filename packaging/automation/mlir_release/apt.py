"""The package manager of Debian and of what descends from it (apt-get, apt-cache, dpkg-query)."""

from __future__ import annotations

import os
import re
import shutil
import time
from functools import cache
from typing import TYPE_CHECKING

from mlir_release import log as logging
from mlir_release.errors import ToolFailed
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LOCK_SECONDS = 600
_LOCK_PAUSE = 2.0
# What apt-get says when its lists of packages are missing, or older than the archive.
_STALE_LISTS = ("Unable to fetch some archives", "Unable to locate package", "no installation candidate")
_POLICY_CANDIDATE = re.compile(r"^ +Candidate: (\S+)$", re.MULTILINE)
# Debian marks sources from which it left something out: 1.5.4+dfsg2, 1.2.13.dfsg, 2.0~ds1.
_REPACKED = re.compile(r"[+.~](?:dfsg|ds)[\w.]*$")


def present() -> bool:
    """Whether this machine has apt, for whomever."""
    return shutil.which("apt-get") is not None


def can_install() -> bool:
    """Whether ``install`` can work: apt-get is there, and we are root."""
    return present() and hasattr(os, "geteuid") and os.geteuid() == 0


def command(packages: Sequence[str]) -> str:
    """The command that installs packages, for the user to type."""
    return f"`{'' if can_install() else 'sudo '}apt-get install {' '.join(packages)}`"


def upstream_version(version: str) -> str:
    """The upstream part of a Debian version: ``1:22.1.8-1~deb12u1`` is ``22.1.8``.

    Form: ``[epoch:]upstream[-revision]``, deb-version(7).
    """
    without_epoch = version.partition(":")[2] if ":" in version else version
    upstream = without_epoch.rpartition("-")[0] or without_epoch
    return _REPACKED.sub("", upstream)


def candidate(package: str) -> str | None:
    """The upstream version of the package that ``install`` would bring; None if there is none.

    A package that is not known makes root ask the archive for news first (``refresh``).
    """
    found = _candidate(package)
    if found is None and can_install():
        refresh()
        found = _candidate(package)
    return found


def _candidate(package: str) -> str | None:
    if shutil.which("apt-cache") is None:
        return None
    policy = run(["apt-cache", "policy", package], env=_environment(), check=False, quiet=True)
    found = _POLICY_CANDIDATE.search(policy.output)
    return upstream_version(found[1]) if found and found[1] != "(none)" else None


def installed(package: str) -> str | None:
    """The upstream version of an installed package; None if it is not installed."""
    if shutil.which("dpkg-query") is None:
        return None
    question = ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Version}\\n", package]
    answer = run(question, env=_environment(), check=False, quiet=True)
    found = re.search(r"^ii +(\S+)$", answer.output, re.MULTILINE)
    return upstream_version(found[1]) if answer.status == 0 and found else None


def owner(path: Path) -> str | None:
    """The name of the installed package that a file belongs to; None if it is nobody's."""
    if shutil.which("dpkg-query") is None:
        return None
    answer = run(["dpkg-query", "--search", path], env=_environment(), check=False, quiet=True)
    found = re.search(r"^([^\s:,]+)(?::\w+)?: ", answer.output, re.MULTILINE)
    return found[1] if answer.status == 0 and found else None


@cache
def refresh() -> None:
    """Ask the package archives for their lists; once in the life of this process.

    What fails is said, and is no error: the lists that are there still serve.
    """
    deadline = time.monotonic() + _LOCK_SECONDS
    words = ["apt-get", "update"]
    done = run(words, env=_environment(), check=False)
    if _locked(done.output):
        logging.say("   waiting for another program that holds the package lists")
    # DPkg::Lock::Timeout does not cover the lock of the lists: apt-get gives up at once.
    while _locked(done.output) and time.monotonic() < deadline:
        time.sleep(_LOCK_PAUSE)
        done = run(words, env=_environment(), check=False, quiet=True)
    complaints = [line for line in done.output.splitlines() if line.startswith(("E:", "W:"))]
    if complaints:
        logging.say(f"   apt-get update could not bring all package lists: {complaints[0]}")


def _locked(output: str) -> bool:
    return "Could not get lock" in output


def install(packages: Sequence[str], log: Path) -> None:
    """Install packages, or bring them up to their candidates; for root.

    Waits up to ten minutes for another program that is installing. Lists that
    are too old to fetch from are renewed, once.

    Args:
        packages: names.
        log: gets apt-get's whole output.

    Raises:
        ToolFailed: apt-get failed.
    """
    words = ["apt-get", "install", "--yes", "--no-install-recommends"]
    words += ["-o", f"DPkg::Lock::Timeout={_LOCK_SECONDS}", "-o", "Acquire::Retries=3", *packages]
    try:
        run(words, env=_environment(), log=log)
    except ToolFailed as error:
        if not any(sign in line for line in error.tail for sign in _STALE_LISTS):
            raise
        logging.say("   the package lists are out of date")
        refresh()
        run(words, env=_environment(), log=log)


def _environment() -> dict[str, str | None]:
    """No questions and no translated answers; and dpkg wants the administrator's
    programs on PATH, which a plain ``su`` leaves out.
    """
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "LANGUAGE": None, "PATH": path}

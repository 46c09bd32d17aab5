"""Bringing an upstream archive as part of a distribution's source package, through apt.

Any user can do this: apt is run with a configuration, lists and a cache of its
own, and changes nothing on the machine. The package is found by the archive's
name (``SOURCE_VERSION.orig.tar.xz``, Debian policy) and by its sha256 in the
suite's own index, before anything is downloaded.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlir_release import log as logging
from mlir_release.run import run
from mlir_release.source.apt_sources import candidates
from mlir_release.source.layout import Unavailable
from mlir_release.store import ensure_room, remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.source.apt_sources import AptSource

_ORIG = re.compile(r"(?P<package>[a-z0-9][a-z0-9+.-]+)_[^_]+\.orig\.tar\.\w+")
_NO_NETWORK = re.compile(
    r"could not (?:resolve|connect)|temporary failure resolving|unable to connect"
    r"|connection (?:failed|timed out)",
    re.IGNORECASE,
)
# Run last, so that it also undoes what the machine's own files say. Hooks are
# the machine's business. apt's own user, _apt, cannot enter a user's cache
# folder, so root does not change to it here.
_CONFIGURATION = """\
Dir::Etc::SourceList "{work}/suite.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "{work}/lists";
Dir::Cache "{work}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
_LANGUAGE: dict[str, str | None] = {"LC_ALL": "C", "LANGUAGE": None}


def download(name: str, sha256: str, work: Path, log: Path) -> Path:
    """Download an archive, suite by suite until one has it.

    Args:
        name: the archive's file name.
        sha256: which of the files of that name; apt checks it too.
        work: a folder to make.
        log: gets apt's output.

    Returns:
        The downloaded file, somewhere in ``work``.

    Raises:
        Unavailable: it is no source package's, there is no apt, or no suite has it.
    """
    orig = _ORIG.fullmatch(name)
    if not orig:
        raise Unavailable("it is no distribution's source package")
    if not (shutil.which("apt-get") and shutil.which("apt-cache")):
        raise Unavailable("there is no apt on this machine")
    work.mkdir()
    suites = candidates()
    with logging.stage(f"source: {name} through apt"):
        found, dead = _search(
            suites, _Wanted(package=orig["package"], name=name, sha256=sha256), _Apt(work, log)
        )
    if found:
        return found
    asked = ", ".join(dict.fromkeys(suite.suite for suite in suites)) or "none is configured"
    lost = f"; out of reach: {', '.join(sorted(dead))}" if dead else ""
    raise Unavailable(f"no suite that apt knows has it ({asked}{lost})")


def _search(suites: Sequence[AptSource], wanted: _Wanted, apt: _Apt) -> tuple[Path | None, set[str]]:
    """The file from the first suite that has it, and the sites that did not answer."""
    dead: set[str] = set()
    for suite in suites:
        site = urlsplit(suite.uri).netloc
        if site in dead:
            continue
        try:
            return _from_suite(suite, wanted, apt), dead
        except Unavailable as reason:
            logging.say(f"   {suite.uri} {suite.suite}: {reason}")
        except _NoAnswer:
            logging.say(f"   {suite.uri} {suite.suite}: out of reach")
            dead.add(site)
    return None, dead


def _from_suite(suite: AptSource, wanted: _Wanted, apt: _Apt) -> Path:
    """The file from one suite."""
    apt.use(suite)
    updated = apt("apt-get", "update")
    if _NO_NETWORK.search(updated):
        raise _NoAnswer
    found = offered(apt("apt-cache", "showsrc", "--only-source", wanted.package), wanted.name, wanted.sha256)
    if found is None:
        raise Unavailable(_complaint(updated) or f"has no such {wanted.name}")
    version, size = found
    logging.say(f"   {suite.uri} {suite.suite}: {wanted.package} {version}, {size / 1e6:.0f} MB")
    ensure_room(apt.work, size, wanted.name)
    package = f"{wanted.package}={version}"
    fetched = apt("apt-get", "source", "--only-source", "--tar-only", "--download-only", package)
    path = apt.work / wanted.name
    if not path.is_file():
        raise Unavailable(f"listed, but not to be had: {_complaint(fetched) or 'apt does not say why'}")
    return path


def _complaint(output: str) -> str | None:
    """The first error that apt reports."""
    found = re.search(r"^E: (.+?)(?:  ?\[IP: .*\])?$", output, re.MULTILINE)
    return " ".join(found[1].split()) if found else None


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A file of a source package."""

    package: str
    name: str
    sha256: str


class _NoAnswer(Exception):
    """A site that cannot be reached: its other suites need not be asked."""


@dataclass(frozen=True)
class _Apt:
    """apt with a configuration of its own, below ``work``; output goes to ``log``."""

    work: Path
    log: Path

    def use(self, suite: AptSource) -> None:
        """Make a suite the only source, with empty lists."""
        for name in ("lists", "cache"):
            remove(self.work / name)
        (self.work / "lists" / "partial").mkdir(parents=True)
        (self.work / "cache" / "archives" / "partial").mkdir(parents=True)
        (self.work / "suite.sources").write_text(suite.stanza(), encoding="utf-8")
        (self.work / "apt.conf").write_text(_CONFIGURATION.format(work=self.work), encoding="utf-8")

    def __call__(self, program: str, *words: str) -> str:
        """The output of a program of apt; its status says little, so what it did is looked at."""
        command: list[str | Path] = [program, "--config-file", self.work / "apt.conf", *words]
        return run(command, cwd=self.work, env=_LANGUAGE, log=self.log, check=False, quiet=True).output


def offered(index: str, name: str, sha256: str) -> tuple[str, int] | None:
    """Which version of a source package has that very file, and the file's size in bytes.

    Args:
        index: what ``apt-cache showsrc`` prints: stanzas, with a line
            ``SHA256 SIZE NAME`` for each file.
        name: the file's name.
        sha256: its sha256.
    """
    entry = re.compile(rf"^\s*{sha256}\s+(\d+)\s+{re.escape(name)}$", re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", index):
        version = re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
        found = entry.search(stanza)
        if version and found:
            return version[1], int(found[1])
    return None

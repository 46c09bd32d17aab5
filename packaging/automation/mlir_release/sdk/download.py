"""Wheels of an exact version from a package index, by pip."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import inventory, log
from mlir_release.errors import ToolFailed
from mlir_release.run import run
from mlir_release.sdk.model import CannotServe
from mlir_release.sdk.wheel_file import newest_platform

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store

_TAIL_LINES = 20
# What pip says when no file fits, with the versions that it saw; when a file is not what the index said,
# or no wheel; and when an index does not answer.
_VERSIONS = re.compile(r"\(from versions: (.*?)\)")
_DAMAGED = re.compile(r"^ERROR: Wheel .* is invalid\.$|DO NOT MATCH THE HASHES", re.MULTILINE)
_LOGIN = re.compile(r"://[^/@]*@")
_NO_ANSWER = re.compile(r"^WARNING: Retrying .*: .*$", re.MULTILINE)
# So that an index that is named is the only one: pip takes the others of its configuration besides.
_ONLY_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    **dict.fromkeys(("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX")),
}


@dataclass(frozen=True, kw_only=True)
class Index:
    """A package index; without a ``url`` those that pip is configured with."""

    url: str | None

    def __str__(self) -> str:
        # A name and a password in it are not for the screen, nor for what is kept.
        return _LOGIN.sub("://", self.url) if self.url else "the index that pip is configured with"

    def download(self, name: str, version: str, store: Store) -> Path:
        """The wheel of exactly this version that fits this machine; kept in the store.

        Raises:
            CannotServe: the index has none, or does not answer.
            ToolFailed: pip failed.
            Changed: the wheel that is kept is not what came.
        """
        parts = {
            "name": name,
            "version": version,
            "index": str(self),
            "platform": newest_platform(),
        }
        box = inventory.obtain(
            store, "downloads", parts, lambda work: self._fetch(name, version, store, work)
        )
        (wheel,) = box.path.glob("*.whl")
        return wheel

    def _fetch(self, name: str, version: str, store: Store, work: Path) -> None:
        command: list[str | Path] = [sys.executable, "-m", "pip", "download", "--no-deps"]
        command += ["--only-binary", ":all:", "--no-cache-dir", "--dest", work]
        command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        command += ["--index-url", self.url] if self.url else []
        log.say(f"   downloading {name} {version} from {self}")
        start = time.monotonic()
        tool_log = store.log_file(f"download-{name}")
        ended = run(
            [*command, f"{name}=={version}"],
            env=_ONLY_INDEX if self.url else None,
            log=tool_log,
            check=False,
            quiet=True,
        )
        if ended.status:
            self._refuse(name, version, ended.output)
            raise ToolFailed(["pip"], ended.status, tool_log, ended.output.splitlines()[-_TAIL_LINES:])
        size = sum(file.stat().st_size for file in work.glob("*.whl"))
        log.say(f"   {size / 1e6:.1f} MB in {log.duration(time.monotonic() - start)}")

    def _refuse(self, name: str, version: str, output: str) -> None:
        """Say in one line what pip said in many, where that is known."""
        unanswered, seen = _NO_ANSWER.search(output), _VERSIONS.search(output)
        if unanswered:
            reason = unanswered[0].partition("connection broken by ")[2] or unanswered[0]
            raise CannotServe(
                f"{self} does not answer ({reason})", "see to the network, or name a file or another --index"
            )
        if _DAMAGED.search(output):
            raise CannotServe(
                f"what {self} sends as {name} {version} is not a whole wheel", "try again, or name a file"
            )
        if seen:
            versions = "no version" if seen[1] == "none" else f"only {seen[1]}"
            raise CannotServe(
                f"{self} has no wheel of {name} {version} for this machine ({versions})",
                "name a version that it has, a file, or another --index",
            )

"""The files of a draft on GitHub: which are there, and how one that is not comes there."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.github import assets
from mlir_release.github.errors import AlreadyThere, NoAnswer, NotFound
from mlir_release.github.once import until_known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlir_release.github import Client
    from mlir_release.github.assets import Asset
    from mlir_release.github.releases import Release
    from mlir_release.publishing.contents import Local

# Seconds between two looks at what somebody else uploads, at most.
_PAUSE = 5.0
# Seconds between two lines about one upload.
_INTERVAL = 15.0
_MB = 1e6


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A release beside a release set.

    ``missing`` are files that it has not got, or not whole; of those, ``begun`` the names that are there, as
    uploads that have not ended; ``problems`` all that forbids to go on.
    """

    missing: tuple[Local, ...]
    begun: frozenset[str]
    problems: tuple[str, ...]


def compare(client: Client, files: Iterable[Local], there: Iterable[Asset]) -> Compared:
    """Hold a release's files against those of a release set, by their digests.

    Where GitHub tells none, the file is downloaded.

    Raises:
        GitHubError: that cannot be done.
    """
    wanted, found = {it.name: it for it in files}, {it.name: it for it in there}
    problems = [f"{name} is there, and not in the set" for name in sorted(found.keys() - wanted.keys())]
    missing = []
    for name, local in wanted.items():
        asset = found.get(name)
        if asset is None or asset.abandonable:
            missing.append(local)
        elif not asset.whole:
            problems.append(f"{name} is {asset.state} there")
        elif not _same(client, asset, local):
            problems.append(f"{name} has other bytes there")
    begun = frozenset(it.name for it in missing if it.name in found)
    return Compared(missing=tuple(missing), begun=begun, problems=tuple(problems))


def has_bytes(client: Client, asset: Asset, local: Local) -> bool:
    """Whether what can be downloaded of a release is a file's bytes; raises ``GitHubError``."""
    with tempfile.TemporaryDirectory() as folder:
        return assets.download(client, asset, Path(folder) / "file") == local.sha256


def _same(client: Client, asset: Asset, local: Local) -> bool:
    if asset.size != local.size:
        return False
    if asset.digest is None:
        return has_bytes(client, asset, local)
    return asset.digest == f"sha256:{local.sha256}"


@dataclass(kw_only=True)
class Upload:
    """A file on its way into a draft.

    ``begun`` is whether something of that name is there. For ``grace`` seconds it may be somebody else's, who
    goes on with it; not where we have just ``lost`` our own.
    """

    client: Client
    draft: Release
    local: Local
    begun: bool
    grace: float
    lost: bool = False

    def finish(self) -> None:
        """See that a whole file of that name is there, ours or somebody else's.

        Raises:
            GitHubError: there is none.
            UserError: it cannot be read.
        """
        if not self.begun or self._look() is None:
            until_known(self._send, self._look, AlreadyThere, NotFound)

    def _send(self) -> Asset:
        try:
            return assets.upload(self.client, self.draft, self.local.path, told=_Meter(local=self.local))
        except (AlreadyThere, NoAnswer) as error:
            self.lost = isinstance(error, NoAnswer)
            raise

    def _look(self) -> Asset | None:
        """The whole file of that name; None if there is none, and none any more that nobody goes on with."""
        start = time.monotonic()
        said = False
        while (asset := self._there()) and asset.abandonable:
            left = self._left(asset, time.monotonic() - start)
            if left <= 0:
                log.say(f"   {asset.name}: an upload that did not end is removed")
                assets.delete(self.client, asset)
                return None
            if not said:
                log.say(
                    f"   {asset.name}: its upload has begun and not ended; if it is somebody else's, it may"
                    f" end within {log.duration(left)}"
                )
            said = True
            time.sleep(min(left, _PAUSE))
        if asset:
            log.say(f"   {asset.name}: {'it has arrived' if self.lost else 'somebody else has uploaded it'}")
        return asset

    def _left(self, asset: Asset, watched: float) -> float:
        """For how many seconds yet an unfinished file may be somebody else's, after some of watching it."""
        age = (dt.datetime.now(dt.UTC) - asset.created).total_seconds()
        return 0.0 if self.lost else self.grace - max(watched, age)

    def _there(self) -> Asset | None:
        found = assets.listed(self.client, self.draft)
        return next((it for it in found if it.name == self.local.name), None)


@dataclass(kw_only=True)
class _Meter:
    """Says now and then how far a long upload is."""

    local: Local
    said: float = field(default_factory=time.monotonic)

    def __call__(self, sent: int) -> None:
        if time.monotonic() - self.said >= _INTERVAL:
            self.said = time.monotonic()
            log.say(f"   {self.local.name}: {sent / _MB:.1f} of {self.local.size / _MB:.1f} MB")

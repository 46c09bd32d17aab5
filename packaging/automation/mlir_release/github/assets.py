"""The files of GitHub's releases."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.github.answers import understood
from mlir_release.github.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlir_release.github.client import Client
    from mlir_release.github.releases import Release

# What GitHub makes when an upload begins, and leaves behind when it does not end: "an empty asset with a
# state of starter. It can be safely deleted" (docs.github.com/rest/releases/assets).
_BEGUN = "starter"
_WHOLE = "uploaded"


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file of a release.

    Its size in bytes, its digest (``sha256:…``; None for those before June 2025), its ``state`` in GitHub's
    words, and since when it is there (UTC).
    """

    number: int
    name: str
    size: int
    digest: str | None
    state: str
    created: dt.datetime

    @property
    def whole(self) -> bool:
        """Whether all of it has arrived."""
        return self.state == _WHOLE and self.size > 0

    @property
    def abandonable(self) -> bool:
        """Whether it is nothing but the beginning of an upload."""
        return self.state == _BEGUN or self.size == 0


def listed(client: Client, release: Release) -> tuple[Asset, ...]:
    """All files of a release as they are now.

    Raises:
        NotFound: the release is gone.
        GitHubError: GitHub cannot be asked.
    """
    found = client.pages(f"releases/{release.number}/assets")
    return tuple(understood(read_asset, it) for it in found)


def upload(
    client: Client, release: Release, path: Path, *, told: Callable[[int], object] = lambda _: None
) -> Asset:
    """Add a file to a release, under its own name.

    Args:
        client: of the repository.
        release: the release.
        path: the file.
        told: is called with how many bytes have gone out so far.

    Raises:
        AlreadyThere: the release has, or is getting, a file of that name.
        NoAnswer: it may be there all the same, or the beginning of it, if the error says so (``happened``).
        GitHubError: it was not taken.
        UserError: it cannot be read.
    """
    # A template: "…/assets{?name,label}" (RFC 6570).
    url = release.upload_url.partition("{")[0]
    return understood(read_asset, client.upload(url, path, name=path.name, told=told))


def delete(client: Client, asset: Asset) -> None:
    """Delete a file of a release; one that is gone already is as good.

    Raises:
        GitHubError: it is still there.
    """
    client.delete(f"releases/assets/{asset.number}")


def download(client: Client, asset: Asset, path: Path) -> str:
    """Bring a file of a release, and return its sha256 (64 hexadecimal digits).

    Args:
        client: of the repository.
        asset: the file; what comes is of its size, and has its digest if GitHub tells one.
        path: where it is written to.

    Raises:
        GitHubError: it cannot be had.
        UserError: it cannot be written.
    """
    sinks: list[_Sink] = []
    try:
        with path.open("wb") as stream:

            def begin() -> _Sink:
                stream.seek(0)
                stream.truncate()
                sinks.append(_Sink(asset=asset, stream=stream))
                return sinks[-1]

            client.download(f"releases/assets/{asset.number}", begin)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); see to it") from None
    return sinks[-1].sha256


def read_asset(it: dict[str, Any]) -> Asset:
    """An asset from GitHub's JSON of it."""
    digest = it.get("digest")
    return Asset(
        number=int(it["id"]),
        name=str(it["name"]),
        size=int(it["size"]),
        digest=None if digest is None else str(digest),
        state=str(it["state"]),
        created=dt.datetime.fromisoformat(it["created_at"]),
    )


@dataclass(kw_only=True)
class _Sink:
    """Where the bytes of a file go to, and whether they are what GitHub says that they are."""

    asset: Asset
    stream: IO[bytes]
    hash: Any = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        return str(self.hash.hexdigest())

    def take(self, part: bytes) -> None:
        self.stream.write(part)
        self.hash.update(part)
        if self.stream.tell() > self.asset.size:
            raise self._wrong(f"more than {self.asset.size} bytes")

    def end(self) -> None:
        if self.stream.tell() < self.asset.size:
            raise self._wrong(f"{self.stream.tell()} bytes, not {self.asset.size}")
        if self.asset.digest not in (None, f"sha256:{self.sha256}"):
            raise self._wrong(f"sha256:{self.sha256}, not {self.asset.digest}")

    def _wrong(self, how: str) -> NoAnswer:
        return NoAnswer(
            f"what GitHub sends for {self.asset.name} is another file ({how}); try again later", happened=True
        )

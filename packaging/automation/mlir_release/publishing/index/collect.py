"""The releases that an index is made of: those on GitHub, or the release sets in a folder.

A release that cannot be indexed as a whole is left out as a whole, and said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mlir_release import inventory, tags
from mlir_release.errors import UserError
from mlir_release.github import assets, releases
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.index.model import Released
from mlir_release.publishing.manifest import METADATA_SUFFIX, BadManifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mlir_release.github import Client
    from mlir_release.github.assets import Asset
    from mlir_release.github.releases import Release
    from mlir_release.publishing.manifest import Manifest
    from mlir_release.store import Store

T = TypeVar("T")

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_KEPT = "content"


class Unfit(UserError):
    """A release cannot be in an index; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The releases that were found, and a line for each that is left out; ``tags`` are those of both."""

    releases: tuple[Released, ...]
    left_out: tuple[str, ...]
    tags: tuple[str, ...]


def from_folder(folder: Path) -> Collected:
    """The release sets in a folder, each in one of its own that has its tag as name.

    Raises:
        UserError: there are none.
    """
    found = sorted(path for path in folder.glob("*") if path.is_dir() and tags.known([path.name]))
    if not found:
        raise UserError(f"{folder} has no release sets, which are folders called like snapshot-20261123.01")
    return _collected({path.name: path for path in found}, _in_folder)


def from_github(client: Client, store: Store) -> Collected:
    """The published releases of a repository; their manifests are kept in the store.

    Raises:
        GitHubError: it cannot be asked.
        UserError: there are none.
    """
    found = [it for it in releases.listed(client) if not it.draft and tags.known([it.tag])]
    if not found:
        raise UserError(f"{client.repository} has no published releases of this project, so nothing to index")
    return _collected({it.tag: it for it in found}, lambda release: _on_github(release, client, store))


def _collected(found: Mapping[str, T], read: Callable[[T], Released]) -> Collected:
    """What can be read of what was found under its tag."""
    good, left_out = [], []
    for tag, place in found.items():
        try:
            good.append(read(place))
        except (BadManifest, Unfit) as error:
            left_out.append(f"{tag}: {error}")
    return Collected(releases=tuple(good), left_out=tuple(left_out), tags=tuple(found))


def _in_folder(folder: Path) -> Released:
    """A release set. When people could see it, it does not say."""
    manifest = manifests.read(folder / manifests.NAME)
    _ensure_of(folder.name, manifest)
    return Released(manifest=manifest, published=None)


def _on_github(release: Release, client: Client, store: Store) -> Released:
    try:
        return _of_assets(release, release.assets, client, store)
    except Unfit:
        # Whether a list of releases has all files of each, GitHub does not say; the release's own list has.
        return _of_assets(release, assets.listed(client, release), client, store)


def _of_assets(release: Release, found: Iterable[Asset], client: Client, store: Store) -> Released:
    there = {asset.name: asset for asset in found}
    if manifests.NAME not in there:
        raise Unfit(f"it has no {manifests.NAME}")
    content = _content(there[manifests.NAME], client, store)
    where = f"{manifests.NAME} of {release.tag}"
    try:
        manifest = manifests.parse(content.decode("utf-8"), where)
    except UnicodeDecodeError:
        raise BadManifest(where, "it is not text") from None
    _ensure_of(release.tag, manifest)
    _ensure_there(manifest, there)
    return Released(manifest=manifest, published=release.published)


def _content(asset: Asset, client: Client, store: Store) -> bytes:
    """The bytes of an asset, downloaded once and then kept under their digest."""
    digest = _DIGEST.fullmatch(asset.digest or "")
    if not digest:
        raise Unfit(f"GitHub does not say the sha256 of its {asset.name}; upload it again")

    def make(folder: Path) -> None:
        assets.download(client, asset, folder / _KEPT)

    box = inventory.obtain(store, "manifests", {"sha256": digest[1]}, make)
    return (box.path / _KEPT).read_bytes()


def _ensure_of(tag: str, manifest: Manifest) -> None:
    if manifest.tag != tag:
        raise Unfit(f"its manifest is that of {manifest.tag}")


def _ensure_there(manifest: Manifest, there: Mapping[str, Asset]) -> None:
    """See that a release has all files of its manifest, and no other bytes in them."""
    wanted = {file.name: file.sha256 for file in manifest.files}
    wanted |= {f"{file.name}{METADATA_SUFFIX}": file.metadata_sha256 for file in manifest.files}
    wrong = [
        name
        for name, sha256 in wanted.items()
        if name not in there or there[name].digest != f"sha256:{sha256}"
    ]
    if wrong:
        others = f" and {len(wrong) - 1} more" if wrong[1:] else ""
        raise Unfit(f"{wrong[0]}{others} is not there as its manifest says")

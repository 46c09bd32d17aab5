"""A release on GitHub, brought into a folder and looked at there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.github import GitHubError, refs, releases
from mlir_release.github.hosts import is_loopback
from mlir_release.publishing.manifest import NAME
from mlir_release.publishing.verify import release_set
from mlir_release.store import ensure_room, file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.github import Client
    from mlir_release.github.releases import Asset, Release
    from mlir_release.publishing.manifest import Manifest
    from mlir_release.publishing.verify.report import Report
    from mlir_release.tags import Tag

# What can be a file's name here; GitHub takes no other (it makes dots of what it does not like).
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,254}", re.ASCII)


def check(client: Client, tag: Tag, folder: Path, report: Report) -> Manifest | None:
    """Download the release of a tag, look at it, and tell the report; return its manifest if it can be read.

    Args:
        client: of the repository.
        tag: the release.
        folder: takes its files; those that are there already and have the right digest are not brought again.
        report: is told.

    Raises:
        UserError: there is no such release, or GitHub cannot be asked.
    """
    release = _public(client, tag)
    with log.stage(f"downloading {tag}"):
        unbrought = _bring(client, release, folder)
    with log.stage("looking at its files"):
        for name, problem in unbrought.items():
            report.add(name, [problem])
        manifest = release_set.check(folder, report)
        if manifest:
            report.add(f"{NAME} as that of {tag}", _belonging(client, tag, manifest))
    return manifest


def _public(client: Client, tag: Tag) -> Release:
    found = [it for it in releases.listed(client) if it.tag == str(tag)]
    public = [it for it in found if not it.draft]
    if not public:
        what = "only a draft of" if found else "no release"
        raise UserError(f"{client.repository} has {what} {tag}; see its list of releases for what is public")
    return public[0]


def _bring(client: Client, release: Release, folder: Path) -> dict[str, str]:
    """Download what is not there yet; return what could not be had, and why."""
    wanted = [it for it in release.assets if not _is_there(folder / it.name, it)]
    ensure_room(folder, sum(it.size for it in wanted), "a release")
    problems = {}
    # The small ones first: the manifest is among them.
    for asset in sorted(wanted, key=lambda it: (it.size, it.name)):
        try:
            _bring_one(client, asset, folder)
        except GitHubError as error:
            problems[asset.name] = str(error)
    return problems


def _bring_one(client: Client, asset: Asset, folder: Path) -> None:
    if not _NAME.fullmatch(asset.name):
        raise GitHubError("this is no name for a file; it was not downloaded")
    if not asset.whole:
        raise GitHubError(f"its upload was not finished (state {asset.state}, {asset.size} bytes)")
    log.say(f"   {asset.name}, {asset.size / 1e6:.1f} MB")
    part = folder / f".{asset.name}.part"
    try:
        releases.download(client, asset, part)
        part.replace(folder / asset.name)
    finally:
        part.unlink(missing_ok=True)


def _is_there(path: Path, asset: Asset) -> bool:
    named = _NAME.fullmatch(asset.name) is not None
    return named and path.is_file() and f"sha256:{file_sha256(path)}" == asset.digest


def _belonging(client: Client, tag: Tag, manifest: Manifest) -> Iterator[str]:
    """What speaks against its being the manifest of this release."""
    if manifest.tag != str(tag):
        yield f"it is that of {manifest.tag}"
    if manifest.rehearsal and not is_loopback(httpx.URL(client.api).host):
        yield "it is that of a rehearsal, which nobody should have published"
    commit = refs.tagged_commit(client, str(tag))
    if commit != manifest.project_commit:
        yield f"it is of the commit {manifest.project_commit}, and the git tag {tag} is on {commit or 'none'}"

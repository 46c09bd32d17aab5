"""A release set to GitHub's Releases: into a draft, which is compared with the manifest and made public once.

Until then nobody sees anything of it. What is there is told by its sha256, so a run that was stopped is
finished by the next one, which uploads what is missing; after a success, it only looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.github import hosts
from mlir_release.publishing import contents, draft
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.publication import Publication, ensure_tagged

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.github import Client
    from mlir_release.publishing.manifest import Manifest

# Seconds for which an unfinished upload may be somebody else's, who is still at it.
_GRACE = 120.0


def publish(folder: Path, manifest: Manifest, client: Client, *, grace: float = _GRACE) -> None:
    """Make a release set public as the release of its tag.

    Args:
        folder: the release set.
        manifest: its manifest.
        client: of the repository; its token must be allowed to write contents.
        grace: how many seconds an upload that has begun and not ended is left to somebody else.

    Raises:
        UserError: the set is not whole, or may not be published there; nothing was written.
        Different: GitHub has other files under this tag; nothing was written.
        Unfinished: it could not be done to the end.
        GitHubError: GitHub cannot be asked; nothing was written.
    """
    _ensure_allowed(manifest, client)
    with log.stage("look at what is here and there"):
        publication = Publication(
            client=client,
            manifest=manifest,
            files=contents.read(folder, manifest),
            notes=_notes(folder),
            grace=grace,
        )
        ensure_tagged(client, manifest)
        standing = draft.find(client, manifest.tag)
    if standing.public:
        publication.ensure_whole(standing.public)
        log.say(
            f"   {manifest.tag} is public, with these files: {standing.public.url}; nothing is to be done"
        )
    else:
        publication.run(standing)


def _ensure_allowed(manifest: Manifest, client: Client) -> None:
    if client.token is None:
        raise UserError("a release needs a token that may write: set GITHUB_TOKEN or GH_TOKEN")
    if manifest.rehearsal and not hosts.is_loopback(httpx.URL(client.api).host):
        raise UserError(
            f"{manifest.tag} was gathered as a rehearsal, and {client.api} is not on this machine; gather it"
            " without --rehearse"
        )


def _notes(folder: Path) -> str:
    path = folder / manifests.NOTES
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); make the release set again") from None

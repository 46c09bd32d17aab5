"""One release on its way to the public: its draft is filled, read back, and made public at the very end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, tags
from mlir_release.errors import ReleaseError, UserError
from mlir_release.github import assets, refs, releases
from mlir_release.github.errors import AlreadyThere
from mlir_release.publishing import draft, filling
from mlir_release.publishing.filling import Upload
from mlir_release.tags import Numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.github import Client
    from mlir_release.github.assets import Asset
    from mlir_release.github.releases import Release
    from mlir_release.publishing.contents import Local
    from mlir_release.publishing.draft import Standing
    from mlir_release.publishing.filling import Compared
    from mlir_release.publishing.manifest import Manifest

# What is read back byte by byte: files of less than so many bytes that are no wheels.
_SMALL = 2**20
_WHEEL = ".whl"
_MB = 1e6


class Different(UserError):
    """A release on GitHub is of this tag, and is not this release set."""

    def __init__(self, release: Release, problems: Sequence[str]) -> None:
        what, advice = (
            ("draft", "publish the files of the run that made it, or delete it there")
            if release.draft
            else ("release", "it stays as it is; make a release with another tag")
        )
        super().__init__(
            f"the {what} of {release.tag} at {release.url} is not this release set: {'; '.join(problems)}."
            f" Nothing was uploaded; {advice}"
        )


class Unfinished(UserError):
    """The release is not known to be public and whole; says how much of it is there."""

    def __init__(self, tag: str, there: int, wanted: int, error: Exception) -> None:
        super().__init__(
            f"{there} of {wanted} files of {tag} are on GitHub, then: {error}. Run the same again, it goes on"
            " there"
        )


def ensure_tagged(client: Client, manifest: Manifest) -> None:
    """See that the tag is there, and where the release set was made: GitHub would put one where it likes.

    Of a rehearsal nobody wants one.

    Raises:
        UserError: it is not.
        GitHubError: GitHub cannot be asked.
    """
    if manifest.rehearsal:
        return
    commit = refs.tagged_commit(client, manifest.tag)
    if commit is None:
        raise UserError(f"{client.repository} has no tag {manifest.tag}; push it first")
    if commit != manifest.project_commit:
        raise UserError(
            f"{manifest.tag} of {client.repository} is at {commit}, and the release set was made at"
            f" {manifest.project_commit}; make it at the tag"
        )


@dataclass(kw_only=True)
class Publication:
    """What is to be published: a manifest, its files, the text of the release (Markdown).

    ``grace`` is how many seconds an upload that has begun and not ended is left to somebody else; ``there``
    how many files are known to be there.
    """

    client: Client
    manifest: Manifest
    files: tuple[Local, ...]
    notes: str
    grace: float
    there: int = 0

    def run(self, standing: Standing) -> None:
        """Make it public, where it is not; raises as ``to_github.publish``."""
        start = time.monotonic()
        try:
            commit = self.manifest.project_commit
            release = draft.obtain(self.client, standing, self.manifest.tag, commit=commit, body=self.notes)
            missing = self._missing(release)
            with log.stage(f"upload {len(missing.missing)} of {len(self.files)} files"):
                self._fill(release, missing)
            with log.stage("read back"):
                self._read_back(release)
            with log.stage("make it public"):
                public = self._make_public(release, latest=not standing.newer)
        except Different:
            raise
        except ReleaseError as error:
            raise Unfinished(self.manifest.tag, self.there, len(self.files), error) from None
        self._report(public, missing, time.monotonic() - start)

    def ensure_whole(self, release: Release) -> None:
        """See that a public release is this set.

        Raises:
            Different: it is not; all that is different is named.
            GitHubError: GitHub cannot be asked.
        """
        problems = self._problems(assets.listed(self.client, release))
        if problems:
            raise Different(release, problems)

    def _missing(self, release: Release) -> Compared:
        """What a draft has not got; raises ``Different`` if it has anything else."""
        found = filling.compare(self.client, self.files, assets.listed(self.client, release))
        if found.problems:
            raise Different(release, found.problems)
        self.there = len(self.files) - len(found.missing)
        return found

    def _fill(self, release: Release, compared: Compared) -> None:
        for number, local in enumerate(compared.missing, 1):
            place = f"[{number}/{len(compared.missing)}]"
            log.say(f"   {place} {local.name}, {_megabytes(local)}")
            start = time.monotonic()
            begun = local.name in compared.begun
            Upload(client=self.client, draft=release, local=local, begun=begun, grace=self.grace).finish()
            self.there += 1
            log.say(f"   {place} is there after {log.duration(time.monotonic() - start)}")

    def _read_back(self, release: Release) -> None:
        """See that all is there as it is here: digests and sizes, and the bytes of small files.

        Raises:
            UserError: it is not.
        """
        there = assets.listed(self.client, release)
        problems = self._problems(there)
        small = {it.name: it for it in self.files if it.size < _SMALL and not it.name.endswith(_WHEEL)}
        problems += [
            f"{it.name} comes back with other bytes"
            for it in there
            if it.name in small and not filling.has_bytes(self.client, it, small[it.name])
        ]
        if problems:
            raise UserError(
                f"the draft {release.url} is not what was uploaded ({'; '.join(problems)}); see who else"
                " changes it, and delete there what is wrong"
            )
        log.say(f"   {len(there)} files by their sha256, {len(small)} of them byte by byte")

    def _problems(self, there: Sequence[Asset]) -> list[str]:
        found = filling.compare(self.client, self.files, there)
        return [*found.problems, *(f"{it.name} is not there, or not whole" for it in found.missing)]

    def _make_public(self, release: Release, *, latest: bool) -> Release:
        tag = tags.parse(self.manifest.tag)
        numbered = isinstance(tag, Numbered) and "rc" not in tag.llvm_version
        now = releases.get(self.client, release)
        if not now.draft:
            return self._somebody_elses(now)
        ensure_tagged(self.client, self.manifest)
        try:
            public = releases.make_public(
                self.client,
                release,
                commit=self.manifest.project_commit,
                body=self.notes,
                prerelease=not numbered,
                latest=latest,
            )
        except AlreadyThere:
            other = draft.find(self.client, self.manifest.tag).public
            if other is None:
                raise
            log.say(f"   the draft {release.url} is not needed any more; delete it there")
            return self._somebody_elses(other)
        if public.draft or self._problems(public.assets):
            raise UserError(f"GitHub did not do it right; look at {public.url} at once")
        return public

    def _somebody_elses(self, public: Release) -> Release:
        log.say(f"   somebody else was faster, and has made {public.tag} public")
        self.ensure_whole(public)
        return public

    def _report(self, public: Release, missing: Compared, seconds: float) -> None:
        size = sum(it.size for it in missing.missing) / _MB
        rows = [
            ("release", public.url),
            ("version", self.manifest.version),
            ("uploaded", f"{len(missing.missing)} files, {size:.1f} MB, in {log.duration(seconds)}"),
            ("there before", f"{len(self.files) - len(missing.missing)} files"),
            ("read back", f"all {len(self.files)} files, by sha256"),
        ]
        log.summary(f"{public.tag} is public", rows)


def _megabytes(local: Local) -> str:
    return f"{local.size / _MB:.1f} MB"

"""Whether the patches that a manifest names are those of the tag's commit, byte by byte."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.git import Remote, Repository
from mlir_release.publishing.manifest import PatchFile
from mlir_release.source.patches import load_all, select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.publishing.manifest import Manifest


def problems(root: Path, manifest: Manifest) -> Iterator[str]:
    """All in which the patches of a manifest differ from those of its commit.

    Args:
        root: the project's folder; what its remote has counts, if it is a checkout.
        manifest: of a release; a rehearsal's commit may be nobody else's.
    """
    if manifest.rehearsal or not (root / ".git").exists():
        log.say("   not compared with the patches of its commit, which is not at hand")
        return
    try:
        found = _patches(Repository.open(root), manifest)
    except UserError as error:
        yield f"the patches of its commit {manifest.project_commit} cannot be had: {error}"
        return
    for patch in sorted({*found} ^ {*manifest.patches}, key=lambda it: (it.name, it.sha256)):
        where = "its commit has no such patch" if patch in manifest.patches else "its commit has it"
        yield f"{patch.name} with the sha256 {patch.sha256}: {where}"


def _patches(repository: Repository, manifest: Manifest) -> tuple[PatchFile, ...]:
    commit = manifest.project_commit
    if not repository.has(commit):
        Remote(repository=repository, name="origin").fetch([commit])
    with tempfile.TemporaryDirectory() as name:
        content = Path(name)
        (content / "patches").mkdir()
        repository.write_files(commit, ("patches",), content)
        chosen = select(load_all(content / "patches"), manifest.llvm_version)
        return tuple(PatchFile(name=it.name, sha256=it.sha256) for it in chosen)

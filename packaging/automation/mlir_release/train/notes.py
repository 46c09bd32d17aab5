"""The release notes of a tag, in Markdown: what was built, from what, and how to install it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.train.markdown import code, prose

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from mlir_release.pin import Pin
    from mlir_release.source.patches import Patch
    from mlir_release.tags import Tag
    from mlir_release.train.upstream import Commit

LLVM = "https://github.com/llvm/llvm-project"
# Commits that are listed; a page of GitHub's holds 125,000 characters.
_LISTED = 50


@dataclass(frozen=True, kw_only=True)
class ReleaseFile:
    """A file of a release: its name, its size in bytes, its sha256 (64 hexadecimal digits)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed upstream between the pins of two releases.

    ``since`` is the older one and ``old`` its commit of llvm-project; ``commits`` the changes, newest
    first, None where upstream's history was not at hand.
    """

    since: Tag
    old: str
    commits: tuple[Commit, ...] | None


@dataclass(frozen=True, kw_only=True)
class ReleaseFacts:
    """All that the notes of a release say.

    ``version`` is that of its wheels; ``pin`` what it was built from, and ``committed`` that commit's date
    where it is known; ``patches`` those applied; ``changes`` what changed in MLIR's Python bindings, None
    for the first release of its kind; ``imported`` the names of the distributions that Python imports, which
    need packages of others, ``packages`` those that need only each other; ``files`` the wheels and
    sdists, none where they are not at hand; ``url`` the project's page on GitHub, if it has one;
    ``findings`` are known to be wrong upstream, a line of text each.
    """

    tag: Tag
    version: str
    pin: Pin
    committed: dt.datetime | None
    patches: tuple[Patch, ...]
    changes: Changes | None
    imported: tuple[str, ...]
    packages: tuple[str, ...]
    files: tuple[ReleaseFile, ...]
    url: str | None
    findings: tuple[str, ...] = ()


def notes(facts: ReleaseFacts) -> str:
    """The release notes: the same text for the same facts."""
    sections = [
        _origin(facts),
        _section("Install", _install(facts)),
        _section("Patches", _patches(facts.patches)),
        _section("Known to be wrong", (f"- {prose(it)}" for it in facts.findings)) if facts.findings else "",
        _section("Upstream changes to MLIR's Python bindings", _changes(facts)),
        _section("Files", _files(facts.files)) if facts.files else "",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _section(title: str, lines: Iterator[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines)


def _origin(facts: ReleaseFacts) -> str:
    """What was built, in a sentence."""
    pin = facts.pin
    link = f"[{code(pin.commit)}]({LLVM}/commit/{pin.commit})"
    date = f" of {_day(facts.committed)}" if facts.committed else ", whose date was not at hand"
    ref = f" ({code(pin.ref)})" if pin.ref else ""
    llvm = f"LLVM {pin.version}{ref}" if pin.version else f"LLVM{ref}"
    return f"Version {code(facts.version)}, built from {llvm}: commit {link}{date}."


def _install(facts: ReleaseFacts) -> Iterator[str]:
    """A command for each distribution, with the exact version."""
    if not facts.url:
        yield "FOLDER is where the files of this release were downloaded to.\n"
    yield "```sh"
    for package in (*facts.imported, *facts.packages):
        yield _command(facts, package)
    yield "```"


def _command(facts: ReleaseFacts, package: str) -> str:
    """What installs a package, and never somebody else's of the same name.

    Notes are read before a release is on any index, if it ever is: the files are those of the release. What
    is installed first in two steps is there in the second, which takes only what it needs.
    """
    wanted = f"{package}=={facts.version}"
    # The part of a release's page that has its files, as pip can read it; and no index beside it.
    place = f"{facts.url}/releases/expanded_assets/{facts.tag}" if facts.url else "FOLDER"
    ours = f"--no-index --find-links {place} {wanted}"
    if package in facts.imported:
        return f"pip install --no-deps {ours} && pip install {wanted}"
    return f"pip install {ours}"


def _patches(patches: Sequence[Patch]) -> Iterator[str]:
    if not patches:
        yield "None: upstream's source as it is."
    for patch in patches:
        yield f"- {code(patch.name)}: {prose(patch.why)}"
        yield f"  Upstream: {prose(patch.upstream)}"


def _changes(facts: ReleaseFacts) -> Iterator[str]:
    changes = facts.changes
    if changes is None:
        yield "This is the first release of its kind."
        return
    since = code(str(changes.since))
    if facts.url:
        since = f"[{since}]({facts.url}/releases/tag/{changes.since})"
    compare = f"[all changes in LLVM]({LLVM}/compare/{changes.old}...{facts.pin.commit})"
    if changes.commits is None:
        yield f"Since {since}: not listed, for upstream's history was not at hand ({compare})."
        return
    count = len(changes.commits)
    yield f"Since {since}: {count or 'no'} commit{'' if count == 1 else 's'} ({compare})."
    if changes.commits:
        yield ""
    for commit in changes.commits[:_LISTED]:
        link = f"[{code(commit.sha[:9])}]({LLVM}/commit/{commit.sha})"
        yield f"- {link} {_day(commit.committed)} {code(commit.subject)}"
    if count > _LISTED:
        yield f"- and {count - _LISTED} more"


def _files(files: Sequence[ReleaseFile]) -> Iterator[str]:
    yield "| File | MB | SHA-256 |"
    yield "| --- | ---: | --- |"
    for file in files:
        yield f"| {code(file.name)} | {file.size / 1e6:.1f} | {code(file.sha256)} |"


def _day(when: dt.datetime) -> str:
    return when.date().isoformat()

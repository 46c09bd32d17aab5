"""Making the next snapshot: from a commit of llvm-project to branch and tag on this project's remote."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version

from mlir_release import log, tags, versions
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.git import Update
from mlir_release.pin import FILE_NAME, BadPin, Pin
from mlir_release.tags import Snapshot
from mlir_release.train import fit
from mlir_release.train.patch_check import PatchesFail
from mlir_release.train.picker import Choice, pick
from mlir_release.train.project import TRAILER

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from mlir_release.train.bump import Options
    from mlir_release.train.project import Project, State
    from mlir_release.train.upstream import Commit, Upstream

# Snapshots are of this branch of llvm-project.
_MAIN = "main"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a bump amounts to: the tag, its version and its commit of this project; or none, and why."""

    tag: Snapshot | None = None
    version: str | None = None
    commit: str | None = None
    why: str = ""


def bump(
    project: Project,
    upstream: Upstream,
    wanted: Options,
    is_green: Callable[[Commit], bool],
    *,
    now: dt.datetime,
) -> Outcome:
    """Make the next snapshot on the remote, or with ``dry_run`` only say how.

    Args:
        project: where it is made.
        upstream: where its commit of llvm-project is looked for.
        wanted: which commit, and what else was asked for.
        is_green: whether a commit's checks have passed; asked once for each, as few as need be.
        now: with a time zone.

    Raises:
        UserError: it cannot be done; nothing was changed then.
    """
    commits = upstream.commits(_MAIN, wanted.max_commits)
    log.say(f"   {len(commits)} commits of {_MAIN} at {upstream.url}, the newest is {commits[0]}")
    train = _Train(
        project=project,
        upstream=upstream,
        wanted=wanted,
        commits=commits,
        is_green=functools.cache(is_green),
        pinned=functools.cache(functools.partial(fit.pinned, project, upstream, _MAIN)),
        drift=functools.cache(functools.partial(fit.drift_lines, project, upstream)),
        now=now,
    )
    return project.land(train.plan)


@dataclass(frozen=True, kw_only=True)
class _Newest:
    """The newest snapshot that there is, and what it pins; None where its commit does not say."""

    tag: Snapshot
    pin: Pin | None


@dataclass(frozen=True, kw_only=True)
class _Next:
    """The next snapshot: all that is to be written."""

    tag: Snapshot
    picked: Commit
    llvm_version: str
    text: str
    drift: Sequence[str] = ()

    @property
    def version(self) -> str:
        return self.tag.version(self.llvm_version)

    @property
    def commit_message(self) -> str:
        title = f"Snapshot {self.tag}: LLVM {self.llvm_version} at {self.picked.sha[:9]}"
        report = ["\n".join(self.drift)] if self.drift else []
        return "\n\n".join([title, *report, f"{TRAILER}: {self.tag}"])

    @property
    def tag_message(self) -> str:
        return f"LLVM {self.llvm_version} at {self.picked.sha}\n\nVersion: {self.version}"


@dataclass(frozen=True, kw_only=True)
class _Train:
    """What a bump knows that does not change while others push."""

    project: Project
    upstream: Upstream
    wanted: Options
    commits: Sequence[Commit]
    is_green: Callable[[Commit], bool]
    pinned: Callable[[str, str], Pin | PatchesFail]
    drift: Callable[[str, str], list[str]]
    now: dt.datetime

    def plan(self, state: State) -> tuple[Sequence[Update], Outcome]:
        """What is to be changed, on top of this state."""
        if state.head is None:
            raise UserError(
                f"{self.project.remote.name} has no branch {state.branch}; name one with --branch"
            )
        newest = self._newest(state)
        choice = self._choice(state.head, newest)
        if choice.commit is None:
            return (), Outcome(why=choice.why)
        _ensure_newer(self.upstream.version(choice.commit.sha), newest)
        pin = self.pinned(state.head, choice.commit.sha)
        if isinstance(pin, PatchesFail):
            raise pin
        following = self._following(state, choice.commit, pin)
        following = replace(following, drift=self.drift(state.head, choice.commit.sha))
        if self.wanted.dry_run:
            log.say(f"   would push a commit of that to {state.branch}, on {state.head[:9]}, and the tag")
            return (), Outcome(why="a dry run changes nothing")
        return self._made(state, following)

    def _newest(self, state: State) -> _Newest | None:
        tag = max((it for it in tags.known(state.tags) if isinstance(it, Snapshot)), default=None)
        if tag is None:
            return None
        try:
            return _Newest(tag=tag, pin=self.project.pin(state.tags[str(tag)]))
        except BadPin as error:
            log.say(f"   what {tag} pins does not count: {error}")
            return _Newest(tag=tag, pin=None)

    def _choice(self, start: str, newest: _Newest | None) -> Choice:
        """The commit to take on top of one of ours, or why there is none."""
        pinned = newest.pin.commit if newest and newest.pin else None
        choice = self._wanted(start, pinned)
        if choice.commit is None and self.wanted.force and pinned:
            log.say(f"   {choice.why}: {pinned[:9]} is taken again, as asked")
            choice = Choice(commit=self.upstream.commit(pinned))
        if choice.commit and newest and choice.commit.sha == pinned and not self.wanted.force:
            return Choice(commit=None, why=f"nothing is new: {choice.commit} is {newest.tag} already")
        return choice

    def _wanted(self, start: str, pinned: str | None) -> Choice:
        if self.wanted.commit:
            return Choice(commit=self._named(self.wanted.commit))
        if self.wanted.any:
            return Choice(commit=self.commits[0])
        refused: list[PatchesFail] = []

        def is_usable(commit: Commit) -> bool:
            if not self.is_green(commit):
                return False
            pin = self.pinned(start, commit.sha)
            if isinstance(pin, PatchesFail):
                log.say(f"   {commit.sha[:9]} is passed over: {pin}")
                refused.append(pin)
            return isinstance(pin, Pin)

        choice = pick(self.commits, is_usable, now=self.now, max_age=self.wanted.max_age, pinned=pinned)
        if choice.commit is None and refused and not (self.wanted.force and pinned):
            # Else the train would stand still, and nobody be told.
            raise refused[0]
        return choice

    def _named(self, start: str) -> Commit:
        """The commit whose digits start so."""
        found = [commit for commit in self.commits if commit.sha.startswith(start)]
        if len(found) != 1:
            count = "more than one" if found else "none"
            raise UserError(
                f"{count} of the newest {len(self.commits)} commits of {_MAIN} at {self.upstream.url} is"
                f" {start}; snapshots are of these alone, look at more with --max-commits N"
            )
        return found[0]

    def _following(self, state: State, picked: Commit, pin: Pin) -> _Next:
        """The next snapshot; says what it will be."""
        assert state.head
        before = self.project.pin(state.head)
        text = old = self.project.text(state.head, FILE_NAME) or ""
        if before.commit == picked.sha and before.version:
            pin = before
        else:
            text = pins.rewritten(text, pin)
            pins.parse(text, f"{FILE_NAME} of the next snapshot")
        llvm_version = pin.version or ""
        used = [it for it in self.project.used(state) if isinstance(it, Snapshot)]
        following = _Next(
            tag=tags.next_snapshot(used, self.now), picked=picked, llvm_version=llvm_version, text=text
        )
        log.say(f"   picked {picked}")
        pinned = f"{picked.sha[:9]} ({llvm_version})"
        same = text == old
        log.say(f"   pin: {'stays' if same else f'{before.commit[:9]} ({before.version}) becomes'} {pinned}")
        log.say(f"   tag: {following.tag}, version {following.version}")
        return following

    def _made(self, state: State, following: _Next) -> tuple[Sequence[Update], Outcome]:
        """Commit and tag, as objects that no ref comes to yet; and the refs that are to."""
        assert state.head
        repository, tag = self.project.repository, following.tag
        commit = repository.commit_file(
            state.head, FILE_NAME, following.text, message=following.commit_message, when=self.now
        )
        tagged = repository.tag_object(commit, str(tag), message=following.tag_message, when=self.now)
        updates = (
            Update(ref=f"refs/heads/{state.branch}", before=state.head, after=commit),
            Update(ref=f"refs/tags/{tag}", before=None, after=tagged),
        )
        return updates, Outcome(tag=tag, version=following.version, commit=commit)


def _ensure_newer(llvm_version: str, newest: _Newest | None) -> None:
    """Refuse a snapshot that would sort below the one before it, whatever its day."""
    if not (newest and newest.pin and newest.pin.version):
        return
    last = newest.pin.version
    if Version(versions.release(llvm_version)) < Version(versions.release(last)):
        raise UserError(
            f"a snapshot of LLVM {llvm_version} would sort below {newest.tag}, which is of {last};"
            " take a newer commit"
        )

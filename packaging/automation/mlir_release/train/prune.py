"""``nox -s prune``: takes away the snapshots that may go, by the rule in ``retention``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, tags
from mlir_release import pin as pins
from mlir_release.errors import ReleaseError, UserError
from mlir_release.git import Update
from mlir_release.github import Client, releases
from mlir_release.options import Parser
from mlir_release.pin import FILE_NAME, BadPin
from mlir_release.publishing.index import yanked
from mlir_release.tags import Snapshot
from mlir_release.train import retention
from mlir_release.train.home import home_of
from mlir_release.train.project import TRAILER, Project
from mlir_release.train.retention import KEEP_FILE, Fate, Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlir_release.github.releases import Release
    from mlir_release.train.project import State

_TAGS = "refs/tags/"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Tags and releases as they are now: what becomes of the old snapshots, and what each of them has.

    ``objects`` is what the refs of the tags have, which a removal is told against; ``gone`` what the
    project's lists still name, and only its history knows.
    """

    gone: tuple[str, ...]
    fates: tuple[Fate, ...]
    objects: Mapping[str, str]
    releases: tuple[Release, ...]

    @property
    def going(self) -> tuple[Snapshot, ...]:
        """The snapshots that may go, the oldest first."""
        return tuple(fate.snapshot.tag for fate in self.fates if not fate.stays)


@dataclass(frozen=True, kw_only=True)
class Pruner:
    """The project and its releases on GitHub, at a moment (UTC)."""

    project: Project
    client: Client
    now: dt.datetime

    def survey(self) -> Survey:
        """What there is, and what becomes of it.

        Raises:
            BadKeepList, BadYankedList: the list of what is kept, or yanked, cannot be read, or names what
                there never was.
            BadPin: a branch or a numbered release pins something that cannot be read.
            UserError: the remote or GitHub cannot be asked.
        """
        state = self.project.state()
        published = releases.listed(self.client)
        snapshots = self._snapshots(state, published)
        where = f"{KEEP_FILE} of {self.project.remote.name}'s {state.branch}"
        text = (self.project.text(state.head, KEEP_FILE) if state.head else None) or ""
        keep, withdrawn = retention.read_keep(text, where), tuple(yanked.parse(text, where))
        return Survey(
            gone=self._gone(state, snapshots, (*keep, *withdrawn), where),
            fates=retention.fates(
                snapshots,
                today=self.now.astimezone(dt.UTC).date(),
                pinned=self._pinned(state),
                keep=keep,
                yanked=withdrawn,
            ),
            objects={name: state.refs[_TAGS + name] for name in state.tags},
            releases=published,
        )

    def remove(self, tag: Snapshot, survey: Survey) -> None:
        """Delete the release of a snapshot, then its tag; what is gone already is passed over.

        In this order, because GitHub makes a draft of a release whose tag goes.
        """
        for release in survey.releases:
            if release.tag == str(tag):
                releases.delete(self.client, release)
                log.say(f"   {tag}: its release is deleted")
        known = survey.objects.get(str(tag))

        def plan(state: State) -> tuple[Sequence[Update], None]:
            there = state.refs.get(f"{_TAGS}{tag}")
            if there not in (None, known):
                raise UserError(f"somebody has just moved the tag {tag}; see what it is for")
            return ([Update(ref=f"{_TAGS}{tag}", before=there, after=None)] if there else []), None

        self.project.land(plan)
        log.say(f"   {tag}: its tag is removed" if known else f"   {tag}: it has no tag any more")

    def _snapshots(self, state: State, published: Iterable[Release]) -> tuple[Known, ...]:
        public = {it.tag for it in published if not it.draft}
        drafts = {it.tag for it in published if it.draft}
        commits = self._untold(state, public) | state.tags
        found = [it for it in tags.known(commits) if isinstance(it, Snapshot)]
        self.project.bring(*{commits[str(it)] for it in found if commits[str(it)]})
        return tuple(
            Known(
                tag=it,
                pins=self._pinned_at(commits[str(it)]),
                published=str(it) in public,
                draft=str(it) in drafts,
            )
            for it in found
        )

    def _untold(self, state: State, public: Iterable[str]) -> dict[str, str]:
        """The commits of releases whose tags are gone; empty where the branch does not tell them."""
        lost = [name for name in public if name not in state.tags]
        if not lost or not state.head:
            return dict.fromkeys(lost, "")
        self.project.used(state)  # completes the history of a shallow checkout
        form = f"--format=%(trailers:key={TRAILER},valueonly,separator=%x20) %H"
        lines = self.project.repository.ask("log", "--no-show-signature", form, state.head).splitlines()
        told = {name: words[-1] for words in map(str.split, lines) for name in words[:-1]}
        return {name: told.get(name, "") for name in lost}

    def _pinned_at(self, commit: str) -> str | None:
        """What a snapshot's commit pins; None where that is not known."""
        try:
            return self.project.pin(commit).commit if commit else None
        except BadPin:
            return None

    def _pinned(self, state: State) -> dict[str, str]:
        """The commits of llvm-project that branches and numbered releases rely on, and which do."""
        numbered = [str(it) for it in tags.known(state.tags) if not isinstance(it, Snapshot)]
        by = {f"branch {name}": commit for name, commit in state.branches.items()}
        by |= {name: state.tags[name] for name in numbered}
        self.project.bring(*set(by.values()))
        texts = {who: self.project.repository.text(commit, FILE_NAME) for who, commit in by.items()}
        found = {
            who: pins.parse(text, f"{FILE_NAME} of {who}") for who, text in texts.items() if text is not None
        }
        return {pin.commit: who for who, pin in found.items()}

    def _gone(
        self, state: State, snapshots: Iterable[Known], entries: Iterable[str], where: str
    ) -> tuple[str, ...]:
        """What the project's lists name and is no more; raises ``BadKeepList`` for what never was."""
        there = {*state.tags, *(text for it in snapshots for text in (str(it.tag), it.pins))}
        gone = tuple(it for it in entries if it not in there)
        if gone:
            retention.ensure_known(gone, map(str, self.project.used(state)), where)
        return gone


class Unfinished(UserError):
    """Not all that was to go is gone; says what is."""

    def __init__(self, tag: Snapshot, done: int, wanted: int, error: Exception) -> None:
        super().__init__(
            f"{done} of {wanted} snapshots are removed, and of {tag} what is said above; then: {error}."
            " Run the same again, it goes on there"
        )


def run(arguments: Sequence[str], root: Path, *, now: dt.datetime | None = None) -> None:
    """The session: say which snapshots go and why others stay; with ``--yes`` remove them.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        now: by default the clock's time.

    Raises:
        Unfinished: it could not be done to the end.
        UserError: it cannot be done; nothing was removed then.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--remote", default="origin", metavar="NAME")
    options = parser.parse_args(arguments)
    project = Project.open(root, remote=options.remote)
    home = home_of(project.remote)
    if home is None:
        raise UserError(
            f"{options.remote} is not on GitHub; set GITHUB_REPOSITORY to OWNER/NAME of the releases"
        )
    client = Client.for_repository(home)
    prune(Pruner(project=project, client=client, now=now or dt.datetime.now(dt.UTC)), yes=options.yes)


def prune(pruner: Pruner, *, yes: bool) -> None:
    """Say what becomes of the old snapshots; with ``yes`` remove those that go, one after the other.

    Raises:
        Unfinished: it could not be done to the end.
        UserError: it cannot be done; nothing was removed then.
    """
    first = pruner.survey()
    for name in first.gone:
        log.say(f"   WARNING: {name} is gone, and {KEEP_FILE} still names it")
    log.summary(f"snapshots older than {retention.KEPT_DAYS} days", list(retention.table(first.fates)))
    if not first.going:
        log.say("   nothing is to be removed")
    elif not yes:
        log.say(f"   {len(first.going)} would be removed; say --yes to do it")
    else:
        _remove_all(pruner, first.going)


def _remove_all(pruner: Pruner, going: Sequence[Snapshot]) -> None:
    done = 0
    for tag in going:
        try:
            done += _remove(pruner, tag)
        except ReleaseError as error:
            raise Unfinished(tag, done, len(going), error) from None
    log.say(f"   {done} snapshots are removed")


def _remove(pruner: Pruner, tag: Snapshot) -> bool:
    """Remove a snapshot, unless somebody has come to rely on it since; whether it was removed."""
    survey = pruner.survey()
    if tag not in survey.going:
        log.say(f"   {tag} is left: things have changed since the list was made")
        return False
    pruner.remove(tag, survey)
    return True

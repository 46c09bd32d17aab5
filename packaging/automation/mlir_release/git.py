"""Git, as the other rooms use it: the real program, on real repositories."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from mlir_release.run import Completed

# A host that does not answer within this many seconds counts as out of reach.
# git has no limit of its own for connecting, the system's is over two minutes.
ANSWER_SECONDS = 20
# A transfer is given up when it stays below 1 kB/s for 30 s (git-config, http.lowSpeedLimit).
PATIENCE = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")

# A session that was started from a git hook has these set for another repository.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)
ENVIRONMENT: dict[str, str | None] = {
    **dict.fromkeys(_FOREIGN),
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

_FATAL = re.compile(r"^(?:fatal|error): (.+)$", re.MULTILINE)
_PEELED = "^{}"
_BRANCH = "ref: refs/heads/"
# Whatever the user's configuration says of tags, pruning and remote-tracking branches.
_NO_REFS = ("--no-tags", "--no-write-fetch-head", "--no-prune", "--refmap=", "--no-recurse-submodules")
# What `git push --porcelain` says of a ref: "!<tab>FROM:TO<tab>[rejected] (stale info)"; "=" when there is
# nothing to do, which means that somebody else has pushed the very same.
_REJECTED = re.compile(r"^[!=]\t[^\t]*\t(.*)$", re.MULTILINE)


class OutOfReach(UserError):
    """A repository does not answer, or does not let us in."""


class Rejected(UserError):
    """The remote did not take a push; none of its refs has changed. ``reasons`` are its own, of each ref."""

    def __init__(self, name: str, reasons: Iterable[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__(f"{name} did not take the push: {'; '.join(self.reasons)}")


@dataclass(frozen=True, kw_only=True)
class Update:
    """A ref that a push changes: its full name, what it is before and after (None: not there)."""

    ref: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Repository:
    """A repository on this machine: its work tree, or a bare one's folder."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> Repository:
        """The repository whose work tree ``path`` is the root of.

        Raises:
            UserError: it is none.
        """
        repository = cls(path)
        done = repository.attempt("rev-parse", "--show-toplevel")
        if done.status or not Path(done.output.strip()).samefile(path):
            raise UserError(f"{path} is not a git checkout; clone the project with git")
        return repository

    @classmethod
    def bare(cls, path: Path) -> Repository:
        """The bare repository in a folder; made now, or completed if whoever made it was stopped."""
        repository = cls(path)
        path.mkdir(parents=True, exist_ok=True)
        repository.ask("init", "--quiet", "--bare", ".")
        return repository

    def ask(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> str:
        """What a git command prints on stdout, without the last line's end.

        Raises:
            ToolFailed: it failed.
        """
        return self._run(words, env, check=True).output.rstrip("\n")

    def attempt(self, *words: str | Path, timeout: float | None = None) -> Completed:
        """A git command that may fail."""
        return self._run(words, None, check=False, timeout=timeout)

    def has(self, commit: str) -> bool:
        """Whether a commit is at hand; a partial clone does not go and get it for the question."""
        found = self.attempt("rev-list", "--no-walk", "--missing=print", commit)
        return found.status == 0 and found.output.strip() == commit

    def write_files(self, commit: str, paths: Sequence[str], folder: Path) -> None:
        """Write files of a commit into a folder, below their own paths, byte by byte.

        Args:
            commit: is at hand.
            paths: of files and folders; those that the commit has not got are passed over.
            folder: exists.

        Raises:
            OutOfReach: a partial clone could not get them.
        """
        listed = self.ask("ls-tree", "-r", "-z", commit, "--", *paths) if paths else ""
        entries = [line.partition("\t") for line in listed.split("\0") if line]
        words = [word for facts, _, path in entries for word in ("--cacheinfo", *facts.split()[::2], path)]
        with tempfile.TemporaryDirectory() as own:
            index = {"GIT_INDEX_FILE": str(Path(own) / "index")}
            self.ask("update-index", "--add", *words, env=index)
            # From inside: in a folder around the repository, git would only write what is below the latter.
            there = ("-C", folder, f"--git-dir={self.ask('rev-parse', '--absolute-git-dir')}")
            exact = ("-c", "core.autocrlf=false", f"--work-tree={folder}")
            done = self._run((*there, *exact, "checkout-index", "--all"), index, check=False)
        if done.status:
            raise OutOfReach(f"files of {commit} are not to be had: {reason(done)}")

    def text(self, commit: str, path: str) -> str | None:
        """A file of a commit; None if it has none of that name."""
        done = self.attempt("show", f"{commit}:{path}")
        return done.output if done.status == 0 else None

    def commit_file(self, parent: str, path: str, text: str, *, message: str, when: dt.datetime) -> str:
        """A new commit that changes one file of its parent and nothing else; no ref comes to it.

        Returns:
            its 40 digits; the same ones whenever all arguments and the committer are the same.
        """
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / "content"
            content.write_bytes(text.encode())
            blob = self.ask("hash-object", "-w", "--no-filters", content)
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.ask("read-tree", parent, env=index)
            self.ask("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self.ask("write-tree", env=index)
        return self.ask("commit-tree", tree, "-p", parent, "-m", message, env=_dates(when))

    def tag_object(self, commit: str, name: str, *, message: str, when: dt.datetime) -> str:
        """An annotated tag on a commit; no ref comes to it. Returns its 40 digits."""
        ident = self.ask("var", "GIT_COMMITTER_IDENT", env=_dates(when))
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {ident}\n\n{message}\n"
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / "content"
            content.write_bytes(text.encode())
            return self.ask("hash-object", "-w", "-t", "tag", content)

    def ensure_identity(self) -> None:
        """Check that git knows in whose name it would commit.

        Raises:
            UserError: it does not.
        """
        if self.attempt("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT").status:
            raise UserError(
                "git does not know who commits; say git config user.name NAME, git config user.email ADDRESS"
            )

    def _run(
        self,
        words: Sequence[str | Path],
        env: Mapping[str, str | None] | None,
        *,
        check: bool,
        timeout: float | None = None,
    ) -> Completed:
        return run(
            ["git", "-c", "core.fsmonitor=false", *PATIENCE, *words],
            cwd=self.path,
            env={**ENVIRONMENT, **(env or {})},
            check=check,
            quiet=True,
            apart=True,
            timeout=timeout,
        )


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Another repository, as seen from one on this machine: its name there (``origin``), or its URL."""

    repository: Repository
    name: str

    def refs(self, *patterns: str) -> dict[str, str]:
        """The refs there now that match, with what they point at; tags also peeled, as ``NAME^{}``.

        Raises:
            OutOfReach: it does not answer.
        """
        lines = (line.partition("\t") for line in self._listed(self.name, *patterns).splitlines())
        return {ref: found for found, _, ref in lines}

    def _listed(self, *words: str) -> str:
        asked = self.repository.attempt("ls-remote", "--quiet", *words, timeout=ANSWER_SECONDS)
        if asked.seconds >= ANSWER_SECONDS:
            raise OutOfReach(f"{self.name} does not answer within {ANSWER_SECONDS} s; see to the network")
        if asked.status:
            raise OutOfReach(f"{self.name} cannot be read: {reason(asked)}; see to its URL and your rights")
        return asked.output

    def default_branch(self) -> str:
        """The branch that a clone of it gets.

        Raises:
            OutOfReach: it does not answer.
            UserError: it names none.
        """
        head = self._listed("--symref", self.name, "HEAD").partition("\t")[0]
        if not head.startswith(_BRANCH):
            raise UserError(f"{self.name} does not say which branch is its main one; say --branch NAME")
        return head.removeprefix(_BRANCH)

    def fetch(self, wanted: Iterable[str], *options: str) -> None:
        """Bring commits or refs, with all that they need; no ref of this repository changes.

        Raises:
            OutOfReach: it does not answer, or has not got them.
        """
        wanted = tuple(wanted)
        words = ["fetch", "--quiet", *_NO_REFS, *options, self.name, *wanted]
        done = self.repository.attempt(*words)
        if done.status:
            raise OutOfReach(f"{self.name} does not give {', '.join(wanted)}: {reason(done)}")

    def push(self, updates: Sequence[Update]) -> None:
        """Change all these refs there, or none of them; none is changed that is not as it was before.

        Raises:
            Rejected: they are not, or it does not take them.
            OutOfReach: it does not answer; whether they were changed is not known.
        """
        leases = [f"--force-with-lease={update.ref}:{update.before or ''}" for update in updates]
        refs = [f"{update.after or ''}:{update.ref}" for update in updates]
        options = ("--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no")
        done = self.repository.attempt("push", *options, *leases, self.name, *refs)
        refused = _REJECTED.findall(done.output)
        if not done.status and not refused:
            return
        if refused:
            raise Rejected(self.name, refused)
        raise OutOfReach(f"{self.name} cannot be pushed to: {reason(done)}; see to its URL and your rights")


def peeled(refs: Mapping[str, str], ref: str) -> str | None:
    """The commit that one of ``Remote.refs`` stands for, through an annotated tag too; None if not there."""
    return refs.get(ref + _PEELED) or refs.get(ref)


def reason(done: Completed) -> str:
    """What went wrong, in the words of git."""
    return said(done.errors or done.output) or f"git ended with status {done.status}"


def said(output: str) -> str | None:
    """The error that git ended with, if there is one in its output."""
    found = _FATAL.search(output)
    return found[1].strip() if found else None


def _dates(when: dt.datetime) -> dict[str, str | None]:
    # Git's own format: seconds since the epoch, and the time zone.
    stamp = f"{int(when.timestamp())} +0000"
    return {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}

"""Retention that is stopped at any point, and goes on when it is run again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from github_messages import error
from mlir_release.train import prune
from snapshots import FIRST, NEW, NOW, OLD, Train, running

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTOMATION = Path(__file__).parents[2] / "packaging" / "automation"
# The program of a session that is killed.
SESSION = """
import datetime as dt, pathlib, sys
from mlir_release.train import prune, retention
retention.KEPT_NEWEST = 2
prune.run(["--yes"], pathlib.Path(sys.argv[1]), now=dt.datetime.fromisoformat(sys.argv[2]))
"""
# Kills whoever starts the push whose number is in a file, before or after it is done.
GIT = """\
#!/bin/sh
case " $* " in *" push "*) ;; *) exec {git} "$@" ;; esac
echo >>{count}
[ $(wc -l <{count}) = {number} ] || exec {git} "$@"
[ {when} = before ] || {git} "$@"
kill -9 $PPID
"""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Train]:
    with running(tmp_path, monkeypatch) as made:
        yield made


def test_half_done_says_what_is_done(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    answer, deleted = train.home.answer, []

    def second_is_refused(request: Any) -> Any:
        deleted.extend([1] if request.method == "DELETE" else [])
        return error(403, "Must have admin rights") if len(deleted) == 2 else answer(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.home, "answer", second_is_refused)
        with pytest.raises(prune.Unfinished) as caught:
            train.prune("--yes")
    assert str(caught.value).startswith(f"1 of 5 snapshots are removed, and of {OLD[1]} what is said above;")
    assert "Must have admin rights" in str(caught.value)
    said = capsys.readouterr().out
    assert f"{OLD[0]}: its release is deleted" in said
    assert f"{OLD[0]}: its tag is removed" in said
    assert OLD[0] not in train.world.project.tags()
    train.prune("--yes")
    assert train.left == [FIRST, *NEW]


def test_a_server_that_keeps_its_tags(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    hook = train.world.project.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(prune.Unfinished, match=r"^0 of 5 .*pre-receive hook declined"):
        train.prune("--yes")
    assert f"{OLD[0]}: its release is deleted" in capsys.readouterr().out
    assert len(train.home.releases) == len([FIRST, *OLD, *NEW]) - 1
    hook.unlink()
    train.prune("--yes")
    assert train.left == [FIRST, *NEW]


def killed(train: Train, what: str, when: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the session and kill it before or after its n-th deletion of a release, or push."""
    root = train.world.root
    program = root / "programs" / "git"
    program.parent.mkdir()
    at = number if what == "push" else 0
    program.write_text(GIT.format(git=shutil.which("git"), count=root / "count", number=at, when=when))
    program.chmod(0o755)
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(train.world.clone("clone")), NOW.isoformat()],
        env=os.environ
        | {"PYTHONPATH": str(AUTOMATION), "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        start_new_session=True,
    )
    answer, deleted = train.home.answer, []

    def deadly(request: Any) -> Any:
        deleted.extend([1] if request.method == "DELETE" else [])
        fatal = what == "DELETE" and request.method == what and len(deleted) == number
        if fatal and when == "before":
            session.kill()
            return error(500, "Nobody is there to read this")
        found = answer(request)
        if fatal:
            session.kill()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(train.home, "answer", deadly)
        assert session.wait() == -signal.SIGKILL


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["DELETE", "push"])
def test_killed_and_run_again(
    train: Train, what: str, when: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(train, what, when, number, monkeypatch)
    assert set(train.world.project.tags()) > set(NEW)
    train.keep(OLD[4])
    train.prune("--yes")
    assert train.left == [FIRST, OLD[4], *NEW]

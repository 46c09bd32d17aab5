"""Git as the other rooms use it, on real repositories on this disk."""

from __future__ import annotations

import datetime as dt
import os
import socket
from typing import TYPE_CHECKING

import pytest

from git_world import RELEASE, Bare, World, assume_another_owner, git
from mlir_release.errors import ToolFailed, UserError
from mlir_release.git import OutOfReach, Remote, Repository, peeled, reason, said

if TYPE_CHECKING:
    from pathlib import Path

WHEN = dt.datetime(2026, 11, 22, 5, 30, tzinfo=dt.UTC)
ABSENT = "1" * 40


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def clone(world: World) -> Repository:
    return Repository.open(world.clone("clone"))


@pytest.fixture
def origin(clone: Repository) -> Remote:
    return Remote(repository=clone, name="origin")


class TestRepository:
    def test_open_wants_the_root_of_a_checkout(self, world: World, clone: Repository) -> None:
        for folder in (clone.path / "patches", world.root, world.project.path):
            with pytest.raises(UserError, match="is not a git checkout"):
                Repository.open(folder)

    def test_the_name_of_a_checkout_may_end_in_a_space(self, world: World) -> None:
        folder = world.clone("clone ")
        assert Repository.open(folder).path == folder

    def test_a_checkout_of_another_user_is_one_line(
        self, clone: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assume_another_owner(tmp_path / "bin", monkeypatch)
        with pytest.raises(UserError, match=r"clone is another user's, .* --add safe.directory .*clone, or"):
            Repository.open(clone.path)
        (tmp_path / "config").write_text(f"[safe]\ndirectory = {clone.path}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
        assert Repository.open(clone.path) == clone

    def test_an_environment_made_for_a_git_hook_does_no_harm(
        self, clone: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
            monkeypatch.setenv(name, "/nowhere")
        assert Repository.open(clone.path) == clone
        assert clone.ask("rev-parse", "--abbrev-ref", "HEAD") == "main"

    def test_bare_is_made_once_and_completed_if_need_be(self, tmp_path: Path) -> None:
        bare = Repository.bare(tmp_path / "a/b")
        assert bare.ask("rev-parse", "--is-bare-repository") == "true"
        kept = bare.ask("hash-object", "-w", "-t", "tree", os.devnull)
        (bare.path / "config").unlink()
        assert Repository.bare(tmp_path / "a/b").ask("cat-file", "-t", kept) == "tree"

    def test_a_command_that_fails_keeps_its_log(self, clone: Repository) -> None:
        with pytest.raises(ToolFailed) as caught:
            clone.ask("cat-file", "-p", ABSENT)
        assert "Not a valid object name" in caught.value.log.read_text()

    def test_text_of_a_file(self, world: World, clone: Repository) -> None:
        head = world.project.head()
        assert clone.text(head, "llvm-project.version") == world.pin_text
        assert clone.text(head, "nothing") is None

    def test_has(self, world: World, clone: Repository) -> None:
        assert clone.has(world.project.head())
        assert not clone.has(world.project.commit("later", {"x": "1"}))
        assert not clone.has(ABSENT)

    def test_has_in_a_partial_clone_does_not_fetch(self, world: World) -> None:
        partial = Repository.open(world.clone("partial", "--filter=blob:none", "--no-checkout"))
        later = world.project.commit("later", {"x": "1"})
        assert not partial.has(later)
        assert not partial.has(later)

    def test_write_files(self, world: World, clone: Repository, tmp_path: Path) -> None:
        exact = "one\r\ntwo\rthree"
        head = world.project.commit("odd", {"odd ü": exact, "a/b/c": "c", "a/b/d": "d", "ab": "no"})
        git(clone.path, "fetch", "--quiet")
        git(clone.path, "config", "core.autocrlf", "true")
        into = tmp_path / "into"
        into.mkdir()
        clone.write_files(head, ["odd ü", "a", "missing", "patches/missing"], into)
        found = {str(it.relative_to(into)): it.read_bytes() for it in into.rglob("*") if it.is_file()}
        assert found == {"odd ü": exact.encode(), "a/b/c": b"c", "a/b/d": b"d"}
        clone.write_files(head, [], into)
        assert clone.ask("status", "--porcelain") == ""

    def test_write_files_of_a_partial_clone(self, world: World, tmp_path: Path) -> None:
        partial = Repository.open(world.clone("partial", "--filter=blob:none", "--no-checkout"))
        head = world.project.head()
        partial.write_files(head, ["llvm-project.version"], tmp_path)
        assert (tmp_path / "llvm-project.version").read_text() == world.pin_text
        world.project.path.rename(tmp_path / "away")
        with pytest.raises(OutOfReach, match=f"files of {head} are not to be had"):
            partial.write_files(head, ["patches"], tmp_path)

    def test_commit_file(self, world: World, clone: Repository) -> None:
        before = git(clone.path, "status"), git(clone.path, "for-each-ref")
        parent = world.project.head()
        made = clone.commit_file(parent, "new/file", "é\r\n", message="title\n\nbody", when=WHEN)
        assert git(clone.path, "diff", "--name-status", parent, made) == "A\tnew/file"
        form = "--format=%P%n%at %ct%n%an <%ae>%n%B"
        shown = git(clone.path, "show", "--no-patch", form, made).split("\n")
        seconds = int(WHEN.timestamp())
        assert shown[:2] == [parent, f"{seconds} {seconds}"]
        assert shown[3:] == ["title", "", "body"]
        assert clone.ask("cat-file", "-s", f"{made}:new/file") == "4"
        assert (git(clone.path, "status"), git(clone.path, "for-each-ref")) == before
        assert clone.commit_file(parent, "new/file", "é\r\n", message="title\n\nbody", when=WHEN) == made

    def test_commit_of_what_is_there_already_is_empty(self, world: World, clone: Repository) -> None:
        parent = world.project.head()
        path = "llvm-project.version"
        made = clone.commit_file(parent, path, world.pin_text, message="again", when=WHEN)
        trees = clone.ask("show", "--no-patch", "--format=%T", parent, made).split()
        assert (made != parent, trees[0]) == (True, trees[1])

    def test_tag_object(self, world: World, clone: Repository) -> None:
        head = world.project.head()
        made = clone.tag_object(head, "some-tag", message="title\n\nbody: é", when=WHEN)
        text = git(clone.path, "cat-file", "tag", made)
        assert text.startswith(f"object {head}\ntype commit\ntag some-tag\ntagger A Committer <committer@")
        assert text.endswith(f"> {int(WHEN.timestamp())} +0000\n\ntitle\n\nbody: é")
        assert git(clone.path, "tag") == ""
        git(clone.path, "update-ref", "refs/tags/some-tag", made)
        git(clone.path, "fsck", "--strict")

    def test_identity(self, clone: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        clone.ensure_identity()
        git(clone.path, "config", "--unset", "user.email")
        with pytest.raises(UserError, match="git does not know who commits"):
            clone.ensure_identity()

    def test_the_repositorys_own_settings_go_before_the_users(
        self, clone: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "config").write_text("[user]\nname = Somebody\nemail = else@example.org\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
        git(clone.path, "config", "--unset", "user.email")
        assert "A Committer <else@example.org>" in Repository(clone.path).ask("var", "GIT_COMMITTER_IDENT")


class TestRefs:
    def test_tags_are_peeled(self, world: World) -> None:
        remote = Remote(repository=Repository(world.upstream.path), name=world.upstream.url)
        world.upstream.tag("light", world.cut, annotated=False)
        refs = remote.refs("refs/tags/*")
        assert peeled(refs, f"refs/tags/{RELEASE}") == world.pinned != refs[f"refs/tags/{RELEASE}"]
        assert peeled(refs, "refs/tags/light") == world.cut
        assert peeled(refs, "refs/tags/none") is None
        assert not any(ref.startswith("refs/heads") for ref in refs)

    def test_a_repository_without_any(self, tmp_path: Path) -> None:
        bare = Bare.make(tmp_path / "empty.git")
        remote = Remote(repository=Repository(bare.path), name=bare.url)
        assert remote.refs() == {}
        with pytest.raises(UserError, match="does not say which branch is its main one; say --branch"):
            remote.default_branch()

    def test_default_branch(self, world: World, origin: Remote) -> None:
        assert origin.default_branch() == "main"
        world.project.commit("x", branch="other/one", parent=world.project.head())
        git(world.project.path, "symbolic-ref", "HEAD", "refs/heads/other/one")
        assert origin.default_branch() == "other/one"

    def test_out_of_reach(self, clone: Repository) -> None:
        with pytest.raises(
            OutOfReach, match=r"^nowhere cannot be read: 'nowhere' does not appear to be a git"
        ):
            Remote(repository=clone, name="nowhere").refs()

    def test_no_answer(self, clone: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mlir_release.git.program.ANSWER_SECONDS", 1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
            with pytest.raises(OutOfReach, match="does not answer within 1 s"):
                Remote(repository=clone, name=url).refs()


class TestFetch:
    def test_no_ref_changes(self, world: World, clone: Repository, origin: Remote) -> None:
        git(clone.path, "config", "fetch.prune", "true")
        git(clone.path, "update-ref", "refs/remotes/origin/gone", "HEAD")
        before = git(clone.path, "for-each-ref")
        later = world.project.commit("later", {"x": "1"})
        world.project.tag("a-tag", later)
        origin.fetch(["refs/heads/main"])
        assert clone.has(later)
        assert git(clone.path, "for-each-ref") == before
        assert not (clone.path / ".git/FETCH_HEAD").exists()

    def test_what_is_not_there(self, origin: Remote) -> None:
        with pytest.raises(OutOfReach, match=f"origin does not give {ABSENT}: .*not our ref"):
            origin.fetch(iter([ABSENT]))


def test_what_went_wrong_in_the_words_of_git(clone: Repository) -> None:
    assert said("x\nfatal: no such thing \nmore") == "no such thing"
    assert said("fine") is None
    assert reason(clone.attempt("diff", "--quiet", "HEAD", "HEAD~0^{tree}:nope")) != ""
    assert reason(clone.attempt("symbolic-ref", "--quiet", "refs/none")) == "git ended with status 1"

"""pip and uv on our index on loopback: what they take, how little they fetch, and nobody else's instead."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from index_samples import CP, HERE, OURS, PROJECT, bindings, day, wheel_name
from index_world import NUMPY, Client, make_world, three
from wheels import SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index_world import World


@dataclass(frozen=True, kw_only=True)
class Tool:
    """An installer's words: its command, with one index, with snapshots; and what it says of wrong files."""

    name: str
    install: str
    index: str
    snapshots: str
    mismatch: str


PIP = Tool(
    name="pip",
    install="pip install",
    index="--index-url",
    snapshots="--pre",
    mismatch="THESE PACKAGES DO NOT MATCH THE HASHES",
)
UV = Tool(
    name="uv",
    install="uv pip install",
    index="--default-index",
    snapshots="--prerelease allow",
    mismatch="Hash mismatch",
)


@pytest.fixture(params=[PIP, UV], ids=lambda tool: tool.name)
def tool(request: pytest.FixtureRequest) -> Tool:
    found: Tool = request.param
    return found


@pytest.fixture
def web(tmp_path: Path) -> Iterator[World]:
    with make_world(tmp_path) as made:
        yield made


@pytest.fixture
def client(web: World, environment: Path) -> Client:
    return Client(folder=environment, world=web)


def test_the_wheel_that_fits_and_nothing_else(web: World, client: Client, tool: Tool) -> None:
    web.snapshots(3)
    client(f"{tool.install} {tool.index} {web.simple} {PROJECT}=={day(1)}")
    assert client.who == f"ours {day(1)}"
    assert web.ours.names == three(1)
    assert web.public.asked == []


def test_the_newest_without_looking_into_the_others(web: World, client: Client, tool: Tool) -> None:
    web.snapshots(3)
    client(f"{tool.install} {tool.snapshots} {tool.index} {web.simple} {PROJECT}")
    assert client.who == f"ours {day(2)}"
    assert web.ours.names == three(2)


def test_a_wheel_for_newer_systems_is_passed_over(web: World, client: Client, tool: Tool) -> None:
    web.release(day(0), bindings(OURS))
    web.release(day(1), bindings(f"{CP}-{CP}-manylinux_2_99_{platform.machine()}"))
    web.make()
    client(f"{tool.install} {tool.snapshots} {tool.index} {web.simple} {PROJECT}")
    assert client.who == f"ours {day(0)}"


def test_a_final_release_before_any_snapshot(web: World, client: Client, tool: Tool) -> None:
    for version in ("22.1.8", "22.1.8.post1", "23.1.0rc1", day(0)):
        web.release(version, bindings(OURS))
    web.make()
    client(f"{tool.install} {tool.index} {web.simple} {PROJECT}")
    assert client.who == "ours 22.1.8.post1"


def test_a_changed_wheel_is_refused(web: World, client: Client, tool: Tool) -> None:
    web.snapshots(1)
    (place,) = web.sets.glob(f"*/{wheel_name(0)}")
    replace(bindings(OURS, says="theirs"), version=day(0)).write(place.parent)
    ended = client(f"{tool.install} {tool.index} {web.simple} {PROJECT}=={day(0)}", check=False)
    assert tool.mismatch in ended.output
    assert client.who == ""


def test_changed_metadata_is_refused(web: World, client: Client, tool: Tool) -> None:
    web.snapshots(1)
    (place,) = web.sets.glob(f"*/{wheel_name(0)}.metadata")
    place.write_bytes(place.read_bytes() + b"Requires-Dist: theirs\n")
    ended = client(f"{tool.install} {tool.index} {web.simple} {PROJECT}=={day(0)}", check=False)
    assert tool.mismatch in ended.output
    assert client.who == ""


def test_a_yanked_release_only_for_who_names_it(web: World, client: Client, tool: Tool) -> None:
    tags = [web.release(day(number), bindings(OURS)).tag for number in range(2)]
    web.yank(tags[1], "it <crashes>")
    web.make()
    client(f"{tool.install} {tool.snapshots} {tool.index} {web.simple} {PROJECT}")
    assert client.who == f"ours {day(0)}"
    said = client(f"{tool.install} {tool.index} {web.simple} {PROJECT}=={day(1)}").output
    assert client.who == f"ours {day(1)}"
    assert "it <crashes>" in said


def test_another_python_gets_what_is_for_it(web: World, client: Client, tool: Tool, tmp_path: Path) -> None:
    sdk = SmallWheel(name="mlir-sdk", tag=f"py3-none-{HERE}")
    for number, least in enumerate(("9", "9", "10")):
        wheel = bindings(f"cp3{least}-cp3{least}-{HERE}")
        web.release(day(number), sdk, wheel, requires_python=f">=3.{least}")
    web.make()
    words = f"--python-version 3.9 --only-binary :all: --target {tmp_path / 'target'} {tool.snapshots}"
    client(f"{tool.install} {words} {tool.index} {web.simple} {PROJECT} mlir-sdk")
    found = sorted(path.name for path in (tmp_path / "target").glob("*.dist-info"))
    assert found == [f"mlir_python_bindings-{day(1)}.dist-info", f"mlir_sdk-{day(1)}.dist-info"]


def test_packages_of_ours_that_need_each_other(web: World, client: Client, tool: Tool) -> None:
    sdk = SmallWheel(name="mlir-sdk", tag=f"py3-none-{HERE}", requires=(f"llvm-sdk=={day(1)}",))
    for number in range(3):
        web.release(day(number), sdk, SmallWheel(name="llvm-sdk", tag=f"py3-none-{HERE}"))
    web.make()
    web.offer(SmallWheel(name="llvm-sdk", version=day(1)), SmallWheel(name="mlir-sdk", version="9999"))
    client.paste(web.documented(tool.name, "mlir-sdk", 1, foreign=False))
    assert client.version("llvm-sdk") == day(1)
    assert len(web.ours.asked) == 6
    assert web.public.asked == []


def test_the_flat_page(web: World, client: Client, tool: Tool) -> None:
    web.snapshots(3)
    page = f"{web.ours.url}/index/flat.html"
    client(f"{tool.install} --no-index --find-links {page} {PROJECT}=={day(1)}")
    assert client.who == f"ours {day(1)}"
    assert web.ours.names == ["flat.html", *three(1)[1:]]


@pytest.mark.parametrize("gone", ["", PROJECT])
def test_nobody_elses_package_when_ours_is_not_to_be_had(
    web: World, client: Client, tool: Tool, gone: str
) -> None:
    # Another version is there; or the whole project is not.
    web.squat(day(5))
    if gone:
        shutil.rmtree(web.ours.folder / "index" / "simple" / gone)
    assert client.paste(web.documented(tool.name, PROJECT, 5, foreign=True), check=False).status
    assert client.who == ""
    assert web.public.asked == []


def test_a_url_with_another_hash_is_refused(web: World, client: Client, tool: Tool) -> None:
    web.squat()
    wrong = f"{web.link(wheel_name(0)).partition('=')[0]}={'0' * 64}"
    ended = client([*tool.install.split(), f"{PROJECT} @ {wrong}"], check=False)
    assert tool.mismatch in ended.output
    assert ended.status
    assert client.who == ""


class TestPip:
    def test_it_says_why_a_release_is_yanked(self, web: World, client: Client) -> None:
        web.yank(web.release(day(0), bindings(OURS)).tag, "it <crashes>")
        web.make()
        said = client(f"pip install --index-url {web.simple} {PROJECT}=={day(0)}").output
        assert "Reason for being yanked: it <crashes>" in said

    def test_nobody_elses_package_by_the_documented_command(self, web: World, client: Client) -> None:
        web.squat()
        client.paste(web.documented("pip", PROJECT, 0, foreign=True))
        assert client.who == f"ours {day(0)}"
        assert client.version("numpy") == NUMPY.version
        assert web.ours.names == three(0)
        # Not even the page of theirs was looked at.
        assert f"{PROJECT}/" not in web.public.names
        client("pip check")

    def test_nobody_elses_package_by_url_whatever_it_is_configured_with(
        self, web: World, client: Client
    ) -> None:
        web.squat()
        client(
            ["pip", "install", f"{PROJECT} @ {web.link(wheel_name(0))}"],
            PIP_EXTRA_INDEX_URL=web.usual,
            PIP_FIND_LINKS=f"{web.usual}{PROJECT}/",
        )
        assert client.who == f"ours {day(0)}"
        assert client.version("numpy") == NUMPY.version

    @pytest.mark.parametrize("requirement", [f"--pre {PROJECT}", f"{PROJECT}=={day(0)}"])
    def test_two_indexes_at_once_are_no_way(self, web: World, client: Client, requirement: str) -> None:
        # What the documented command avoids; so theirs would have been taken.
        web.squat()
        client(f"pip install --extra-index-url {web.simple} {requirement}")
        assert client.who.startswith("theirs ")


class TestUv:
    def test_nobody_elses_package_by_the_documented_command(self, web: World, client: Client) -> None:
        web.squat()
        client.paste(web.documented("uv", PROJECT, 0, foreign=True))
        assert client.who == f"ours {day(0)}"
        assert client.version("numpy") == NUMPY.version
        # The page of theirs was looked at, perhaps; no file was.
        assert not [name for name in web.public.names if name.startswith("mlir_")]

    def test_nobody_elses_package_by_url(self, web: World, client: Client) -> None:
        web.squat()
        client(["uv", "pip", "install", f"{PROJECT} @ {web.link(wheel_name(0))}"], UV_INDEX=web.usual)
        assert client.who == f"ours {day(0)}"
        assert client.version("numpy") == NUMPY.version

    def test_the_best_of_two_indexes_is_no_way(self, web: World, client: Client) -> None:
        # What the documented command avoids; so theirs would have been taken.
        web.squat()
        words = f"--prerelease allow --index-strategy unsafe-best-match --index {web.simple}"
        client(f"uv pip install {words} {PROJECT}")
        assert client.who == "theirs 9999"

    def test_the_first_of_two_indexes_is_no_way_either(self, web: World, client: Client) -> None:
        web.squat()
        shutil.rmtree(web.ours.folder / "index" / "simple" / PROJECT)
        client(f"uv pip install --index {web.simple} {PROJECT}=={day(0)}")
        assert client.who == f"theirs {day(0)}"

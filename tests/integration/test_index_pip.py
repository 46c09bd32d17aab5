"""pip on our index on loopback: what it takes, how little it fetches, that nobody else's comes instead."""

from __future__ import annotations

import platform
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from index_samples import CP, HERE, OURS, PROJECT, bindings, day, wheel_name
from index_world import NUMPY, Client, make_world, three
from wheels import SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index_world import World


@pytest.fixture
def web(tmp_path: Path) -> Iterator[World]:
    with make_world(tmp_path) as made:
        yield made


@pytest.fixture
def client(web: World, tmp_path: Path) -> Client:
    return Client.create(tmp_path / "env", web)


def test_the_wheel_that_fits_and_nothing_else(web: World, client: Client) -> None:
    web.snapshots(3)
    client(f"pip install --index-url {web.simple} {PROJECT}=={day(1)}")
    assert client.who == f"ours {day(1)}"
    assert web.ours.names == three(1)
    assert web.public.asked == []


def test_the_newest_without_looking_into_the_others(web: World, client: Client) -> None:
    web.snapshots(3)
    client(f"pip install --pre --index-url {web.simple} {PROJECT}")
    assert client.who == f"ours {day(2)}"
    assert web.ours.names == three(2)


def test_a_wheel_for_newer_systems_is_passed_over(web: World, client: Client) -> None:
    web.release(day(0), bindings(OURS))
    web.release(day(1), bindings(f"{CP}-{CP}-manylinux_2_99_{platform.machine()}"))
    web.make()
    client(f"pip install --pre --index-url {web.simple} {PROJECT}")
    assert client.who == f"ours {day(0)}"


def test_a_final_release_before_any_snapshot(web: World, client: Client) -> None:
    for version in ("22.1.8", "22.1.8.post1", "23.1.0rc1", day(0)):
        web.release(version, bindings(OURS))
    web.make()
    client(f"pip install --index-url {web.simple} {PROJECT}")
    assert client.who == "ours 22.1.8.post1"


def test_a_changed_wheel_is_refused(web: World, client: Client) -> None:
    web.snapshots(1)
    (place,) = web.sets.glob(f"*/{wheel_name(0)}")
    replace(bindings(OURS, says="theirs"), version=day(0)).write(place.parent)
    ended = client(f"pip install --index-url {web.simple} {PROJECT}=={day(0)}", check=False)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in ended.output
    assert client.who == ""


def test_changed_metadata_is_refused(web: World, client: Client) -> None:
    web.snapshots(1)
    (place,) = web.sets.glob(f"*/{wheel_name(0)}.metadata")
    place.write_bytes(place.read_bytes() + b"Requires-Dist: theirs\n")
    ended = client(f"pip install --index-url {web.simple} {PROJECT}=={day(0)}", check=False)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in ended.output
    assert client.who == ""


def test_a_yanked_release_only_for_who_names_it(web: World, client: Client) -> None:
    tags = [web.release(day(number), bindings(OURS)).tag for number in range(2)]
    web.yank(tags[1], "it <crashes>")
    web.make()
    client(f"pip install --pre --index-url {web.simple} {PROJECT}")
    assert client.who == f"ours {day(0)}"
    said = client(f"pip install --index-url {web.simple} {PROJECT}=={day(1)}").output
    assert client.who == f"ours {day(1)}"
    assert "Reason for being yanked: it <crashes>" in said


def test_another_python_gets_what_is_for_it(web: World, client: Client, tmp_path: Path) -> None:
    sdk = SmallWheel(name="mlir-sdk", tag=f"py3-none-{HERE}")
    for number, least in enumerate(("9", "9", "10")):
        wheel = bindings(f"cp3{least}-cp3{least}-{HERE}")
        web.release(day(number), sdk, wheel, requires_python=f">=3.{least}")
    web.make()
    words = f"--python-version 3.9 --only-binary :all: --target {tmp_path / 'target'} --pre"
    client(f"pip install {words} --index-url {web.simple} {PROJECT} mlir-sdk")
    found = sorted(path.name for path in (tmp_path / "target").glob("*.dist-info"))
    assert found == [f"mlir_python_bindings-{day(1)}.dist-info", f"mlir_sdk-{day(1)}.dist-info"]


def test_packages_of_ours_that_need_each_other(web: World, client: Client) -> None:
    sdk = SmallWheel(name="mlir-sdk", tag=f"py3-none-{HERE}", requires=(f"llvm-sdk=={day(1)}",))
    for number in range(3):
        web.release(day(number), sdk, SmallWheel(name="llvm-sdk", tag=f"py3-none-{HERE}"))
    web.make()
    web.offer(SmallWheel(name="llvm-sdk", version=day(1)), SmallWheel(name="mlir-sdk", version="9999"))
    client.paste(web.documented("pip", "mlir-sdk", 1, foreign=False))
    assert client.version("llvm-sdk") == day(1)
    assert len(web.ours.asked) == 6
    assert web.public.asked == []


def test_the_flat_page(web: World, client: Client) -> None:
    web.snapshots(3)
    client(f"pip install --no-index --find-links {web.ours.url}/index/flat.html {PROJECT}=={day(1)}")
    assert client.who == f"ours {day(1)}"
    assert web.ours.names == ["flat.html", *three(1)[1:]]


def test_nobody_elses_package_by_the_documented_command(web: World, client: Client) -> None:
    web.squat()
    client.paste(web.documented("pip", PROJECT, 0, foreign=True))
    assert client.who == f"ours {day(0)}"
    assert client.version("numpy") == NUMPY.version
    assert web.ours.names == three(0)
    # Not even the page of theirs was looked at.
    assert f"{PROJECT}/" not in web.public.names
    client("pip check")


@pytest.mark.parametrize("gone", ["", PROJECT])
def test_nobody_elses_package_when_ours_is_not_to_be_had(web: World, client: Client, gone: str) -> None:
    # Another version is there; or the whole project is not.
    web.squat(day(5))
    if gone:
        shutil.rmtree(web.ours.folder / "index" / "simple" / gone)
    assert client.paste(web.documented("pip", PROJECT, 5, foreign=True), check=False).status
    assert client.who == ""
    assert web.public.asked == []


def test_nobody_elses_package_by_url_whatever_pip_is_configured_with(web: World, client: Client) -> None:
    web.squat()
    client(
        ["pip", "install", f"{PROJECT} @ {web.link(wheel_name(0))}"],
        PIP_EXTRA_INDEX_URL=web.usual,
        PIP_FIND_LINKS=f"{web.usual}{PROJECT}/",
    )
    assert client.who == f"ours {day(0)}"
    assert client.version("numpy") == NUMPY.version


def test_a_url_with_another_hash_is_refused(web: World, client: Client) -> None:
    web.squat()
    wrong = f"{web.link(wheel_name(0)).partition('=')[0]}={'0' * 64}"
    ended = client(["pip", "install", f"{PROJECT} @ {wrong}"], check=False)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in ended.output
    assert client.who == ""


@pytest.mark.parametrize("requirement", [f"--pre {PROJECT}", f"{PROJECT}=={day(0)}"])
def test_two_indexes_at_once_are_no_way(web: World, client: Client, requirement: str) -> None:
    # What the documented command avoids; so theirs would have been taken.
    web.squat()
    client(f"pip install --extra-index-url {web.simple} {requirement}")
    assert client.who.startswith("theirs ")

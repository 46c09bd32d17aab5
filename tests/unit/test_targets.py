"""What a release owes, for which systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlir_release import targets
from mlir_release.distributions import Distribution, MadePer
from mlir_release.errors import UserError
from mlir_release.series import SERIES, abi_for, abis, supported
from mlir_release.targets import Slot, Target, Tier


def distribution(name: str, made_per: MadePer) -> Distribution:
    return Distribution(name=name, folder=Path(name), requires=(), targets=(), made_per=made_per)


EVERY = abis(SERIES, stable=False)
PACKAGED = (distribution("bindings", MadePer.INTERPRETER), distribution("an-sdk", MadePer.PLATFORM))


def named(name: str) -> Target:
    return next(it for it in targets.TARGETS if it.name == name)


@pytest.mark.parametrize(
    ("platform", "target", "accepted"),
    [
        ("manylinux_2_28_x86_64", "linux-x86_64", True),
        ("manylinux_2_17_x86_64", "linux-x86_64", True),
        ("manylinux2014_aarch64", "linux-aarch64", True),
        ("manylinux_2_29_x86_64", "linux-x86_64", False),
        ("manylinux_3_0_aarch64", "linux-aarch64", False),
        ("macosx_11_0_arm64", "macos-arm64", True),
        ("macosx_10_15_x86_64", "macos-x86_64", True),
        ("macosx_11_1_arm64", "macos-arm64", False),
        ("macosx_14_0_x86_64", "macos-x86_64", False),
        ("win_amd64", "windows-amd64", True),
        ("win_arm64", "windows-arm64", True),
        ("musllinux_1_2_x86_64", "musllinux-x86_64", True),
        ("musllinux_1_3_aarch64", "musllinux-aarch64", False),
    ],
)
def test_platform_tags(platform: str, target: str, *, accepted: bool) -> None:
    found = targets.of_platform(platform)
    assert found
    assert found.name == target
    assert found.accepts(platform) is accepted
    assert found.accepts(found.limit())


@pytest.mark.parametrize(
    "platform",
    [
        "any",
        "linux_x86_64",
        "win32",
        "macosx_11_0_universal2",
        "manylinux_2_28_riscv64",
        "manylinux2015_x86_64",
        "",
    ],
)
def test_other_systems(platform: str) -> None:
    assert targets.of_platform(platform) is None
    assert not any(target.accepts(platform) for target in targets.TARGETS)


def test_the_required_targets() -> None:
    required = [it.name for it in targets.TARGETS if it.tier is Tier.REQUIRED]
    assert required == ["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-amd64"]


def test_the_interpreters() -> None:
    required = [it.name for it in EVERY if it.tier is Tier.REQUIRED]
    assert required == ["cp39", "cp310", "cp311", "cp312", "cp313", "cp314", "cp315"]
    assert [it.name for it in EVERY if it.tier is Tier.OPTIONAL] == ["cp313t", "cp314t", "cp315t"]
    assert {it.wheel_tag for it in EVERY if "13" in it.name} == {"cp313-cp313", "cp313-cp313t"}


def test_a_stable_abi_serves_what_comes_after_it() -> None:
    made = abis(supported("3.10"), stable=True)
    assert [it.name for it in made] == ["cp310", "cp311", "cp312-abi3", "cp313t", "cp314t", "cp315t"]
    together = abi_for("cp314", made)
    assert together.wheel_tag == "cp312-abi3"
    assert [it.name for it in together.serves] == ["3.12", "3.13", "3.14", "3.15"]
    assert together.builder.name == "3.12"
    assert (together.tier, together.stable) == (Tier.REQUIRED, True)
    owed = {it.python for it in targets.owed_by_all(PACKAGED, made)}
    assert owed == {"cp310", "cp311", "cp312-abi3", "py3"}


def test_an_interpreter_that_nothing_serves() -> None:
    with pytest.raises(UserError, match=r"not made for cp39, but for Python 3\.10, "):
        abi_for("cp39", abis(supported("3.10"), stable=False))


def test_a_release_owes_all_of_them() -> None:
    owed = targets.owed_by_all(PACKAGED, EVERY)
    assert len(owed) == len(set(owed)) == 5 * (7 + 1)
    assert Slot(distribution="an-sdk", target="macos-arm64", python="py3") in owed
    assert Slot(distribution="bindings", target="linux-x86_64", python="cp39") in owed
    assert not any((it.python == "py3") != (it.distribution == "an-sdk") for it in owed)


def test_what_is_optional_is_possible_and_not_owed() -> None:
    optional = set(targets.possible(PACKAGED, EVERY)) - set(targets.owed_by_all(PACKAGED, EVERY))
    assert Slot(distribution="an-sdk", target="musllinux-x86_64", python="py3") in optional
    assert Slot(distribution="bindings", target="macos-arm64", python="cp314t") in optional
    assert len(optional) == 5 * 3 + 2 * 11 + 9


def test_a_target_owes_no_wheel_of_an_interpreter_that_it_lacks() -> None:
    owed = targets.owed(PACKAGED, [named("windows-arm64")], EVERY, any_python=True)
    pythons = ["cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t", "cp315", "cp315t", "py3"]
    assert sorted(it.python for it in owed) == pythons


def test_what_makes_the_wheels_of_a_target() -> None:
    assert {it.name: (it.runner, it.build_suffix) for it in targets.TARGETS} == {
        "linux-x86_64": ("ubuntu-24.04", "manylinux_x86_64"),
        "linux-aarch64": ("ubuntu-24.04-arm", "manylinux_aarch64"),
        "macos-arm64": ("macos-15", "macosx_arm64"),
        "macos-x86_64": ("macos-15-intel", "macosx_x86_64"),
        "windows-amd64": ("windows-2025", "win_amd64"),
        "musllinux-x86_64": ("ubuntu-24.04", "musllinux_x86_64"),
        "musllinux-aarch64": ("ubuntu-24.04-arm", "musllinux_aarch64"),
        "windows-arm64": ("windows-11-arm", "win_arm64"),
    }


def test_policies_are_those_that_the_pinned_cibuildwheel_has_images_of() -> None:
    assert {it.policy for it in targets.TARGETS} == {"manylinux_2_28", "musllinux_1_2", ""}
    assert all(it.policy == "" for it in targets.TARGETS if it.family in ("macosx", "win"))


def test_one_system_and_some_interpreters() -> None:
    owed = targets.owed(PACKAGED, [named("windows-amd64")], (EVERY[0], EVERY[4]), any_python=False)
    assert [str(it) for it in owed] == [
        "bindings for cp39 on windows-amd64",
        "bindings for cp313 on windows-amd64",
    ]


@pytest.mark.parametrize(
    ("platforms", "name"),
    [
        (["linux_x86_64", "manylinux_2_36_x86_64"], "linux-x86_64"),
        (["macosx_14_0_universal2", "macosx_14_0_arm64"], "macos-arm64"),
        (["win_amd64"], "windows-amd64"),
    ],
)
def test_this_machine(monkeypatch: pytest.MonkeyPatch, platforms: list[str], name: str) -> None:
    monkeypatch.setattr(targets, "platform_tags", lambda: iter(platforms))
    assert targets.here().name == name


def test_a_machine_that_is_no_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "platform_tags", lambda: iter(["linux_riscv64", "manylinux_2_36_riscv64"]))
    with pytest.raises(UserError, match=r"not made for this system \(linux_riscv64\), but for linux-x86_64"):
        targets.here()

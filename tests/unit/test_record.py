"""Records of tests count for the bytes that were tested, and for no others."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlir_release.distributions import Distribution, MadePer
from mlir_release.errors import UserError
from mlir_release.lit import Results
from mlir_release.publishing import record
from mlir_release.publishing.manifest import TestRun
from mlir_release.publishing.record import Record
from mlir_release.series import SERIES, Abi, abis, supported

LIT = TestRun(suite="lit", passed=5, failed=0, skipped=2)
EVERY = abis(SERIES, stable=False)
OWN = TestRun(suite="wheels", passed=3, failed=0, skipped=0)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "x-1-py3-none-any.whl"
    path.write_bytes(b"bytes")
    return path


def passed(wheel: Path) -> tuple[TestRun, ...]:
    return record.read(wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()).runs


def run(wheel: Path, *runs: TestRun) -> None:
    with record.trial([wheel]) as trial:
        trial.extend([Record(runs=runs)] if runs else [])


def test_findings_come_together(wheel: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for findings in (("b",), ("a", "b")):
        with record.trial([wheel]) as trial:
            trial.append(Record(runs=(OWN,), findings=findings))
    assert record.read(wheel, sha256) == Record(runs=(OWN,), findings=("a", "b"))
    junit = tmp_path / "own.xml"
    junit.write_text('<testsuite errors="0" failures="0" skipped="0" tests="1">')
    (tmp_path / "findings").write_text("one\ntwo\n")
    assert record.of_pytest(junit, "wheels", tmp_path / "findings").findings == ("one", "two")


def fail(wheel: Path) -> None:
    with record.trial([wheel]) as trial:
        trial.append(Record(runs=(OWN,)))
        raise UserError("a test failed")


def test_suites_of_the_same_bytes_come_together(wheel: Path) -> None:
    assert passed(wheel) == ()
    run(wheel, OWN)
    run(wheel, LIT)
    assert passed(wheel) == (LIT, OWN)
    again = TestRun(suite="lit", passed=6, failed=0, skipped=1)
    run(wheel, again)
    assert passed(wheel) == (again, OWN)
    content = json.loads(Path(f"{wheel}.tests.json").read_text())
    assert content["sha256"] == hashlib.sha256(b"bytes").hexdigest()


def test_a_failure_takes_all_of_it_away(wheel: Path) -> None:
    run(wheel, OWN, LIT)
    with pytest.raises(UserError, match="a test failed"):
        fail(wheel)
    assert passed(wheel) == ()
    assert list(wheel.parent.iterdir()) == [wheel]


def test_other_bytes_have_passed_nothing(wheel: Path) -> None:
    run(wheel, OWN)
    wheel.write_bytes(b"other")
    assert passed(wheel) == ()
    run(wheel, LIT)
    assert passed(wheel) == (LIT,)


def test_a_wheel_that_is_replaced_meanwhile(wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with record.trial([wheel]) as trial:
        trial.append(Record(runs=(OWN,)))
        wheel.write_bytes(b"other")
    assert "was replaced while it was tested" in capsys.readouterr().out
    assert passed(wheel) == ()


def test_records_of_wheels_that_are_gone_go_too(wheel: Path) -> None:
    run(wheel, OWN)
    newer = wheel.with_name("x-2-py3-none-any.whl")
    wheel.rename(newer)
    run(newer, OWN)
    assert sorted(it.name for it in wheel.parent.iterdir()) == [newer.name, f"{newer.name}.tests.json"]


def test_a_trial_without_tests_records_nothing(wheel: Path) -> None:
    run(wheel)
    assert list(wheel.parent.iterdir()) == [wheel]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"sha256": 1}', "\udcff", '{"sha256": "SHA", "suites": [1]}']
)
def test_what_is_no_record(wheel: Path, content: str) -> None:
    sha256 = hashlib.sha256(b"bytes").hexdigest()
    text = content.replace("SHA", sha256)
    Path(f"{wheel}.tests.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert passed(wheel) == ()
    run(wheel, OWN)
    assert passed(wheel) == (OWN,)


def distribution(
    name: str, made_per: MadePer, tests: str | None, test_folder: str | None = None
) -> Distribution:
    return Distribution(
        name=name,
        folder=Path(name),
        requires=(),
        targets=(),
        made_per=made_per,
        tests=tests,
        test_folder=test_folder,
    )


def test_what_each_wheel_must_have_passed() -> None:
    bindings = distribution("bindings", MadePer.INTERPRETER, "wheels", "extension")
    plain = distribution("plain", MadePer.INTERPRETER, None)
    sdk = distribution("sdk", MadePer.PLATFORM, "wheels-sdk")
    tools = distribution("tools", MadePer.PLATFORM, "wheels-tools")
    other = distribution("other", MadePer.PLATFORM, None)
    all_of_them = (bindings, plain, sdk, tools, other)

    def owed(one: Distribution, *, abi: Abi = EVERY[0], rehearsal: bool = False) -> set[str]:
        return set(record.owed(one, all_of_them, abi, rehearsal=rehearsal))

    assert owed(bindings) == {"upstream", "wheels", "wheels-lowest"}
    assert owed(plain) == set()
    stable = abis(supported("3.13"), stable=True)[0]
    assert owed(bindings, abi=stable) == {
        f"{suite}-cp3{minor}" for suite in ("upstream", "wheels", "wheels-lowest") for minor in (13, 14, 15)
    }
    assert owed(bindings, abi=stable, rehearsal=True) == {
        "upstream-cp313",
        "wheels-cp313",
        "wheels-lowest-cp313",
    }
    assert owed(sdk) == owed(tools) == owed(other) == {"lit", "wheels-sdk", "wheels-tools"}
    assert owed(other, rehearsal=True) == {"wheels-sdk", "wheels-tools"}


def test_counts_of_lit() -> None:
    codes = {"a": "PASS", "b": "XFAIL", "c": "UNSUPPORTED", "d": "FAIL"}
    results = Results(codes=codes, junit=Path("x"), log=Path("x"))
    assert record.of_lit(results, "lit").runs == (TestRun(suite="lit", passed=2, failed=1, skipped=1),)


def test_counts_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test_good(n): pass\n"
        "@pytest.mark.skip\n"
        "def test_skipped(): pass\n"
        "def test_bad(): assert 0\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError\n"
        "def test_error(broken): pass\n"
    )
    junit = tmp_path / "own.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--junitxml",
        str(junit),
        str(tmp_path),
    ]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert record.of_pytest(junit, "wheels").runs == (TestRun(suite="wheels", passed=4, failed=2, skipped=1),)

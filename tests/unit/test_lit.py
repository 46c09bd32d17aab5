from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lit_tree import small_setting, write
from mlir_release import lit, lit_site
from mlir_release.errors import ToolFailed, UserError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def setting(tmp_path: Path) -> lit_site.Setting:
    return small_setting(tmp_path)


def run(
    setting: lit_site.Setting, tmp_path: Path, codes: dict[str, str] | None, expected: dict[str, str]
) -> lit.Results:
    if codes is not None:
        tests = [{"name": name, "code": code, "elapsed": 0.1} for name, code in codes.items()]
        write(setting.tree.path / "llvm/utils/lit/lit/RESULTS", json.dumps({"tests": tests}))
    site = lit_site.write_site(setting, tmp_path / "site")
    return lit.run_tests(setting, [site], output=tmp_path / "out", name="x", expected=expected)


CODES = {
    "MLIR :: a.mlir": "PASS",
    "MLIR :: b.mlir": "FAIL",
    "MLIR :: c.mlir": "XFAIL",
    "MLIR :: d.mlir": "XPASS",
    "MLIR :: e.mlir": "UNSUPPORTED",
    "MLIR :: f.mlir": "UNRESOLVED",
    "MLIR :: g.mlir": "FLAKYPASS",
    "MLIR :: h.mlir": "TIMEOUT",
    "MLIR :: i.mlir": "EXCLUDED",
}


def test_results_are_lits(setting: lit_site.Setting, tmp_path: Path) -> None:
    results = run(setting, tmp_path, CODES, {"MLIR :: c.mlir": "why", "MLIR :: d.mlir": "why"})
    assert results.codes == CODES
    assert results.bad == {f"MLIR :: {name}.mlir": CODES[f"MLIR :: {name}.mlir"] for name in "bdfh"}
    assert results.unsupported == 2
    assert results.closing_line() == "3 passed, 4 failed, 2 skipped"
    assert "FAIL: MLIR :: b.mlir" in results.log.read_text()


def test_what_lit_is_told(setting: lit_site.Setting, tmp_path: Path) -> None:
    results = run(setting, tmp_path, CODES, {"MLIR :: c.mlir": "why", "MLIR :: d.mlir": "why"})
    called = json.loads((setting.tree.path / "llvm/utils/lit/lit/CALLED").read_text())
    assert called["--xfail"] == "MLIR :: c.mlir;MLIR :: d.mlir"
    assert called["--xunit-xml-output"] == str(results.junit)
    assert called["words"][-1] == str(tmp_path / "site/test")
    source = setting.tree.path / "mlir/test/Unit/lit.cfg.py"
    assert called["parameters"]["config_map"] == {
        str(source): str(tmp_path / "site/test/Unit/lit.site.cfg.py")
    }


def test_lit_is_not_told_by_the_users_environment(
    setting: lit_site.Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"LIT_FILTER": "arith", "LIT_OPTS": "--max-tests=2", "FILECHECK_OPTS": "-v", "PYTHONOPTIMIZE": "1"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    run(setting, tmp_path, CODES, {})
    assert (
        not told.keys()
        & json.loads((setting.tree.path / "llvm/utils/lit/lit/ENVIRONMENT").read_text()).keys()
    )


def test_an_expected_failure_that_is_gone_is_named(setting: lit_site.Setting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^MLIR :: z\.mlir is expected to fail but does not exist"):
        run(setting, tmp_path, CODES, {"MLIR :: z.mlir": "why"})


ALL_PASS = json.dumps({"tests": [{"name": "MLIR :: a.mlir", "code": "PASS"}]})


# The last: lit says that something went wrong, and no test did.
@pytest.mark.parametrize("results", [None, "", "{", "{}", '{"tests": []}', ALL_PASS])
def test_a_lit_that_breaks_off_is_no_success(
    setting: lit_site.Setting, tmp_path: Path, results: str | None
) -> None:
    if results is not None:
        write(setting.tree.path / "llvm/utils/lit/lit/RESULTS", results)
    # What an earlier run left must not be taken for this one's.
    write(tmp_path / "out/x.json", ALL_PASS)
    with pytest.raises(ToolFailed, match=r"^lit failed with status 1; its whole log is") as caught:
        run(setting, tmp_path, None, {})
    if results is None:
        assert "unable to load the configuration" in caught.value.log.read_text()
        assert "unable to load the configuration" in caught.value.tail[-1]

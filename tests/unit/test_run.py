from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from mlir_release.errors import MissingTool, ToolFailed, UserError
from mlir_release.run import Completed, environment, run

if TYPE_CHECKING:
    from pathlib import Path


def _python(program: str, **options: object) -> Completed:
    return run([sys.executable, "-c", program], **options)  # type: ignore[arg-type]


def _script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_both_streams_are_kept_in_order_and_the_command_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    done = _python("import sys; print('out', flush=True); print('err', file=sys.stderr)")
    assert (done.status, done.output) == (0, "out\nerr\n")
    assert 0 < done.seconds < 60
    assert capsys.readouterr().out.startswith(f"+ {sys.executable} -c ")


def test_a_question_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _python("print(1)", quiet=True)
    assert capsys.readouterr().out == ""


def test_it_is_found_on_the_path_that_it_gets(tmp_path: Path) -> None:
    _script(tmp_path / "some-tool", "#!/bin/sh\necho found\n")
    assert run(["some-tool"], env={"PATH": str(tmp_path)}).output == "found\n"


def test_a_missing_program() -> None:
    with pytest.raises(MissingTool, match="no-such-program was not found"):
        run(["no-such-program"])


def test_a_program_that_the_system_cannot_start(tmp_path: Path) -> None:
    broken = _script(tmp_path / "broken", "\x7fELF nothing more")
    with pytest.raises(UserError, match="broken cannot be started: "):
        run([broken])


def test_a_working_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be started in .*nowhere"):
        _python("", cwd=tmp_path / "nowhere")


def test_a_relative_program_is_not_looked_up_again_from_cwd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    _script(tmp_path / "tool", "#!/bin/sh\npwd\n")
    monkeypatch.chdir(tmp_path)
    assert run(["./tool"], cwd=tmp_path / "below").output == f"{tmp_path / 'below'}\n"


def test_a_failure_keeps_the_whole_output_and_shows_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ToolFailed) as caught:
        _python("for n in range(100): print('line', n)\nraise SystemExit(3)")
    error = caught.value
    assert error.status == 3
    assert error.tail[-1] == "line 99"
    assert 10 <= len(error.tail) <= 30
    assert error.log.parent == tmp_path
    assert len(error.log.read_text(encoding="utf-8").splitlines()) == 100


def test_a_log_is_added_to_and_named_by_the_failure(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "tool.log"
    _python("print('first')", log=log)
    with pytest.raises(ToolFailed) as caught:
        _python("print('second'); raise SystemExit(1)", log=log)
    assert caught.value.log == log
    assert log.read_text(encoding="utf-8") == "first\nsecond\n"


def test_a_failure_can_be_an_answer() -> None:
    assert _python("raise SystemExit(4)", check=False).status == 4


def test_output_that_is_not_text_is_kept_readable() -> None:
    assert (
        _python(r"import sys; sys.stdout.buffer.write(b'a\xffb\n')").output == "a\N{REPLACEMENT CHARACTER}b\n"
    )


def test_lines_are_handed_on_as_they_come() -> None:
    lines: list[str] = []
    _python("print('a'); print('b')", on_line=lines.append)
    assert lines == ["a\n", "b\n"]


def test_the_program_ends_when_its_reader_fails(tmp_path: Path) -> None:
    said: list[str] = []

    def fail(line: str) -> None:
        said.append(line)
        raise ValueError(line)

    start = time.monotonic()
    with pytest.raises(ValueError, match=r"\d+"):
        _python("import os, time; print(os.getpid(), flush=True); time.sleep(60)", on_line=fail, cwd=tmp_path)
    assert time.monotonic() - start < 30
    assert not psutil.pid_exists(int(said[0]))


def test_a_timeout_ends_the_program_and_its_children() -> None:
    start = time.monotonic()
    # The child holds the pipe open: ending its parent alone would not end the wait.
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert _python(child, timeout=1, check=False).late
    assert time.monotonic() - start < 30


def test_a_timeout_is_one_although_the_program_ended_well() -> None:
    ends_well = "import subprocess; subprocess.Popen(['sleep', '2'])"  # which still holds the pipe
    assert _python(ends_well, timeout=0.5, check=False).late
    with pytest.raises(ToolFailed, match=r"did not end within 0\.5 s; its whole log is"):
        _python(ends_well, timeout=0.5)


def test_a_timeout_is_not_called_a_signal() -> None:
    with pytest.raises(ToolFailed) as caught:
        _python("import time; time.sleep(60)", timeout=0.5)
    assert "did not end within 0.5 s" in str(caught.value)
    assert "signal" not in str(caught.value)


def test_a_timeout_that_is_not_reached_changes_nothing() -> None:
    done = _python("print('x')", timeout=60)
    assert (done.output, done.late) == ("x\n", False)


def test_what_misleads_an_interpreter_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("LEFT_OUT", "1")
    got = environment({"NEW": "2", "LEFT_OUT": None, "NEVER_THERE": None})
    assert "/elsewhere" not in got.values()
    assert (got["KEPT"], got["NEW"]) == ("1", "2")
    assert not got.keys() & {"LEFT_OUT", "NEVER_THERE"}
    assert "NEW" not in os.environ


def test_programs_of_builds_and_tests_get_what_is_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = [
        "CMAKE_ARGS", "CMAKE_GENERATOR", "CMAKE_GENERATOR_PLATFORM", "CMAKE_BUILD_TYPE",
        "CMAKE_TOOLCHAIN_FILE", "CMAKE_PREFIX_PATH", "CMAKE_C_COMPILER_LAUNCHER", "CMAKE_LIBRARY_PATH",
        "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "CFLAGS", "LDFLAGS", "LD_PRELOAD",
        "LD_LIBRARY_PATH", "SKBUILD_CMAKE_ARGS", "DEBUG", "NINJA_STATUS", "MAKEFLAGS", "GCC_EXEC_PREFIX",
        "CCC_OVERRIDE_OPTIONS", "CCACHE_PREFIX", "DESTDIR", "PIP_TARGET", "PIP_PREFIX", "PIP_CONSTRAINT",
        "PIP_USER", "LIT_OPTS", "LIT_FILTER", "LIT_FILTER_OUT", "LIT_XFAIL", "LIT_NUM_SHARDS", "LIT_ORDER",
        "FILECHECK_OPTS", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE", "PYTHONWARNINGS",
        "PYTHONINSPECT", "PYTHONSTARTUP", "VIRTUALENV_SEEDER", "GITHUB_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ]  # fmt: skip
    kept = [
        "HOME", "LC_ALL", "https_proxy", "PIP_INDEX_URL", "SSL_CERT_FILE", "CCACHE_DIR", "SOURCE_DATE_EPOCH",
    ]  # fmt: skip
    for name in (*hostile, *kept):
        monkeypatch.setenv(name, "x")
    got = environment({"CFLAGS": "-O2"}, isolated=True)
    assert got.keys() & {*hostile} == {"CFLAGS"}
    assert got.keys() >= {*kept, "PATH"}
    assert environment().keys() >= {"CPATH", "LIT_FILTER"}, "other programs get the user's environment"


def test_a_variable_that_was_asked_for_is_set_all_the_same() -> None:
    done = _python("import os; print(os.environ['PYTHONPATH'])", env={"PYTHONPATH": "/wanted"})
    assert done.output == "/wanted\n"


def test_there_is_no_input_to_wait_for() -> None:
    assert _python("import sys; print(repr(sys.stdin.read()))").output == "''\n"

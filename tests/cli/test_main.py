"""How the process ends."""

import subprocess
import sys

import click
import pytest

from graphengine.cli.main import COMMANDS, main, start


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [(["--version"], 0, ""), (["schema"], 0, ""), (["--nothing"], 2, "No such option"), (["nothing"], 2, "nothing")],
)
def test_the_exit_code_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["graphengine", *words])
    with pytest.raises(SystemExit) as ended:
        start()
    assert (ended.value.code or 0) == code
    assert told in capsys.readouterr().err


def test_an_interrupt_before_the_run_is_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graphengine.cli.schema.json_schema", interrupt)
    monkeypatch.setattr(sys, "argv", ["graphengine", "schema"])
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert COMMANDS[name].summary == command.get_short_help_str(limit=200)


def test_help_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys; sys.argv[1:] = ['--help']; from graphengine.cli.main import main; main(standalone_mode=False)"
    )
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], capture_output=True, text=True, check=True
    )
    assert "validate" in told.stdout
    assert "graphengine.cli.ending" in told.stderr
    assert "pydantic" not in told.stderr

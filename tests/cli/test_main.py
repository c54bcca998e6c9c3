"""How the process ends."""

import sys

import pytest

from graphengine.cli.main import start


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

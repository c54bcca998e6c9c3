"""A picture made again from what it says of itself: the same to the last byte, or with what is otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Command
from documents import model_file, workflow
from PIL import Image

from graphengine.files.origin import LOCK, WORKFLOW
from graphengine.files.picture import png_text, png_texts

NAME = "models:a.safetensors"


@pytest.fixture
def made(command: Command, tmp_path: Path) -> list[Path]:
    """Two turns of a loop that save two pictures each, with a hue of the command line."""
    model_file(tmp_path / "models" / "a.safetensors", 50)
    inner = {
        "inputs": {"hue": {"to": ["save.hue"]}},
        "nodes": {"save": {"type": "media.tinted", "inputs": {"ink": NAME, "hue": 0}}},
    }
    document = workflow({"digits": ["plain.digits", {"value": 0}]}, subgraphs={"inner": inner}).to_json()
    document["nodes"]["each"] = {"type": "subgraph:inner", "inputs": {"hue": {"$link": "digits.values"}}, "map": "zip"}
    document["inputs"] = {"number": {"to": ["digits.value"]}}
    (tmp_path / "flow.json").write_text(json.dumps(document))
    done = command("run", tmp_path / "flow.json", "--set", "number=17", "--json")
    assert done.exit_code == 0, done.output
    return [Path(each["path"]) for each in json.loads(done.stdout)["files"]]


def told(command: Command, path: Path, *more: Any) -> dict[str, Any]:
    done = command("replay", path, "--json", *more)
    assert done.exit_code == (0 if json.loads(done.stdout)["status"] == "same" else 1)
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def test_each_picture_of_a_batch_is_made_again(command: Command, made: list[Path], tmp_path: Path) -> None:
    assert len(made) == 4
    assert len({path.read_bytes() for path in made}) == 4
    seen = []
    for path in made:
        found = told(command, path)
        seen.append((found["task"], found["index"]))
        assert (found["status"], found["identical"], found["differences"]) == ("same", True, [])
    assert sorted(seen) == [("each[0]/save", 0), ("each[0]/save", 1), ("each[1]/save", 0), ("each[1]/save", 1)]
    assert not list(Path.cwd().glob("*.png")), "nothing is left behind"
    kept = told(command, made[2], "--out", tmp_path / "again")["made"]
    assert Path(kept).read_bytes() == made[2].read_bytes()
    assert Path(kept).is_relative_to(tmp_path / "again")


def test_the_model_may_lie_elsewhere_and_what_differs_is_named(
    command: Command, made: list[Path], tmp_path: Path
) -> None:
    model = tmp_path / "models" / "a.safetensors"
    model.rename(model.with_name("b.safetensors"))
    found = told(command, made[0])
    assert (found["status"], found["differences"]) == ("same", [])
    assert [each["code"] for each in found["notices"]] == ["model_found"]
    model.with_name("b.safetensors").unlink()
    model_file(model, 60)
    found = told(command, made[0])
    assert (found["status"], found["identical"]) == ("different", False)
    assert 0 < found["differing"] <= found["values"] == 32 * 32 * 3
    (difference,) = found["differences"]
    assert (difference["kind"], difference["name"]) == ("model", NAME)
    assert difference["before"] != difference["now"]
    done = command("replay", made[0])
    assert done.exit_code == 1
    assert f"model {NAME}: {difference['before']} → {difference['now']}" in done.stdout
    model.unlink()
    done = command("replay", made[0])
    assert done.exit_code == 2
    assert difference["before"] in done.stderr


def changed(path: Path, change: Any) -> Path:
    """Write the picture again, with another lock."""
    texts = dict(png_texts(path))
    lock = json.loads(texts[LOCK])
    change(lock)
    texts[LOCK] = json.dumps(lock)
    with Image.open(path) as picture:
        picture.save(path, pnginfo=png_text(texts))
    return path


def test_another_version_is_told_also_where_the_picture_is_the_same(command: Command, made: list[Path]) -> None:
    def older(lock: Any) -> None:
        lock["graphengine"] = "0.0.1"
        lock["nodes"]["media.tinted"] = 0
        lock["environment"] = {"builtin": {"device": "cuda"}}
        lock["nodes"]["gone.node"] = 3  # of another result of that run

    found = told(command, changed(made[1], older))
    assert (found["status"], found["identical"]) == ("same", False)
    names = {(each["kind"], each["name"]): each["before"] for each in found["differences"]}
    assert names == {
        ("node", "media.tinted"): "0",
        ("version", "graphengine"): "0.0.1",
        ("environment", "device"): "cuda",
    }
    done = command("replay", made[1])
    assert done.exit_code == 0
    assert done.stdout.startswith("the same: ")
    assert "note: although node media.tinted: 0 → 1" in done.stderr


def test_a_picture_that_was_painted_over_is_not_the_same(command: Command, made: list[Path]) -> None:
    texts = png_texts(made[0])
    with Image.open(made[0]) as picture:
        picture.putpixel((3, 3), (1, 2, 3))
        picture.save(made[0], pnginfo=png_text(texts))
    done = command("replay", made[0])
    assert done.exit_code == 1
    assert "3 of 3,072 values differ" in done.stdout
    assert "the file was changed since" in done.stdout
    with Image.open(made[0]) as picture:
        picture.resize((16, 16)).save(made[0], pnginfo=png_text(texts))
    assert "it was 16 × 16 with 3 channels of 8 bits, it is 32 × 32" in command("replay", made[0]).stdout


def test_what_cannot_be_replayed_is_refused(command: Command, made: list[Path], tmp_path: Path) -> None:
    texts = dict(png_texts(made[0]))
    plain, lockless, broken = tmp_path / "plain.png", tmp_path / "old.png", tmp_path / "broken.png"
    Image.new("RGB", (4, 4)).save(plain)
    Image.new("RGB", (4, 4)).save(lockless, pnginfo=png_text({WORKFLOW: texts[WORKFLOW]}))
    for path, lock in ((broken, "{}"), (tmp_path / "deep.png", "[" * 100_000)):
        Image.new("RGB", (4, 4)).save(path, pnginfo=png_text({**texts, LOCK: lock}))
        assert "is of another form" in command("replay", path).stderr
    (tmp_path / "text.txt").write_text("hello, this is no picture")
    for path, word in {
        plain: "carries no workflow",
        lockless: "carries no lock",
        tmp_path / "gone.png": "cannot be replayed",
        tmp_path / "text.txt": "cannot be replayed",
        tmp_path: "cannot be replayed",
    }.items():
        done = command("replay", path)
        assert (done.exit_code, word in done.stderr) == (2, True), done.output


def test_an_output_that_is_no_more_is_refused(command: Command, made: list[Path]) -> None:
    done = command("replay", changed(made[0], lambda lock: lock["output"].update(task="other")))
    assert (done.exit_code, "unknown_node" in done.stderr) == (2, True)
    done = command("replay", changed(made[0], lambda lock: lock["output"].update(task="each[0]/save", index=9)))
    assert (done.exit_code, "could not be made again" in done.stderr) == (2, True)

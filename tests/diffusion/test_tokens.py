"""Tokens are counted without the tokenizer that computes with them, and as it counts them."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.models.clip_merges import clip_merges
from graphengine.models.tokens import Vocabulary
from graphengine.models.vocabularies import Vocabularies

pytestmark = pytest.mark.torch

EMBEDDED = Path(__file__).parents[2] / "graphengine" / "diffusion" / "embedded" / "shapes-128"

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", max_codepoint=0x2FFF, exclude_categories=["Cn"]), max_size=60),
    st.lists(
        st.sampled_from(
            ["a red circle", "it's", "'T", "'strange", "²½", "x2y", "<|endoftext|>", "İ", "ΑΣ", "--", " ", "\n", "🙂"]
        ),
        max_size=12,
    ).map("".join),
)
OWN = AutoTokenizer.from_pretrained(EMBEDDED / "tokenizer", local_files_only=True)
CLIP = clip_tokenizer("!")
VOCABULARIES = Vocabularies()


def known(path: Path) -> Vocabulary:
    found = VOCABULARIES.of(path, "sd")
    assert found is not None
    return found


@given(TEXTS)
@settings(deadline=None)  # the first has tables to read
def test_the_model_s_own_tokenizer_counts_the_same(text: str) -> None:
    assert known(EMBEDDED).count(text) == len(OWN(text, add_special_tokens=False, verbose=False).input_ids)


@given(TEXTS)
@settings(deadline=None)  # the first has tables to read
def test_clip_s_tokenizer_counts_the_same(text: str) -> None:
    wanted = len(CLIP(text, add_special_tokens=False, verbose=False).input_ids)
    assert known(Path(__file__)).count(text) == wanted  # any single file


def test_rooms_and_words() -> None:
    assert (known(EMBEDDED).room, known(Path(__file__)).room) == (30, 75)
    assert {"circle", "background", "night"} <= set(known(EMBEDDED).words())
    words = known(Path(__file__)).words()
    assert len(words) > 20_000
    assert words.index("the") < words.index("castle")


def test_a_folder_with_merges_alone(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED / "text_encoder", tmp_path / "text_encoder", ignore=lambda *_: ["model.safetensors"])
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer_config.json").write_text('{"tokenizer_class": "CLIPTokenizer"}')
    lines = [" ".join(pair) for pair in clip_merges()]
    (tmp_path / "tokenizer" / "merges.txt").write_text("\n".join(["#version: 0.2", *lines, ""]))
    assert known(tmp_path).merges == known(Path(__file__)).merges


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tokenizer_class": "T5Tokenizer"}'])
def test_what_is_not_known_is_not_guessed(tmp_path: Path, text: str) -> None:
    shutil.copytree(EMBEDDED / "tokenizer", tmp_path / "tokenizer")
    shutil.copytree(EMBEDDED / "text_encoder", tmp_path / "text_encoder", ignore=lambda *_: ["model.safetensors"])
    (tmp_path / "tokenizer" / "tokenizer_config.json").write_text(text)
    assert VOCABULARIES.of(tmp_path, "sd") is None
    assert VOCABULARIES.of(tmp_path / "nowhere", "sd") is None

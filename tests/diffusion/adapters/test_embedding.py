"""Textual inversion: new words, read as diffusers reads them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from tiny_families import Tiny
from tiny_models import as_file

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.types.refs import TextEncoderRef
from graphengine.errors import ModelRefused, NodeError
from nodes.adapter.embedding import embedding

pytestmark = pytest.mark.torch


def vectors(count: int, seed: int = 1, width: int = 32) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def save(path: Path, **tensors: torch.Tensor) -> Path:
    save_file(tensors, path)
    return path


def theirs(model: Any, prompt: str, path: Path, word: str) -> torch.Tensor:
    pipeline = StableDiffusionPipeline(**model.components(), requires_safety_checker=False)
    pipeline.load_textual_inversion(str(path), token=word)
    encoded, _ = pipeline.encode_prompt(prompt, "cpu", 1, do_classifier_free_guidance=False)
    result: torch.Tensor = encoded
    return result


def ours(model: Any, encoder: TextEncoderRef, prompt: str) -> torch.Tensor:
    return encode_text(model.pool, encoder, prompt).entries[0].embeddings


@pytest.mark.parametrize("prompt", ["a <thing> on blue", "<thing>", "red <thing> and <thing>, red"])
@pytest.mark.parametrize(("key", "count"), [("emb_params", 1), ("emb_params", 3), ("<thing>", 2)])
def test_equal_to_the_pipeline(model: Any, tmp_path: Path, key: str, count: int, prompt: str) -> None:
    path = save(tmp_path / "learned.safetensors", **{key: vectors(count)})
    taught = embedding(model.checkpoint.text_encoder, as_file(path), "<thing>")
    made = ours(model, taught, prompt)
    assert torch.equal(made, theirs(model, prompt, path, "<thing>"))
    assert not torch.equal(made, ours(model, model.checkpoint.text_encoder, prompt))
    assert torch.equal(ours(model, taught, "a red dog"), ours(model, model.checkpoint.text_encoder, "a red dog"))


def test_the_word_is_given_or_named_within(model: Any, tmp_path: Path) -> None:
    encoder = model.checkpoint.text_encoder
    named = as_file(save(tmp_path / "file.safetensors", **{"<cat>": vectors(1)[0]}))
    plain = as_file(save(tmp_path / "style.safetensors", emb_params=vectors(1)))
    words = [embedding(encoder, *each).patches[0].name for each in ((named,), (named, "dog"), (plain, "own"))]
    assert words == ["<cat>", "dog", "own"]
    with pytest.raises(NodeError, match="does not say which word"):
        embedding(encoder, plain)


def test_a_model_with_the_second_encoder_alone_takes_its_vectors(refiner: Tiny, tmp_path: Path) -> None:
    encoder = refiner.checkpoint.text_encoder
    assert encoder is not None
    with refiner.pool.use(encoder) as stack:
        width = stack.encoders[0].config.hidden_size
    both = {"clip_l": vectors(2, width=width + 8), "clip_g": vectors(2, seed=2, width=width)}
    one = {"clip_g": both["clip_g"]}
    files = [as_file(save(tmp_path / f"{len(each)}.safetensors", **each)) for each in (both, one)]
    taught = [encode_text(refiner.pool, embedding(encoder, file, "thing"), "a thing") for file in files]
    made, wanted = (each.entries[0].embeddings for each in taught)
    assert torch.equal(made, wanted)
    assert not torch.equal(made, refiner.text("a thing").entries[0].embeddings)


def test_only_the_word_itself_is_one(model: Any, tmp_path: Path) -> None:
    file = as_file(save(tmp_path / "cat.safetensors", emb_params=vectors(1)))
    plain, taught = model.checkpoint.text_encoder, embedding(model.checkpoint.text_encoder, file, "cat")
    assert torch.equal(ours(model, taught, "category"), ours(model, plain, "category"))
    assert not torch.equal(ours(model, taught, "a (cat:1.2)!"), ours(model, plain, "a (cat:1.2)!"))


def test_several_words_and_what_they_share(model: Any, tmp_path: Path) -> None:
    files = [as_file(save(tmp_path / f"w{seed}.safetensors", emb_params=vectors(seed, seed))) for seed in (1, 2)]
    one, other = (embedding(model.checkpoint.text_encoder, file, f"w{i}") for i, file in enumerate(files, 1))
    both = embedding(one, files[1], "w2")
    assert torch.equal(ours(model, both, "a w1"), ours(model, one, "a w1"))
    assert torch.equal(ours(model, both, "a w2"), ours(model, other, "a w2"))
    model.pool.clear()
    with model.pool.use(model.checkpoint.text_encoder) as base, model.pool.use(both) as taught:
        whole = sum(tensor.nbytes for tensor in base.encoders[0].parameters())
        assert model.pool.held() - whole <= 3 * 32 * 4 + 77 * 8, "no table was copied"
        assert len(taught.tokenizers[0]("w1 w2", add_special_tokens=False).input_ids) == 3


def test_what_cannot_be_is_refused(model: Any, tmp_path: Path) -> None:
    encoder = model.checkpoint.text_encoder
    file = as_file(save(tmp_path / "word.safetensors", emb_params=vectors(1)))
    for word in ("two words", "(word)", "a:1"):
        with pytest.raises(NodeError, match="cannot be a word"):
            embedding(encoder, file, word)
    with pytest.raises(NodeError, match="has learned 'word' before"):
        embedding(embedding(encoder, file, "word"), file, "word")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelRefused, match="'folder' is a folder"):
        embedding(encoder, as_file(tmp_path / "folder"), "word")
    with pytest.raises(ModelRefused, match="holds 2 tensors"):
        embedding(encoder, as_file(save(tmp_path / "two.safetensors", a=vectors(1), b=vectors(1))))
    with pytest.raises(ModelRefused, match="no row of vectors"):
        embedding(encoder, as_file(save(tmp_path / "four.safetensors", emb_params=torch.ones(1, 1, 1, 4))))
    torch.save({}, tmp_path / "pickle.safetensors")
    with pytest.raises(ModelRefused, match="pickle"):
        embedding(encoder, as_file(tmp_path / "pickle.safetensors"))
    wide = embedding(encoder, as_file(save(tmp_path / "wide.safetensors", emb_params=vectors(1, width=48))), "wide")
    with pytest.raises(ModelRefused, match="vectors of 48 numbers, the text encoder takes 32"):
        ours(model, wide, "wide")

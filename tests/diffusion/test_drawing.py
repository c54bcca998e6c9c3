"""The picture generator: deterministic, truthful, and apart from what is held out."""

import re

import numpy as np
import pytest
from scipy import ndimage

from graphengine.diffusion.drawing.caption import caption, plain_caption
from graphengine.diffusion.drawing.facts import facts
from graphengine.diffusion.drawing.heldout import held_out_combinations
from graphengine.diffusion.drawing.palette import COLOURS, PALETTE
from graphengine.diffusion.drawing.portrait import BACKDROP, sample_portrait
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_landscape, sample_one, sample_scene, sample_two
from graphengine.diffusion.drawing.scene import SHAPES, Figure, Landscape, Scene, Still, relation
from graphengine.diffusion.drawing.several import sample_several


def scenes(count: int, seed: int = 0) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [sample_scene(rng) for _ in range(count)]


def test_a_seed_determines_scenes_captions_and_pixels() -> None:
    first, second = scenes(50), scenes(50)
    assert first == second
    assert first != scenes(50, seed=1)
    words = [[caption(s, np.random.default_rng(3)) for s in each] for each in (first, second)]
    assert words[0] == words[1]
    assert all(np.array_equal(render(a), render(b)) for a, b in zip(first[:10], second[:10], strict=True))


def test_the_mixture_is_as_promised() -> None:
    drawn = scenes(2000)
    landscapes = sum(isinstance(scene, Landscape) for scene in drawn)
    singles = sum(isinstance(scene, Still) and len(scene.figures) == 1 for scene in drawn)
    assert singles / 2000 == pytest.approx(0.6, abs=0.04)
    assert landscapes / 2000 == pytest.approx(0.15, abs=0.03)


@pytest.mark.parametrize("size", [1, 16, 128, 200])
def test_pictures_have_the_size_asked_for(size: int) -> None:
    picture = render(scenes(1)[0], size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(ValueError, match="positive size"):
        render(scenes(1)[0], 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_figure_is_drawn_in_its_colour_on_its_background(shape: str) -> None:
    picture = render(Still("white", (Figure(shape, "blue", 0.5, 0.5, 0.3),)))  # type: ignore[arg-type]
    assert tuple(picture[2, 2]) == PALETTE["white"]
    middle = picture[64, 64] if shape != "ring" else picture[64, 64 - round(0.25 * 128)]
    assert tuple(middle) == PALETTE["blue"]


def test_figures_stay_within_the_picture() -> None:
    rng = np.random.default_rng(0)
    for still in [sample_one(rng) for _ in range(300)] + [sample_two(rng) for _ in range(300)]:
        picture = render(still, 64)
        ground = PALETTE[still.background]
        frame = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert (frame == ground).all()


def test_captions_tell_the_truth_about_one_figure() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        still = sample_one(rng)
        (figure,) = still.figures
        words = caption(still, rng)
        assert f"{figure.colour} {figure.shape}" in words
        assert still.background in words
        for place in ("left", "right", "top", "bottom"):
            assert (f" the {place} " in words) <= (figure.place == place)


def test_captions_tell_the_truth_about_two_figures() -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        still = sample_two(rng)
        words = caption(still, rng)
        first, second = still.figures
        looks = [f"{figure.colour} {figure.shape}" for figure in (first, second)]
        assert all(look in words for look in looks)
        if words.index(looks[0]) > words.index(looks[1]):
            first, second = second, first
        assert relation(first, second) in words or " and " in words


def test_captions_of_landscapes_name_their_things() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        scene = sample_landscape(rng)
        words = caption(scene, rng)
        assert all(thing.kind in words for thing in scene.things)
        assert ("mountains" in words) == bool(scene.peaks)
        assert (re.search(r"\b(sun|sunny|moon)\b", words) is not None) == (scene.light is not None)


def test_there_is_one_plain_caption() -> None:
    still = Still("blue", (Figure("star", "orange", 0.3, 0.5, 0.2), Figure("ring", "red", 0.7, 0.5, 0.2)))
    assert plain_caption(still) == "an orange star left of a red ring on a blue background"
    assert plain_caption(Still("white", still.figures[:1])) == "an orange star on a white background"


def test_captions_count_several_figures() -> None:
    star, cross, ring = (Figure(shape, "orange", 0.5, 0.5, 0.1) for shape in ("star", "cross", "ring"))
    told = {
        (star,) * 3: "three orange stars",
        (cross,) * 5: "five orange crosses",
        (star, cross, star): "two orange stars and an orange cross",
        (cross, ring, cross, star): "two orange crosses, an orange ring and an orange star",
    }
    for figures, words in told.items():
        assert plain_caption(Still("blue", figures)) == f"{words} on a blue background"
        assert caption(Still("blue", figures), np.random.default_rng(0)).startswith(words)


def test_several_figures_are_drawn_apart_as_they_are_told() -> None:
    rng = np.random.default_rng(5)
    counts = set()
    for _ in range(60):
        still = sample_several(rng)
        counts.add(len(still.figures))
        picture = render(still, 96)
        ground = PALETTE[still.background]
        _, patches = ndimage.label((picture != ground).any(axis=2), np.ones((3, 3)))
        assert patches == len(still.figures)
        assert {f"{len(still.figures)} figures", f"{still.background} background"} < facts(still)
        assert not any((each.shape, each.colour, still.background) in held_out_combinations() for each in still.figures)
    assert counts == {3, 4, 5}


def test_faces_are_drawn_whole_and_told_truly() -> None:
    rng = np.random.default_rng(6)
    counts = set()
    for _ in range(60):
        scene = sample_portrait(rng)
        words, picture = caption(scene, rng), render(scene, 96)
        count = len(scene.faces)
        counts.add(count)
        _, patches = ndimage.label((picture != BACKDROP[scene.backdrop]).any(axis=2), np.ones((3, 3)))
        assert patches == count
        told = len(re.findall(r"\ba (?:simple )?face\b", words)) or {"two": 2, "three": 3}[words.split()[0]]
        assert told == count
        assert words.endswith(f" {scene.backdrop} background")
        hair = [each.hair for each in scene.faces]
        named = re.findall(r"with ((?:light )?\w+) hair", words)
        assert named in ([], hair, [hair[0]] if len(set(hair)) == 1 else hair)
        assert {f"{each} hair" for each in hair} < facts(scene)
    assert counts == {1, 2, 3}


def test_a_crowd_has_no_words() -> None:
    crowd = Still("blue", (Figure("star", "orange", 0.5, 0.5, 0.1),) * 6)
    with pytest.raises(ValueError, match="6 figures"):
        caption(crowd, np.random.default_rng(0))
    with pytest.raises(ValueError, match="6 figures"):
        plain_caption(crowd)


def test_held_out_combinations_are_never_sampled() -> None:
    held = held_out_combinations()
    assert len(set(held)) == 64
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(3000):
        still = sample_one(rng)
        seen.add((still.figures[0].shape, still.figures[0].colour, still.background))
    assert seen.isdisjoint(held)
    assert len(seen) > 450


def test_held_out_combinations_cover_every_word() -> None:
    shapes, colours, backgrounds = (set(column) for column in zip(*held_out_combinations(), strict=True))
    assert shapes == set(SHAPES)
    assert colours == set(COLOURS)
    assert backgrounds == set(COLOURS)

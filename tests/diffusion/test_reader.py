"""The reader must be right about true pictures before it may judge generated ones."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_one, sample_two
from graphengine.diffusion.drawing.scene import Figure, Still
from graphengine.diffusion.evaluation.fidelity import (
    measure_fidelity,
    one_figure_stills,
    score_one,
    score_two,
    two_figure_stills,
)
from graphengine.diffusion.evaluation.reader import Picture, read


def test_true_pictures_of_one_figure_are_read_rightly(figure: Callable[[str], None]) -> None:
    rng = np.random.default_rng(11)
    stills = [sample_one(rng) for _ in range(200)]
    score = score_one([render(still) for still in stills], stills)
    figure(f"the reader on 200 true pictures: background and colour {score.both:.0%}, shape {score.shape:.0%}")
    assert min(score.background, score.colour, score.both, score.shape) >= 0.97, score


def test_true_pictures_of_two_figures_are_read_rightly() -> None:
    rng = np.random.default_rng(12)
    stills = [sample_two(rng) for _ in range(200)]
    score = score_two([render(still) for still in stills], stills)
    assert min(score.background, score.colours, score.layout, score.shapes) >= 0.97, score


def test_blur_and_noise_do_not_confuse_the_reader() -> None:
    rng = np.random.default_rng(13)
    stills = [sample_one(rng) for _ in range(100)]

    def spoil(picture: Picture) -> Picture:
        soft = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1.5)), float)
        return (soft + rng.normal(0, 6, soft.shape)).clip(0, 255).astype(np.uint8)

    score = score_one([spoil(render(still)) for still in stills], stills)
    assert score.both >= 0.97, score
    assert score.shape >= 0.9, score


def test_an_empty_picture_has_a_background_and_no_figure() -> None:
    reading = read(np.full((64, 64, 3), 250, np.uint8))
    assert reading.background == "white"
    assert reading.figures == ()


def test_a_sighting_tells_place_and_size() -> None:
    (seen,) = read(render(Still("black", (Figure("square", "yellow", 0.3, 0.6, 0.2),)))).figures
    assert (seen.x, seen.y) == (round(0.3 * 128) / 128, round(0.6 * 128) / 128)
    assert abs(seen.area - (2 * 0.82 * 0.2) ** 2) < 0.01


def test_a_perfect_generator_has_perfect_fidelity() -> None:
    truth = iter((*one_figure_stills(), *two_figure_stills()))
    sizes = []

    def generate(prompts: Sequence[str]) -> list[Picture]:
        sizes.append(len(prompts))
        return [render(next(truth)) for _ in prompts]

    fidelity = measure_fidelity(generate, batch=20)
    assert fidelity.one.both == fidelity.one.shape == fidelity.two.layout == fidelity.two.shapes == 1
    assert sizes == [20, 20, 20, 20, 16]


def test_a_generator_that_ignores_its_prompt_is_found_out() -> None:
    blue = render(Still("blue", (Figure("circle", "red", 0.5, 0.5, 0.3),)))
    fidelity = measure_fidelity(lambda prompts: [blue] * len(prompts))
    assert fidelity.one.both < 0.1
    assert fidelity.two.colours == 0


def test_what_is_asked_for_never_changes() -> None:
    assert one_figure_stills() == one_figure_stills()
    assert two_figure_stills() == two_figure_stills()
    assert all(isinstance(still, Still) for still in two_figure_stills())

"""What the trainings of generators have in common: what they learn from, and what they leave."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeVar

import torch

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.generator import GENERATOR, SIDES, Examples, GeneratorForm, notes_of
from graphengine.diffusion.training.loop import Task, Trainer
from graphengine.diffusion.training.tagger import tags_of
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from nodes.training.course import Course, averages

CONTROLS = 128
"""How many pictures they are measured on."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    nearness: float


T = TypeVar("T", bound=Task)


def task_of(
    begin: Callable[[GeneratorForm, Examples, Examples, torch.device], T],
    dataset: Dataset,
    validation: Dataset,
    width: int,
    seed: int,
    pool: ModelPool,
) -> T:
    """Make a task with fresh networks.

    Args:
        begin: makes it, of what is to be trained, of pictures to learn from and to measure on, and of the device.
        dataset: the pictures to learn from.
        validation: those to measure on.
        width: channels of the generator.
        seed: of the first weights.
        pool: knows the device.

    Raises:
        NodeError: there are no tags to learn, or the pictures are of a size that cannot be made.
    """
    if dataset.size not in SIDES or validation.size != dataset.size:
        raise NodeError(
            f"pictures of {dataset.size} and {validation.size} pixels cannot be learnt",
            hint=f"Give both datasets one size, of {', '.join(map(str, SIDES))}.",
        )
    if validation.count < 2:
        raise NodeError("pictures are compared with two and more", hint="Give validation more pictures.")
    data, control = Reader(dataset), Reader(replace(validation, count=min(CONTROLS, validation.count)))
    tags = tags_of(data)
    if not tags:
        raise NodeError("no tag is true of several pictures", hint="Give the pictures captions.")
    form = GeneratorForm(tags, dataset.size, width)
    with seeded_construction(seed):
        return begin(form, Examples(data, tags, pool.device), Examples(control, tags, pool.device), pool.device)


def trained(trainer: Trainer, training: Course, form: GeneratorForm, **settings: object) -> Trained:
    """Return the generator alone, of what was trained."""
    notes = {**training.notes(trainer, **settings), **notes_of(form)}
    return Trained(Weights(GENERATOR, averages(trainer, part="generator."), notes), trainer.outcome.figures["nearness"])

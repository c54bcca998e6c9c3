"""A report: one page that holds all, and does nothing of what its texts say."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.run.context import TaskContext
from nodes.evaluation.report import report

pytestmark = pytest.mark.torch


def test_a_page_holds_figures_and_pictures(context: TaskContext) -> None:
    image = Image(torch.rand(2, 8, 8, 3))
    file = report(
        ["fidelity", "PSNR"],
        [0.25, 36.94321],
        image,
        ["a <b>", "two"],
        title="A & B",
        name="deep/page",
        context=context,
    ).file
    assert file.path.name.startswith("page")
    content = file.path.read_text(encoding="utf-8")
    assert "<title>A &amp; B</title>" in content
    assert content.count('<td class="value">') == 2
    assert ">0.25<" in content
    assert ">36.94<" in content
    assert re.findall(r'style="width: ([\d.]+)%"', content) == ["25.0"]  # the other is no share
    assert "a &lt;b&gt;" in content
    assert "a <b>" not in content
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', content)
    shown = np.stack([np.asarray(Pil.open(io.BytesIO(base64.b64decode(each)))) for each in pictures])
    assert np.array_equal(shown, (image.pixels * 255).round().byte().numpy())
    assert "http" not in content


def test_a_page_needs_no_pictures(context: TaskContext) -> None:
    content = report([], [], title="Empty", context=context).file.path.read_text(encoding="utf-8")
    assert "<table" not in content
    assert "<img" not in content


def test_what_does_not_match_is_refused(context: TaskContext) -> None:
    with pytest.raises(NodeError, match="there are 1 names for 2 values"):
        report(["a"], [1, 2], context=context)
    with pytest.raises(NodeError, match="there are 1 captions for 2 pictures"):
        report([], [], Image(torch.rand(2, 4, 4, 3)), ["one"], context=context)

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


def test_several_things_stand_in_one_table(context: TaskContext) -> None:
    names, rows = ["fidelity", "seconds"], ["<diffusion>", "GAN"]
    file = report(names, [0.9, 1.25, 0.5, 0.01], rows=rows, context=context).file
    content = file.path.read_text(encoding="utf-8")
    assert re.findall(r'<th scope="col">(.*?)</th>', content) == names
    told = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', content)
    assert [name for name, _ in told] == ["&lt;diffusion&gt;", "GAN"]
    assert [re.findall(r">([\d.]+)<", cells) for _, cells in told] == [["0.9", "1.25"], ["0.5", "0.01"]]
    open_end = report(names, [0.9, 1.25, 0.5], rows=rows, context=context).file.path.read_text(encoding="utf-8")
    assert len(re.findall(r'<td class="value">', open_end)) == 3


def test_what_does_not_match_is_refused(context: TaskContext) -> None:
    with pytest.raises(NodeError, match="there are 1 names for 2 values"):
        report(["a"], [1, 2], context=context)
    with pytest.raises(NodeError, match="2 rows of 1 columns take 2 values, not 3"):
        report(["a"], [1, 2, 3], rows=["x", "y"], context=context)
    with pytest.raises(NodeError, match="2 rows of 2 columns take 4 values, not 2"):
        report(["a", "b"], [1, 2], rows=["x", "y"], context=context)
    with pytest.raises(NodeError, match="there are 1 captions for 2 pictures"):
        report([], [], Image(torch.rand(2, 4, 4, 3)), ["one"], context=context)

"""How near depth that was told is to the true one."""

from typing import Literal, NamedTuple

from graphengine.diffusion.evaluation.depth import aligned, errors_of
from graphengine.diffusion.types.depth import DepthMap
from graphengine.errors import NodeError
from graphengine.node.declare import node


class Measured(NamedTuple):
    """The figures of the field, each the mean over the maps."""

    correlation: float
    inverse: float
    abs_rel: float
    rmse: float
    delta: float


@node("evaluation.depth", category="evaluation", title="Depth errors", aliases=("AbsRel", "Depth correlation"))
def depth_errors(depth: DepthMap, reference: DepthMap, align: Literal["none", "scale and shift"] = "none") -> Measured:
    """Measure how near depth that was told is to the true one.

    Inputs:
        depth: the maps to judge.
        reference: the true ones; as many, of the same size.
        align: ``scale and shift`` first brings each map to the true one by what fits best in 1/distance, as models that
            tell only the order of things are judged; ``none`` takes the distances at their word.

    Outputs:
        correlation: Pearson's, of the distances, at most 1.
        inverse: the same of 1/distance, where what is near counts most.
        abs_rel: the mean error as a part of the true distance.
        rmse: the root of the mean squared error, in the unit of the reference.
        delta: the share of pixels that are wrong by less than a quarter (δ < 1.25), 0 to 1.

    Errors: the maps differ in number or size.

    Source: Eigen et al., Depth Map Prediction from a Single Image using a Multi-Scale Deep Network (2014); Ranftl et
        al., Towards Robust Monocular Depth Estimation (2020).
    """
    if depth.values.shape != reference.values.shape:
        raise NodeError(
            f"{_shape(depth)} cannot be compared with {_shape(reference)}", hint="Bring them to one size and number."
        )
    told = depth.values if align == "none" else aligned(depth.values, reference.values)
    found = errors_of(told, reference.values)
    return Measured(
        *(float(each.mean()) for each in (found.correlation, found.inverse, found.abs_rel, found.rmse, found.delta))
    )


def _shape(depth: DepthMap) -> str:
    return f"{len(depth.values)} maps of {depth.width} × {depth.height}"

"""The outlines of the flat shapes, as polygons around the origin inside a circle of radius one."""

import math

from graphengine.diffusion.drawing.scene import Shape

Point = tuple[float, float]

RING_WIDTH = 0.36
"""Thickness of a ring's band as a fraction of its outer radius."""

_STAR_WAIST = 0.42
_CROSS_ARM = 0.34
_CIRCLE_POINTS = 96


def outline(shape: Shape) -> tuple[Point, ...]:
    """Return the outer boundary of `shape` around the origin, y downwards (a ring's is its outer circle)."""
    match shape:
        case "circle" | "ring":
            return _regular(_CIRCLE_POINTS, 1.0, 0.0)
        case "square":
            half = 0.82
            return ((-half, -half), (half, -half), (half, half), (-half, half))
        case "triangle":
            # Raised so that the bounding box, not the centroid, is centred: it then looks centred.
            return tuple((x, y + 0.2) for x, y in _regular(3, 1.1, -math.pi / 2))
        case "star":
            tips = _regular(5, 1.08, -math.pi / 2)
            waists = _regular(5, 1.08 * _STAR_WAIST, -math.pi / 2 + math.pi / 5)
            return tuple(point for pair in zip(tips, waists, strict=True) for point in pair)
        case "cross":
            a, b = _CROSS_ARM, 0.98
            return (
                (-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a),
                (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a),
            )  # fmt: skip


def _regular(count: int, radius: float, start: float) -> tuple[Point, ...]:
    """`count` points evenly spaced on a circle, the first at angle `start` (radians, clockwise on screen)."""
    angles = (start + 2 * math.pi * i / count for i in range(count))
    return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)

"""Drawing a small landscape from back to front: sky, light, mountains, ground, things."""

from collections.abc import Mapping
from types import MappingProxyType

from graphengine.diffusion.drawing.palette import Rgb
from graphengine.diffusion.drawing.pen import Pen
from graphengine.diffusion.drawing.scene import Ground, Hour, Landscape, Thing

HORIZON = 0.62
"""Height of the horizon below the upper edge."""

SHORE = 0.78
"""Where the sea ends and its beach begins; things at sea level stand on the beach, boats float above it."""

_SKY: Mapping[Hour, tuple[Rgb, Rgb]] = MappingProxyType(
    {
        "day": ((96, 170, 240), (190, 226, 250)),
        "sunset": ((216, 84, 92), (252, 190, 110)),
        "night": ((14, 18, 52), (44, 52, 110)),
    }
)
_LIGHT: Mapping[Hour, Rgb] = MappingProxyType(
    {"day": (255, 226, 70), "sunset": (255, 236, 150), "night": (236, 236, 214)}
)
_GROUND: Mapping[Ground, Rgb] = MappingProxyType(
    {"meadow": (92, 176, 74), "sea": (34, 104, 178), "desert": (232, 196, 122), "snow": (242, 245, 250)}
)
_SAND: Rgb = (236, 208, 146)
_ROCK: Rgb = (112, 108, 128)
_ICE: Rgb = (244, 246, 252)
_TRUNK: Rgb = (112, 72, 40)
_CROWN: Rgb = (34, 116, 56)
_ROOF: Rgb = (92, 48, 40)
_DOOR: Rgb = (60, 40, 34)
_SAIL: Rgb = (250, 250, 246)
_NIGHT_SHADE = 0.6
_PEAK_HEIGHT = 0.34
_PEAK_WIDTH = 0.24
_LIGHT_RADIUS = 0.1


def draw_landscape(scene: Landscape, pen: Pen) -> None:
    """Draw the whole landscape; at night everything but the sky and its light is darker."""
    pen.gradient(0.0, HORIZON, *_SKY[scene.hour])
    if scene.light is not None:
        pen.disc(scene.light, _LIGHT_RADIUS, _LIGHT[scene.hour])
    pen.rises()
    for x in scene.peaks:
        _mountain(x, scene.hour, pen)
    pen.lies()
    pen.box((0.0, HORIZON), (1.0, 1.0), _lit(_GROUND[scene.ground], scene.hour))
    if scene.ground == "sea":
        pen.box((0.0, SHORE), (1.0, 1.0), _lit(_SAND, scene.hour))
    for thing in scene.things:
        _thing(thing, scene, pen)


def _lit(colour: Rgb, hour: Hour) -> Rgb:
    """Return a colour of the land as it looks at that hour."""
    if hour != "night":
        return colour
    r, g, b = (round(channel * _NIGHT_SHADE) for channel in colour)
    return r, g, b


def _mountain(x: float, hour: Hour, pen: Pen) -> None:
    """Draw a rock triangle with an ice cap, its foot on the horizon."""
    top, cap = HORIZON - _PEAK_HEIGHT, 0.32
    foot = ((x - _PEAK_WIDTH, HORIZON), (x + _PEAK_WIDTH, HORIZON))
    pen.polygon(((x, top), *foot), _lit(_ROCK, hour))
    edge = tuple((x + side * _PEAK_WIDTH * cap, top + _PEAK_HEIGHT * cap) for side in (-1, 1))
    pen.polygon(((x, top), *edge), _lit(_ICE, hour))


def _thing(thing: Thing, scene: Landscape, pen: Pen) -> None:
    """One thing, its foot on the land (or, a boat, on the water)."""
    match thing.kind:
        case "house":
            _house(thing, scene, pen)
        case "tree":
            _tree(thing, scene, pen)
        case "boat":
            _boat(thing, scene, pen)


def _foot(scene: Landscape) -> float:
    """Return the y on which houses and trees stand."""
    return SHORE + 0.08 if scene.ground == "sea" else HORIZON + 0.16


def _house(thing: Thing, scene: Landscape, pen: Pen) -> None:
    """Draw a wall in the thing's colour, a door and a roof."""
    foot, half, wall = _foot(scene), thing.size * 0.5, thing.size * 0.6
    pen.stands(foot)
    x, eaves = thing.x, foot - wall
    pen.box((x - half, eaves), (x + half, foot), thing.colour)
    pen.box((x - half * 0.28, foot - wall * 0.62), (x + half * 0.28, foot), _lit(_DOOR, scene.hour))
    roof = ((x - half * 1.25, eaves), (x + half * 1.25, eaves), (x, foot - thing.size * 1.1))
    pen.polygon(roof, _lit(_ROOF, scene.hour))


def _tree(thing: Thing, scene: Landscape, pen: Pen) -> None:
    """Draw a trunk under a round crown."""
    foot, x, size = _foot(scene), thing.x, thing.size
    pen.stands(foot)
    pen.box((x - size * 0.08, foot - size * 0.5), (x + size * 0.08, foot), _lit(_TRUNK, scene.hour))
    pen.disc((x, foot - size * 0.72), size * 0.38, _lit(_CROWN, scene.hour))


def _boat(thing: Thing, scene: Landscape, pen: Pen) -> None:
    """Draw a hull in the thing's colour under a white sail."""
    x, half, line = thing.x, thing.size * 0.5, (HORIZON + SHORE) / 2 + 0.02
    pen.stands(line)
    deck = line - thing.size * 0.26
    hull = ((x - half, deck), (x + half, deck), (x + half * 0.6, line), (x - half * 0.6, line))
    pen.polygon(hull, thing.colour)
    pen.polygon(((x, deck - 0.01), (x, deck - thing.size), (x + half * 0.9, deck - 0.01)), _lit(_SAIL, scene.hour))

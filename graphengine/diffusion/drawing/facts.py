"""What is to be seen in a scene, as tags: each is true of a picture or not, however its caption puts it."""

from typing import assert_never

from graphengine.diffusion.drawing.scene import Landscape, Portrait, Scene, Still


def facts(scene: Scene) -> frozenset[str]:
    """Return the tags of a scene, such as ``red circle``, ``figure at left``, ``night`` or ``blue house``.

    How two figures lie to each other is no tag: there would be thousands.
    """
    match scene:
        case Still():
            return _of_still(scene)
        case Landscape():
            return _of_landscape(scene)
        case Portrait():
            return _of_portrait(scene)
        case _:
            assert_never(scene)


def _of_still(still: Still) -> frozenset[str]:
    found = {f"{still.background} background", *(f"{each.colour} {each.shape}" for each in still.figures)}
    if len(still.figures) == 1:
        return frozenset({*found, "one figure", f"figure at {still.figures[0].place}"})
    return frozenset({*found, f"{len(still.figures)} figures"})


def _of_landscape(scene: Landscape) -> frozenset[str]:
    found: set[str] = {scene.hour, scene.ground}
    found |= {"tree" if each.kind == "tree" else f"{each.colour} {each.kind}" for each in scene.things}
    if scene.peaks:
        found.add("mountains")
    if scene.light is not None:
        found.add("moon" if scene.hour == "night" else "sun")
    return frozenset(found)


def _of_portrait(portrait: Portrait) -> frozenset[str]:
    count = len(portrait.faces)
    found = {f"{portrait.backdrop} background", *(f"{each.hair} hair" for each in portrait.faces)}
    return frozenset({*found, "one face" if count == 1 else f"{count} faces"})

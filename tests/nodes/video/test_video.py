"""Videos that are written and read again, judged by their pixels and their sound."""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from moving import passing, psnr
from PIL import Image as Pil

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video, VideoCodec
from graphengine.diffusion.video.formats import KINDS, VideoFormat
from graphengine.errors import Cancelled, NodeError
from graphengine.files.carried import carried_texts
from graphengine.files.origin import WORKFLOW
from graphengine.files.roots import File
from graphengine.run.context import CancelToken, TaskContext
from graphengine.run.messages import Event, TaskOutput
from nodes.video.frames import frames, select, side_by_side
from nodes.video.load import cut, info, load
from nodes.video.save import save

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


@pytest.fixture(scope="module")
def moving() -> list[Image]:
    return list(passing(8, size=96))


@pytest.fixture
def film(moving: list[Image], context: TaskContext) -> Video:
    return save(moving, 8.0, quality=95, context=context).video


def with_sound(path: Path, seconds: float = 2.0) -> Path:
    """Write black frames, 10 a second, with a tone that is loud in the second half only."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=10)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        tone = container.add_stream("aac", rate=16_000)
        tone.layout = "mono"
        for index in range(int(seconds * 10)):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(pictures.encode(frame))
        times = np.arange(int(seconds * 16_000)) / 16_000
        levels = np.where(times < seconds / 2, 0, np.sin(2 * math.pi * 440 * times)).astype(np.float32)
        for start in range(0, len(levels), 1024):
            part = av.AudioFrame.from_ndarray(levels[None, start : start + 1024], format="fltp", layout="mono")
            part.pts, part.sample_rate, part.time_base = start, 16_000, Fraction(1, 16_000)
            container.mux(tone.encode(part))
        container.mux(pictures.encode(None))
        container.mux(tone.encode(None))
    return path


def loudness(path: Path, start: float, end: float) -> float:
    """The root mean square of the sound between two times in seconds."""
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        parts = [(frame.time, frame.to_ndarray()) for frame in container.decode(track)]
    chosen = [part.mean(0) for time, part in parts if time is not None and start <= time < end]
    return float(np.sqrt(np.mean(np.concatenate(chosen) ** 2)))


@pytest.mark.parametrize("format_", KINDS)
def test_what_is_written_is_read_again(format_: VideoFormat, moving: list[Image], context: TaskContext) -> None:
    video, file = save(moving, 8.0, format_, 90, context=context)
    assert (video.width, video.height, video.count, video.sound) == (96, 96, 8, False)
    assert float(video.rate) == pytest.approx(8, rel=0.01)
    assert file.path.suffix == KINDS[format_].suffix
    again = list(frames(load(file)))
    assert len(again) == len(moving)
    for one, other in zip(moving, again, strict=True):
        assert psnr(one, other) > 26, "colour is kept for blocks of two by two pixels, and these are hard edges"
    assert all(psnr(moving[0], other) < 20 for other in again[3:])


def test_colours_are_those_that_were_drawn(context: TaskContext) -> None:
    red = torch.tensor([214, 36, 40]) / 255
    (found,) = frames(save([Image(red.expand(1, 64, 64, 3).contiguous())], quality=95, context=context).video)
    assert torch.allclose(found.pixels[0, 20, 20], red, atol=3 / 255)


@pytest.mark.parametrize(("format_", "width"), [("h264", 66), ("vp9", 65)])
def test_odd_sides(format_: VideoFormat, width: int, context: TaskContext) -> None:
    slope = torch.linspace(0, 1, 65).reshape(1, 1, 65, 1).expand(1, 64, 65, 3)
    (found,) = frames(save([Image(slope)], format=format_, quality=95, context=context).video)
    assert found.width == width
    assert torch.allclose(found.pixels[:, :, :65], slope, atol=0.03)


def test_alpha_stays_in_webp_and_lies_on_white_elsewhere(context: TaskContext) -> None:
    clear = Image(torch.zeros(1, 64, 64, 4))
    (kept,) = frames(save([clear], format="webp", context=context).video)
    assert kept.channels == 4
    assert kept.pixels[..., 3].max() == 0
    (laid,) = frames(save([clear], context=context).video)
    assert laid.pixels.min() > 0.98


def test_each_picture_of_a_batch_is_a_frame(context: TaskContext) -> None:
    batch = Image(torch.stack([torch.zeros(64, 64, 3), torch.ones(64, 64, 3)]))
    assert [round(float(each.pixels.mean())) for each in frames(save([batch], context=context).video)] == [0, 1]


def test_a_part_is_those_frames(moving: list[Image], film: Video) -> None:
    part = cut(film, 0.375, 0.5)
    assert (part.first, part.count) == (3, 4)
    found = list(frames(part))
    assert len(found) == 4
    for one, other in zip(moving[3:7], found, strict=True):
        assert psnr(one, other) > 26
    assert (cut(part, 0.25).first, cut(part, 0.25).count) == (5, 2)
    assert len(list(frames(part, every=3))) == 2
    with pytest.raises(NodeError, match="ends after"):
        cut(film, 1.0)


def test_a_part_of_a_long_film_is_found_between_key_frames(context: TaskContext) -> None:
    def numbered() -> Iterator[Image]:
        for index in range(300):
            bits = torch.tensor([float(index >> bit & 1) for bit in range(9)])
            yield Image(bits.repeat_interleave(8).reshape(1, 1, 72, 1).expand(1, 64, 72, 3))

    film = save(numbered(), 30.0, context=context).video
    for first in (1, 17, 251, 299):
        found = next(iter(frames(cut(film, first / 30))))
        assert sum(int(found.pixels[0, 32, 4 + 8 * bit, 0] > 0.5) << bit for bit in range(9)) == first


def test_a_part_of_an_animation(moving: list[Image], context: TaskContext) -> None:
    film = save(moving, 10.0, "gif", context=context).video
    (found,) = frames(cut(film, 0.5, 0.1))
    assert psnr(found, moving[5]) > 30


def test_info(film: Video) -> None:
    assert info(film) == (96, 96, 8.0, 8, 1.0, False)


@pytest.mark.parametrize(("format_", "copied"), [("h264", True), ("vp9", False)])
def test_sound_is_kept(
    format_: VideoFormat, copied: bool, tmp_path: Path, file_of: FileOf, context: TaskContext
) -> None:
    source = load(file_of(with_sound(tmp_path / "tone.mp4")))
    assert source.sound
    whole, file = save(frames(source), 10.0, format_, sound=source, context=context)
    assert whole.sound
    assert loudness(file.path, 0, 0.9) < 0.02 < 0.3 < loudness(file.path, 1.1, 1.9)
    with av.open(str(file.path)) as container:
        assert (container.streams.audio[0].codec_context.name == "aac") == copied
    part = cut(source, 1.0, 0.6)
    _, file = save(frames(part), 10.0, format_, sound=part, context=context)
    assert loudness(file.path, 0.1, 0.5) > 0.3
    with av.open(str(file.path)) as container:
        assert container.duration / 1e6 == pytest.approx(0.6, abs=0.12)


def test_formats_without_sound_are_silent(tmp_path: Path, file_of: FileOf, context: TaskContext) -> None:
    source = load(file_of(with_sound(tmp_path / "tone.mp4", 0.4)))
    assert not save(frames(source), format="gif", sound=source, context=context).video.sound


def test_a_turned_film_is_upright(tmp_path: Path, file_of: FileOf, film: Video) -> None:
    path = tmp_path / "turned.mp4"
    with av.open(str(film.file.path)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(90) if hasattr(stream, "set_display_rotation") else pytest.skip("not in this av")
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    turned, upright = (next(iter(frames(each))) for each in (load(file_of(path)), film))
    assert torch.equal(turned.pixels, torch.rot90(upright.pixels, 1, (1, 2)))


def test_frames_of_several_sizes_are_refused_and_nothing_is_left(context: TaskContext, tmp_path: Path) -> None:
    sizes = (Image(torch.zeros(1, side, 64, 3)) for side in (64, 65))
    with pytest.raises(NodeError, match="frame 2 is 64 × 65"):
        save(sizes, context=context)
    with pytest.raises(NodeError, match="no frame"):
        save([], context=context)
    assert not list((tmp_path / "outputs").rglob("*"))


def test_cancelling_stops_between_frames(moving: list[Image], context: TaskContext, token: CancelToken) -> None:
    token.cancel()
    with pytest.raises(Cancelled):
        save(moving, context=context)


def test_the_file_is_told_with_its_kind(moving: list[Image], context: TaskContext, events: list[Event]) -> None:
    file = save(moving, format="vp9", context=context).file
    assert TaskOutput("picture", file, "video/webm") in events


@pytest.mark.parametrize("format_", ["h264", "vp9", "gif", "webp"])
def test_a_video_says_where_it_comes_from(moving: list[Image], context: TaskContext, format_: VideoFormat) -> None:
    file = save(moving, format=format_, context=context).file
    assert json.loads(carried_texts(file.path)[WORKFLOW]) == context.run.workflow
    file = save(moving, format=format_, embed_workflow=False, context=context).file
    assert carried_texts(file.path) == {}


@pytest.mark.parametrize("content", [b"", b"not a video", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", b"GIF89a broken"])
def test_what_is_no_video_is_refused(content: bytes, tmp_path: Path, file_of: FileOf) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(NodeError) as caught:
        load(file_of(tmp_path / "a.mp4"))
    assert caught.value.hint


def test_a_film_that_is_cut_off_is_refused_or_ends(film: Video, tmp_path: Path, file_of: FileOf) -> None:
    content = film.file.path.read_bytes()
    for end in range(100, len(content), len(content) // 7):
        path = tmp_path / f"cut-{end}.mp4"
        path.write_bytes(content[:end])
        try:
            found = list(frames(load(file_of(path))))
        except NodeError as error:
            assert error.hint  # noqa: PT017 - both ways are right
        else:
            assert len(found) <= film.count


def test_a_sound_file_has_no_pictures(tmp_path: Path, file_of: FileOf) -> None:
    path = with_sound(tmp_path / "tone.mp4", 0.3)
    with av.open(str(path)) as source, av.open(str(tmp_path / "only.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(NodeError, match="no moving pictures"):
        load(file_of(tmp_path / "only.mp4"))


def test_a_still_picture_is_a_video_of_one_frame(tmp_path: Path, file_of: FileOf) -> None:
    Pil.new("RGB", (5, 4), (200, 100, 50)).save(tmp_path / "a.png")
    (frame,) = frames(load(file_of(tmp_path / "a.png")))
    assert frame.pixels.shape == (1, 4, 5, 3)


def test_a_video_is_stored_as_what_it_names(film: Video) -> None:
    codec = VideoCodec()
    assert codec.decode(codec.encode(film)) == film
    with pytest.raises(ValueError, match="no video"):
        Video(film.file, 1, 1, Fraction(0), 0, 1)


def test_selected_frames_and_no_more_are_computed() -> None:
    made = []

    def endless() -> Iterator[Image]:
        for index in itertools.count():
            made.append(index)
            yield Image(torch.full((1, 1, 1, 3), float(index)))

    chosen = [int(each.pixels[0, 0, 0, 0]) for each in select(endless(), 2, 3, 4)]
    assert chosen == [2, 6, 10]
    assert made[-1] == 10


def test_side_by_side_holds_the_last_frame_and_fits_heights() -> None:
    left = [Image(torch.full((1, 4, 6, 3), level)) for level in (0.1, 0.2, 0.3)]
    right = [Image(torch.full((1, 8, 4, 3), 0.5))]
    found = list(side_by_side(left, right, gap=1))
    assert [each.width for each in found] == [9, 9, 9]
    row = found[2].pixels[0, 2, :, 0]
    assert torch.allclose(row, torch.tensor([0.3] * 6 + [1.0] + [0.5] * 2))
    with pytest.raises(NodeError, match="no frame"):
        list(side_by_side(left, []))

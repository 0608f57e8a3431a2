"""What the demo leaves and says: the CSV, the picture and the figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facewire.audio import mix_down, sanitise
from facewire.protocol.errors import FacewireError
from facewire.tools.atomic import atomic_part, atomic_text
from facewire.tools.head import load_head
from facewire.tools.head.measures import lip_gap_cm
from facewire.tools.live.figures import figures
from facewire.tools.picture.moments import telling_moments
from facewire.tools.picture.sheet import COLUMNS, Heading, draw_sheet
from facewire.tools.picture.take import Take
from facewire.tools.retarget import Retarget
from facewire.tools.writers import CsvWriter

if TYPE_CHECKING:
    from fractions import Fraction

    from PIL import Image

    from facewire.tools.live.realtime import Performance
    from facewire.tools.live.speech import Speech


def results(performance: Performance, speech: Speech, fps: Fraction) -> dict[str, Any]:
    """Return everything measured, by the names `--json` has."""
    measured = figures(performance.timings, audio_s=speech.duration_s, fps=float(fps))
    opened, ended = performance.opened, performance.ended
    return {
        **asdict(measured),
        "real_time_factor": round(ended.real_time_factor, 4),
        "daemon_latency_ms": {name: round(ms, 2) for name, ms in ended.latency_ms.items()},
        "look_ahead_ms": opened.look_ahead_samples / 16,
        "transport": performance.transport,
        "payloads": performance.payloads,
        "model": opened.model,
    }


def make_folder(out: Path) -> None:
    """Make the folder for the files.

    Raises:
        FacewireError: it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacewireError(
            f"cannot make the folder {out}: {error.strerror}.", hint="Choose another with --out."
        ) from error


def write_files(
    out: Path, performance: Performance, speech: Speech, fps: Fraction, said: dict[str, Any]
) -> dict[str, str]:
    """Write the CSV and the picture into `out`; return their paths as `csv` and `picture`.

    Raises:
        FacewireError: a file cannot be written.
    """
    csv, picture = out / f"{Path(speech.name).stem}.csv", out / "face.png"
    with atomic_text(csv) as text:
        writer = CsvWriter(text, Retarget(performance.opened.rig, {}), fps)
        writer.write(0, performance.curves, performance.eyes)
        writer.close()
    with atomic_part(picture) as part:
        _draw(performance, speech, fps, said).save(part, "PNG")
    return {"csv": str(csv), "picture": str(picture)}


def _draw(
    performance: Performance, speech: Speech, fps: Fraction, said: dict[str, Any]
) -> Image.Image:
    take = Take(
        samples=mix_down(sanitise(speech.samples)[0]),
        sample_rate_hz=speech.rate_hz,
        curves=performance.curves,
        names=performance.opened.curves,
        fps=fps,
        phones=speech.phones,
    )
    heading = Heading(
        title="Facewire",
        subtitle=f"{speech.name} · {speech.duration_s:.1f} s · {said['frames']} frames at "
        f"{said['fps']:g} per second · model {said['model']}",
        figures=[
            (f"{said['first_frame_ms']:.0f} ms", "to the first frame"),
            (f"{said['behind_voice_ms']['p50']:.0f} ms", "behind the voice"),
            (f"{said['frames_per_s']:.0f}", "frames per second"),
            (f"{said['real_time_factor']:.3f}", "real-time factor"),
            (said["transport"], "transport"),
        ],
    )
    gap_cm = lip_gap_cm(take.face)
    return draw_sheet(take, heading, load_head(), gap_cm, telling_moments(take, gap_cm, COLUMNS))


def lines(said: dict[str, Any], files: dict[str, str]) -> list[tuple[str, str]]:
    """Return (what, figure) for a person, in the order they are printed."""
    behind, daemon = said["behind_voice_ms"], said["daemon_latency_ms"]
    payloads = ", ".join(f"{count} {way}" for way, count in said["payloads"].items())
    inside = ", ".join(f"{name} {ms:.1f}" for name, ms in daemon.items())
    return [
        ("first frame", f"{said['first_frame_ms']:.0f} ms after the voice began; the model looks "
         f"ahead by up to {said['look_ahead_ms']:.0f} ms"),
        ("behind the voice", ", ".join(f"{name} {ms:.0f}" for name, ms in behind.items()) + " ms"),
        ("in the daemon", f"{inside} ms"),
        ("frames", f"{said['frames']} for {said['audio_s']:.2f} s of speech, "
         f"{said['frames_per_s']:.1f} per second"),
        ("real-time factor", f"{said['real_time_factor']:.3f}"),
        ("transport", f"{said['transport']} (payloads: {payloads})"),
        ("curves", files["csv"]),
        ("picture", files["picture"]),
    ]  # fmt: skip

"""The options of `facewire animate`, checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from facewire.inference.providers import HELP
from facewire.tools.frame_rate import frame_rate
from facewire.tools.model_place import located

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from facewire.inference.settings import StreamSettings

_FILE = click.Path(exists=True, path_type=Path)
_DEFAULT_PROVIDER = "cpu"
_LATER_FORMATS = (".usd", ".usda", ".usdc", ".usdz", ".gltf", ".glb", ".fbx")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything the command line said."""

    sources: tuple[Path, ...]
    output: Path
    into_folder: bool
    """OUT was written with a slash at its end: a folder, there or not."""
    format: str
    fps: Fraction
    model: str
    identity: str
    """Face inside the model; "" is its first."""
    provider: str
    variant: str
    """Of the model's network, such as int8; "": as the model has it."""
    noise: Literal["constant", "varying"]
    emotion: dict[str, float]
    """Over the whole clip; with automatic emotion the preferred one."""
    automatic_emotion: bool
    emotion_model: str
    """What hears the emotion; "": the only one there is."""
    emotion_keys: Path | None
    with_emotion: bool
    """JSON carries what the face felt."""
    emotion_out: Path | None
    """Table of what the face felt."""
    parameters: dict[str, float]
    gains: Path | None
    rig: str
    """Name of a shipped curve table, or the path of a table's file."""
    mouth_close: Literal["arkit", "raw"]
    seed: int
    connect: str | None
    """Instance of the daemon to go through; None: in this process."""
    as_json: bool
    quiet: bool
    verbose: int

    @property
    def outputs(self) -> tuple[str, ...]:
        """What frames carry beside curves and eyes."""
        return ("emotion",) if self.with_emotion or self.emotion_out else ()

    def settings(self, sample_rate_hz: int, channels: int) -> StreamSettings:
        """Return the settings of the stream of one file; its frames are faces, not yet the rig."""
        from facewire.emotion import emotion_vector
        from facewire.inference.settings import StreamSettings

        return StreamSettings(
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            encoding="float32",
            fps=self.fps,
            identity=self.identity,
            parameters=self.parameters,
            emotion=emotion_vector(self.emotion),
            automatic_emotion=self.automatic_emotion,
            outputs=frozenset(self.outputs),
            seed=self.seed,
            mouth_close=self.mouth_close,
        )


def animate_options(command: Callable[[Options], int]) -> Callable[..., int]:
    """Add the arguments and options of `animate` to a function of `Options`."""

    def collected(
        *,
        no_idle: bool,
        output_format: str | None,
        out: str,
        instance: str | None,
        auto_emotion: bool,
        preferred_emotion: dict[str, float],
        **values: Any,
    ) -> int:
        values["output"] = Path("/dev/stdout" if out == "-" else out)
        values["into_folder"] = out.endswith((os.sep, os.altsep or os.sep))
        values["format"] = output_format or _format_of(values["output"])
        through_daemon = values["connect"] or instance is not None
        values["connect"] = (instance or "default") if through_daemon else None
        if values["connect"] is not None:
            _refuse_what_the_daemon_chose(values)
        values["automatic_emotion"] = auto_emotion or bool(values["emotion_model"])
        if preferred_emotion and not values["automatic_emotion"]:
            raise click.UsageError(
                "--preferred-emotion goes with --auto-emotion or --emotion-model; without them "
                "--emotion sets what the face feels."
            )
        values["emotion"] = values["emotion"] | preferred_emotion
        if values["with_emotion"] and values["format"] != "json":
            raise click.UsageError(
                "A CSV has no place for emotions: take --emotion-out FILE.csv, or --format json."
            )
        if no_idle:
            off = {"blinkStrength": 0.0, "gazeStrength": 0.0, "browStrength": 0.0}
            values["parameters"] = off | values["parameters"]
        return command(Options(**values))

    collected.__doc__ = command.__doc__
    collected.__name__ = command.__name__
    decorated: Callable[..., int] = collected
    for add in reversed(_OPTIONS):
        decorated = add(decorated)
    return decorated


def _refuse_what_the_daemon_chose(values: dict[str, Any]) -> None:
    if isinstance(located(values["model"]), Path):
        raise click.UsageError(
            f"A daemon knows models by name, and {values['model']} is a path. Start it with "
            f"`facewire serve --load {values['model']}` and name the folder alone, or add it "
            f"with `facewire models add {values['model']}` and take the name it gets."
        )
    if values["provider"] != _DEFAULT_PROVIDER:
        raise click.UsageError("The daemon chose its provider; leave --provider out.")
    if values["emotion_model"]:
        raise click.UsageError(
            "The daemon chose what hears emotions; leave --emotion-model out, --auto-emotion asks "
            "for it."
        )
    if values["noise"] != "constant":
        raise click.UsageError("The daemon chose its noise; leave --noise out.")


def _format_of(output: Path) -> str:
    """Return the format that a file's name asks for; a folder or another name gets CSV."""
    suffix = output.suffix.lower()
    if suffix in _LATER_FORMATS:
        raise click.UsageError(
            f"{suffix} files cannot be written yet; use .csv or .json, or --format to insist."
        )
    return "json" if suffix == ".json" else "csv"


def _emotion_table(
    _context: click.Context, _option: click.Parameter, path: str | None
) -> Path | None:
    """Return where the table of emotions goes, which is CSV whatever the file is called."""
    if path is None:
        return None
    suffix = Path(path).suffix.lower()
    if suffix == ".json" or suffix in _LATER_FORMATS:
        raise click.BadParameter(
            f"{path}: the table of emotions is CSV. Take FILE.csv; --with-emotion puts emotions "
            "into the JSON of the face."
        )
    return Path("/dev/stdout" if path == "-" else path)


def _numbers(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, float]:
    numbers = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not NAME=NUMBER.") from None
    return numbers


_OPTIONS = (
    click.argument("sources", metavar="IN...", nargs=-1, required=True, type=_FILE),
    click.option("-o", "--output", "out", metavar="OUT", required=True, type=click.Path(),
                 help="File to write (-: standard output); a folder for several files."),
    click.option("--format", "output_format", type=click.Choice(["csv", "json"]),
                 help="Default: csv, or json when OUT ends so."),
    click.option("--fps", default="60", show_default=True, callback=frame_rate,
                 help="Frames per second: 60, 29.97, 30000/1001 ..."),
    click.option("--model", default="embedded", show_default=True,
                 help="A model's name, or the path of a bundle's folder."),
    click.option("--identity", default="", metavar="NAME",
                 help="Face inside the model, such as Claire; default: its first."),
    click.option("--provider", default=_DEFAULT_PROVIDER, show_default=True,
                 help=f"What runs the network: {HELP}"),
    click.option("--variant", default="", metavar="NAME",
                 help="Of the network: original, or one of `facewire models optimise`."),
    click.option("--noise", type=click.Choice(["constant", "varying"]), default="constant",
                 show_default=True, help="Of a diffusion model; varying: fresh in each window."),
    click.option("--emotion", multiple=True, metavar="NAME=WEIGHT", callback=_numbers,
                 help="An emotion over the whole clip, such as joy=0.6; repeatable."),
    click.option("--auto-emotion", is_flag=True,
                 help="Hear the emotion in the voice, with the Audio2Emotion model you have."),
    click.option("--emotion-model", default="", metavar="NAME|FOLDER",
                 help="Hear it with this Audio2Emotion model."),
    click.option("--preferred-emotion", multiple=True, metavar="NAME=WEIGHT", callback=_numbers,
                 help="Mixed into the emotion that is heard, such as joy=0.5; repeatable."),
    click.option("--emotion-keys", type=click.Path(path_type=Path), metavar="FILE",
                 help="Emotions over time, see above; mixed in where emotion is heard. --emotion "
                      "holds until the first one."),
    click.option("--with-emotion", is_flag=True, help="JSON says what the face felt, too."),
    click.option("--emotion-out", type=click.Path(), callback=_emotion_table, metavar="FILE",
                 help="CSV of what the face felt (-: standard output), as NVIDIA's client "
                      "writes it."),
    click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
                 callback=_numbers, help="Such as lowerFaceStrength=1.2; repeatable."),
    click.option("--gains", type=click.Path(path_type=Path), metavar="FILE",
                 help='JSON of factors per curve, such as {"jawOpen": 1.2}.'),
    click.option("--rig", default="a2f", show_default=True,
                 help="Curve table: a name of `facewire mapping list`, or your own FILE.json."),
    click.option("--mouth-close", type=click.Choice(["arkit", "raw"]), default="arkit",
                 show_default=True, help="arkit: relative to an open jaw; raw: the model's own."),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
                 help="Of blinks, gaze and brows: same seed, same motion."),
    click.option("--no-idle", is_flag=True, help="No blinks, gaze or brow accents."),
    click.option("--connect", is_flag=True, help="Go through the running daemon."),
    click.option("--instance", metavar="NAME",
                 help="Go through the daemon of this instance (default: `default`)."),
    click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object."),
    click.option("-q", "--quiet", is_flag=True, help="Errors only."),
    click.option("-v", "--verbose", count=True, help="Say more; -vv: tracebacks."),
)  # fmt: skip


def say(chosen: Options, text: str, *, error: bool = False) -> None:
    """Tell the person at the terminal, on stderr; -q leaves errors only."""
    if error or not chosen.quiet:
        click.echo(text, err=True)


def detail(chosen: Options, text: str) -> None:
    """Tell what only -v asks for."""
    if chosen.verbose:
        say(chosen, text)

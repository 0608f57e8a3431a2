"""The tables of SPEC.md and REGISTRY.md, made from the code they describe."""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from facewire.animation.face_parameters import FACE_PARAMETERS
from facewire.emotion import EMOTIONS
from facewire.emotion.postprocess import PostProcessParameters
from facewire.inference.emotion_settings import WINDOW_LIMITS_SAMPLES
from facewire.inference.model import EmotionModel
from facewire.inference.parameters import PARAMETERS
from facewire.inference.solved_family import LAYERED
from facewire.mapping.shipped import load_table, shipped_names
from facewire.protocol import limits, messages, registry
from facewire.protocol.messages import MESSAGES, Message

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from facewire.inference.backend import Backend

_ARROWS = {
    (True, False): "client → daemon",
    (False, True): "daemon → client",
    (True, True): "both ways",
}
_PARAMETER_WORDS = {
    "lowerFaceStrength": "Amount of motion below the eyes.",
    "upperFaceStrength": "Amount of motion of eyes, brows and forehead that comes from the voice.",
    "tongueStrength": "Amount of tongue motion.",
    "blinkStrength": "Blinks; 0 switches them off.",
    "gazeStrength": "Small eye movements; 0 switches them off.",
    "browStrength": "Brow accents of stressed speech; 0 switches them off.",
    "emotionStrength": "Amount of the emotion's pose.",
}


def message_tables() -> str:
    """Return SPEC's section of every message type, in the order of `messages.py`."""
    return "\n\n".join(_message_section(name, cls) for name, cls in MESSAGES.items())


def limits_table() -> str:
    """Return SPEC's table of limits and times, in the order of `limits.py`."""
    words = _words_below(limits)
    rows = [
        (f"`{name}`", f"{value:,}".replace(",", " "), words.get(name, ""))
        for name, value in vars(limits).items()
        if name.isupper() and isinstance(value, int)
    ]
    return _table(("limit", "value", "meaning"), rows)


def registry_tables() -> str:
    """Return all tables of REGISTRY.md."""
    errors = [
        (f"`{code}`", "yes" if rule.retry else "no", rule.ends or "nothing", rule.words)
        for code, rule in registry.ERRORS.items()
    ]
    sections = [
        ("Message types", _table(("type", "who sends it", "what"), _message_rows())),
        ("Errors", _table(("code", "retry?", "ends", "meaning"), errors)),
        ("Warnings", _named(registry.WARNINGS)),
        ("Flags", "On `frames`.\n\n" + _named(registry.FLAGS)),
        ("Reasons", "Of `bye`.\n\n" + _named(registry.REASONS)),
        ("Features", "Of `welcome`.\n\n" + _named(registry.FEATURES)),
        ("Limits", "Of `welcome`; those of SPEC §9 hold in any case.\n\n" + _limit_rows()),
        ("Parameters", _parameter_table()),
        ("Parameters of NVIDIA's models", _nvidia_parameter_table()),
        ("Parameters of automatic emotion", _automatic_emotion_table()),
        ("Emotions", _emotion_table()),
        ("Rigs", _table(("rig", "curves", "what"), _rig_rows())),
        ("Encodings", _encoding_table()),
    ]
    return "\n\n".join(f"## {title}\n\n{body}" for title, body in sections)


def _message_section(name: str, cls: type[Message]) -> str:
    described = _words_below(messages, cls.__name__)
    rows = [
        (
            f"`{item.name}`",
            item.metadata["rule"].words,
            _default_words(item),
            described.get(item.name) or _COMMON_WORDS.get(item.name, ""),
        )
        for item in fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass
    ]
    body = _table(("key", "value", "default", "meaning"), rows) if rows else "No keys of its own."
    title = f"### `{name}` — {_ARROWS[cls.TO_DAEMON, cls.TO_CLIENT]}"
    return f"{title}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n\n{body}"


_COMMON_WORDS = {
    "stream": "The stream it is about.",
    "generation": "The generation it belongs to.",
    "text": "One sentence for a person.",
    "nonce": "That of the `ping`.",
}


def _default_words(item: Any) -> str:
    default = item.default if item.default_factory is MISSING else item.default_factory()
    if default is MISSING:
        return "needed"
    return "optional" if default is None else f"`{json.dumps(default)}`"


def _message_rows() -> list[tuple[str, ...]]:
    return [
        (
            f"`{name}`",
            _ARROWS[cls.TO_DAEMON, cls.TO_CLIENT],
            (cls.__doc__ or "").split("\n")[0],
        )
        for name, cls in MESSAGES.items()
    ]


def _limit_rows() -> str:
    values = limits.limits_for_welcome()
    rows = [(f"`{name}`", str(values[name]), registry.LIMIT_WORDS[name]) for name in values]
    return _table(("name", "default", "meaning"), rows)


def _parameter_table() -> str:
    rows = [
        (
            f"`{name}`",
            f"{bounds.minimum:g} to {bounds.maximum:g}",
            f"{bounds.default:g}",
            _PARAMETER_WORDS[name],
        )
        for name, bounds in PARAMETERS.items()
    ]
    return _table(("parameter", "range", "default", "meaning"), rows)


def _nvidia_parameter_table() -> str:
    ranges = {row.name: (row.minimum, row.maximum, row.unit) for row in FACE_PARAMETERS.values()}
    ranges |= {name: (bounds.minimum, bounds.maximum, "") for name, bounds in LAYERED.items()}
    rows = [
        (f"`{name}`", f"{low:g} to {high:g}", unit or "factor")
        for name, (low, high, unit) in ranges.items()
    ]
    words = (
        "Streams of regression and diffusion bundles take these in place of the above; each bundle "
        "brings its own defaults. `saccadeSeed` is where in the table of saccades the eyes begin; "
        "as in the SDK it may lie between two rows. The last four are ours: `emotionStrength` "
        "scales the emotion that the network is told, `idleStrength` lays blinks, gaze and brow "
        "accents on top (0, none, is the default in `mode: burst`, 1 in `mode: live`) and the "
        "other two scale those.\n\n"
    )
    return words + _table(("parameter", "range", "unit"), rows)


_HEARD_WORDS: Final = {
    "emotionContrast": "Gain of what the emotion network says.",
    "maxEmotions": "Only so many of the strongest emotions are kept; a whole number.",
    "liveBlendCoef": "Weight of the frame before.",
    "enablePreferredEmotion": "1: mix the preferred emotion in, 0: do not. Until it is set: from "
    "the first `emotion` key on, or always when `emotion` of `open_stream` is not all zeros.",
    "preferredEmotionStrength": "Share of the preferred emotion.",
    "liveTransitionTime": "Seconds over which the emotion follows.",
    "emotionStrength": "Factor of the emotion heard.",
}


def _automatic_emotion_table() -> str:
    heard = EmotionModel(
        name="",
        version="",
        licence="",
        parameters=PostProcessParameters(),
        window_limits_samples=WINDOW_LIMITS_SAMPLES,
        backend=cast("Backend", None),  # names and ranges need no network
    ).stream_parameters()
    rows = [
        (f"`{name}`", f"{bounds.minimum:g} to {bounds.maximum:g}", _HEARD_WORDS[name])
        for name, bounds in heard.items()
    ]
    words = (
        "Streams opened with `automatic_emotion` take these too; the defaults are those of the "
        "emotion model.\n\n"
    )
    return words + _table(("parameter", "range", "meaning"), rows)


def _emotion_table() -> str:
    rows = [(str(index), f"`{name}`") for index, name in enumerate(EMOTIONS)]
    words = "The order is that of the ten weights of an `emotion` key; neutral is all zeros.\n\n"
    return words + _table(("index", "emotion"), rows)


def _rig_rows() -> list[tuple[str, ...]]:
    tables = [load_table(name) for name in shipped_names()]
    return [(f"`{each.name}`", str(len(each.names)), each.title) for each in tables]


def _encoding_table() -> str:
    rows = {
        "int16": "Signed 16-bit integers; 32 768 is full scale.",
        "float32": "IEEE 754 single precision; 1.0 is full scale.",
    }
    return _named({name: rows[name] for name in messages.ENCODINGS})


def _named(words: dict[str, str]) -> str:
    return _table(("name", "meaning"), [(f"`{name}`", text) for name, text in words.items()])


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [titles, ["---"] * len(list(titles)), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _words_below(module: ModuleType, class_name: str = "") -> dict[str, str]:
    """Return the string literal beneath each assignment of a module, or of one class in it."""
    body: list[ast.stmt] = ast.parse(inspect.getsource(module)).body
    if class_name:
        body = next(
            node.body for node in body if isinstance(node, ast.ClassDef) and node.name == class_name
        )
    words = {}
    for node, below in pairwise(body):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_text:
            text = inspect.cleandoc(str(below.value.value))  # type: ignore[attr-defined]
            words[node.target.id] = " ".join(text.split())
    return words

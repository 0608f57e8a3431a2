"""What can be configured: one frozen dataclass per section, each field with its rule and words.

The names are those of `config.toml`; `facewire config explain` prints this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

from facewire.inference.providers import HELP
from facewire.protocol import limits
from facewire.protocol.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a setting may be."""

    words: str
    """What it does, in a sentence."""
    minimum: int | float = 0
    maximum: int | float = 0
    choices: tuple[str, ...] = ()
    live: bool = False
    """True: SIGHUP applies a new value without a restart."""


def _number(default: int, words: str, minimum: int, maximum: int, *, live: bool = False) -> Any:
    return field(
        default=default,
        metadata={"rule": Rule(words=words, minimum=minimum, maximum=maximum, live=live)},
    )


def _text(default: str, words: str, choices: tuple[str, ...] = (), *, live: bool = False) -> Any:
    return field(default=default, metadata={"rule": Rule(words=words, choices=choices, live=live)})


@dataclass(frozen=True, kw_only=True)
class DaemonSettings:
    """Section `[daemon]`."""

    instance: str = _text("default", "Name of this daemon; clients find it by this name.")
    model: str = _text(
        "embedded", "Model of streams that name none: a name, or the path of a bundle's folder."
    )
    load: str = _text(
        "",
        "More models loaded at start, names or folders, with commas between or one to a line "
        "(then commas are theirs); empty: none.",
    )
    emotion_model: str = _text(
        "",
        "Audio2Emotion model that hears emotions for streams that ask: a name, or a folder; "
        "empty: none.",
    )
    noise: str = _text(
        "constant",
        "Noise of diffusion models: the same in every window, or fresh in each.",
        ("constant", "varying"),
    )
    provider: str = _text("cpu", f"What runs the networks: {HELP}")
    mappings: str = _text(
        "", "Folder of curve tables of your own (*.json), read again when they change; empty: none."
    )
    workers: int = _number(0, "Inference threads; 0: a quarter of the cores, 1 to 4.", 0, 64)


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Section `[network]`."""

    tcp: int = _number(
        -1, "Port on 127.0.0.1 in place of the local socket; 0: any free one; -1: none.", -1, 65_535
    )
    remote: str = _text("", "tcp://HOST:PORT for clients with keys (CURVE); empty: none.")


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Section `[limits]`."""

    sessions: int = _number(limits.MAX_SESSIONS, "Sessions admitted.", 1, 4096, live=True)
    streams: int = _number(limits.MAX_STREAMS, "Streams of all sessions.", 1, 4096, live=True)
    streams_per_session: int = _number(
        limits.MAX_STREAMS_PER_SESSION, "Streams of one session.", 1, 4096, live=True
    )
    credit_s: int = _number(
        limits.CREDIT_S, "Seconds of audio a client may be ahead.", 1, 60, live=True
    )
    ring_bytes: int = _number(
        limits.RING_BYTES, "Size of one ring, two per session; 0: no rings.", 0, 64 * 2**20
    )
    rings_total_bytes: int = _number(
        limits.MAX_RINGS_BYTES, "All rings together.", 0, 2**40, live=True
    )
    idle_session_s: int = _number(
        limits.IDLE_SESSION_S, "Seconds of silence after which a session ends.", 2, 3600, live=True
    )
    drain_s: int = _number(
        limits.DRAIN_S, "Seconds that streams may finish after SIGTERM.", 0, 300, live=True
    )
    live_age_ms: int = _number(
        250, "Age at which a frame of a `live` stream is dropped.", 20, 10_000, live=True
    )


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """Section `[log]`."""

    level: str = _text(
        "info", "Least severity written.", ("debug", "info", "warning", "error"), live=True
    )
    format: str = _text(
        "auto", "`json` lines, `rich` text, or by whether stderr is a terminal.",
        ("auto", "json", "rich"),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that can be configured."""

    daemon: DaemonSettings = DaemonSettings()
    network: NetworkSettings = NetworkSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()


SECTIONS: Final = {
    "daemon": DaemonSettings,
    "network": NetworkSettings,
    "limits": LimitSettings,
    "log": LogSettings,
}

RULES: Final[dict[str, Rule]] = {
    f"{section}.{item.name}": item.metadata["rule"]
    for section, cls in SECTIONS.items()
    for item in fields(cls)
}
"""Full name (`limits.sessions`) → rule."""

DEFAULTS: Final[dict[str, Any]] = {
    f"{section}.{item.name}": item.default
    for section, cls in SECTIONS.items()
    for item in fields(cls)
}
"""Full name → built-in value, a whole number or text."""


def listed(text: str) -> list[str]:
    """Return the entries of a setting such as `daemon.load`: lines, or parts between commas."""
    parts = text.splitlines() if "\n" in text else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def check(name: str, value: object, source: str) -> int | str:
    """Return `value` of the setting `name` in its type; text is parsed for numbers.

    Args:
        name: Full name, one of `RULES`.
        value: As TOML, the environment or a flag gave it.
        source: Where it came from, for the error.

    Raises:
        ConfigError: the value has the wrong type or is out of range.
    """
    rule = RULES[name]
    if isinstance(DEFAULTS[name], int):
        return _check_number(name, rule, value, source)
    if not isinstance(value, str) or "\0" in value:
        raise ConfigError(f"{name} must be text, not {value!r} ({source}).")
    if rule.choices and value not in rule.choices:
        raise ConfigError(
            f"{name} must be one of {', '.join(rule.choices)}, not {value} ({source})."
        )
    return value


def _check_number(name: str, rule: Rule, value: object, source: str) -> int:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise ConfigError(f"{name} must be a whole number, not {value!r} ({source}).") from None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name} must be a whole number, not {value!r} ({source}).")
    if not rule.minimum <= value <= rule.maximum:
        raise ConfigError(
            f"{name} must be {rule.minimum} to {rule.maximum}, not {value} ({source})."
        )
    return value

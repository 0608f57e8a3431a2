"""What became of the files of one `facewire animate`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facewire.tools.clips import Clip


@dataclass(frozen=True, kw_only=True)
class MadeBy:
    """What made the frames of a run."""

    model: str
    version: str
    """"" where a daemon made them, which does not say."""
    identity: str
    """"" for a model of one face without a name."""
    variant: str
    """Of the network; "": the original."""
    provider: str
    emotion_model: str = ""
    """What heard the emotions; "": nothing did."""
    emotion_variant: str = ""

    @property
    def words(self) -> str:
        """Return all that is worth a word, in one line."""
        parts = [f"{self.model} {self.version}".rstrip(), f"on {self.provider}"]
        if self.identity:
            parts.insert(1, f"as {self.identity}")
        if self.variant:
            parts.insert(1, f"({self.variant})")
        if self.emotion_model:
            variant = f" ({self.emotion_variant})" if self.emotion_variant else ""
            parts[-1] += f", emotions heard by {self.emotion_model}{variant}"
        return " ".join(parts)


@dataclass
class Outcome:
    """What became of one file; the entries of `--json`."""

    clip: Clip
    frames: int = 0
    seconds: float = 0.0
    elapsed_s: float = 0.0
    sanitised: bool = False
    repaired: bool = False
    error: str = ""
    made_by: MadeBy | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entry of `files`, or of `failures` when there is an error."""
        if self.error:
            return {"input": str(self.clip.source), "error": self.error}
        return {
            "input": str(self.clip.source),
            "output": str(self.clip.output),
            "frames": self.frames,
            "seconds": round(self.seconds, 6),
            "real_time_factor": _factor(self.elapsed_s, self.seconds),
            "audio_sanitised": self.sanitised,
            "network_repaired": self.repaired,
        }


@dataclass
class Summary:
    """All outcomes of a run."""

    done: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    made_by: MadeBy | None = None
    """None where nothing was made."""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        seconds = sum(each.seconds for each in self.done)
        elapsed_s = sum(each.elapsed_s for each in self.done)
        return {
            "files": [each.as_json() for each in self.done],
            "failures": [each.as_json() for each in self.failed],
            "frames": sum(each.frames for each in self.done),
            "seconds": round(seconds, 6),
            "real_time_factor": _factor(elapsed_s, seconds),
            "made_by": asdict(self.made_by) if self.made_by else None,
        }


def _factor(elapsed_s: float, seconds: float) -> float:
    return round(elapsed_s / seconds, 6) if seconds else 0.0

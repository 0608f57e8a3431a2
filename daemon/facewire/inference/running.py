"""How the networks of a model are run: by what, on how many threads, who hears of long waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.inference.backend import OrtBackend
from facewire.inference.providers import parse_provider
from facewire.inference.sessions import tried_providers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    Progress: TypeAlias = Callable[[str, float], None]
    """Gets what is being done, in words, and the seconds since it began."""


@dataclass(frozen=True)
class Running:
    """What the networks of one model have in common."""

    provider: str = "cpu"
    """As it was asked for: see `providers`."""
    threads: int = 1
    """Of each network."""
    on_progress: Progress | None = None
    """See `OrtBackend`."""

    @property
    def proven_on(self) -> str:
        """The provider that a variant must have been measured on; cards and options do not matter.

        Raises:
            ProviderError: no such provider or option.
        """
        choice = parse_provider(self.provider)
        return tried_providers(choice)[0] if choice.name == "auto" else choice.name

    def backend(
        self,
        network: bytes | str | Path,
        *,
        output: str = "",
        free_axes: Mapping[str, tuple[int, int, int]] | None = None,
    ) -> OrtBackend:
        """Load a network; arguments and errors as of `OrtBackend`."""
        return OrtBackend(
            network,
            self.provider,
            threads=self.threads,
            output=output,
            free_axes=free_axes,
            on_progress=self.on_progress,
        )

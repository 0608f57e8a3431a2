"""Where settings come from, lowest first: built in, site, user, `--config`, environment, flags.

The environment spells `section.name` as `FACEWIRE_SECTION__NAME`; variables without the double
underscore (such as `FACEWIRE_RUNTIME_DIR`) are no settings. An unknown name anywhere is an error
that says which known one is nearest: a misspelt limit must not be a limit that silently is not.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facewire.daemon.settings import DEFAULTS, RULES, SECTIONS, Config, check
from facewire.protocol.errors import ConfigError

SITE_FILE: Final = Path("/etc/facewire/config.toml")
MAX_FILE_BYTES: Final = 256 * 1024
PREFIX: Final = "FACEWIRE_"


@dataclass(frozen=True)
class Loaded:
    """A configuration and where each of its values comes from."""

    config: Config
    sources: dict[str, str]
    """Full name → `default`, a file, a variable, or `flag`."""

    def value(self, name: str) -> int | str:
        """Return the value of a full name such as `limits.sessions`."""
        section, key = name.split(".")
        found: int | str = getattr(getattr(self.config, section), key)
        return found


def user_file() -> Path:
    """Return where the user's own settings lie; the file need not exist."""
    import platformdirs

    return platformdirs.user_config_path("facewire") / "config.toml"


def load(
    *,
    file: Path | None = None,
    environment: Mapping[str, str],
    flags: Mapping[str, int | str | None] | None = None,
    site: Path = SITE_FILE,
    user: Path | None = None,
) -> Loaded:
    """Return the settings in force.

    Args:
        file: A file named by `--config`; it must exist, the site's and user's need not.
        environment: Usually `os.environ`.
        flags: Full name → value given on the command line; None: not given.
        site: The machine's file.
        user: The user's file; default `user_file()`.

    Raises:
        ConfigError: a name is unknown, a value out of range, or a file is not TOML.
    """
    values: dict[str, int | str] = dict(DEFAULTS)
    sources = dict.fromkeys(values, "default")
    layers = [
        (str(path), _from_file(path, needed=path == file))
        for path in (site, user_file() if user is None else user, file)
        if path is not None
    ]
    for source, found in layers:
        for name, value in found.items():
            values[name], sources[name] = check(name, value, source), source
    for variable, name in _variables(environment).items():
        values[name] = check(name, environment[variable], variable)
        sources[name] = variable
    for name, given in (flags or {}).items():
        if given is not None:
            values[name], sources[name] = check(name, given, "flag"), "flag"
    return Loaded(_config(values), sources)


def _config(values: Mapping[str, int | str]) -> Config:
    sections: dict[str, Any] = {
        section: cls(
            **{
                name.partition(".")[2]: value
                for name, value in values.items()
                if name.startswith(f"{section}.")
            }
        )
        for section, cls in SECTIONS.items()
    }
    return Config(**sections)


def _from_file(path: Path, *, needed: bool) -> dict[str, object]:
    """Return the full names and raw values in a TOML file; none when it may be missing and is."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        if needed:
            raise ConfigError(f"there is no configuration file {path}.") from None
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}.") from error
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES} bytes.")
    try:
        parsed = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    return _flat(parsed, path)


def _flat(parsed: Mapping[str, object], path: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for section, entries in parsed.items():
        if section not in SECTIONS:
            raise _unknown(section, SECTIONS, str(path))
        if not isinstance(entries, Mapping):
            raise ConfigError(f"{section} must be a section, [{section}], in {path}.")
        for key, value in entries.items():
            name = f"{section}.{key}"
            if name not in RULES:
                raise _unknown(name, RULES, str(path))
            found[name] = value
    return found


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variable → full name for each setting in the environment."""
    known = {variable_of(name): name for name in RULES}
    found = {}
    for variable in environment:
        if variable.startswith(PREFIX) and "__" in variable:
            if variable not in known:
                raise _unknown(variable, known, "the environment")
            found[variable] = known[variable]
    return found


def variable_of(name: str) -> str:
    """Return the environment variable of a full name: `log.level` is `FACEWIRE_LOG__LEVEL`."""
    return PREFIX + name.upper().replace(".", "__")


def unknown_setting(name: str) -> ConfigError:
    """Return the error that names the nearest setting to a name that is none."""
    return _unknown(name, {**RULES, **SECTIONS}, "no such name")


def _unknown(name: str, known: Mapping[str, object], source: str) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]}?" if near else "Run `facewire config explain` for the list."
    return ConfigError(f"there is no setting {name} ({source}).", hint=hint)

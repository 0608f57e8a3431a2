"""`facewire config`: the settings in force, where they come from, what they mean."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from facewire.daemon.config import Loaded
    from facewire.daemon.settings import Rule


@click.group()
def config() -> None:
    """Show the configuration, its files and what each setting means.

    Settings come, lowest first, from Facewire itself, the site's file, your file, `--config`,
    variables such as FACEWIRE_LOG__LEVEL, and flags. An unknown name in a file, or
    of a variable with two underscores, is an error.
    """


file_option = click.option(
    "--config", "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="Also read this file, as `facewire serve --config` does.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@config.command()
@file_option
@json_option
def show(*, file: Path | None, as_json: bool) -> None:
    """Print the settings in force as TOML, each with where it comes from."""
    from facewire.daemon.settings import RULES

    loaded = _load(file)
    if as_json:
        told = {
            name: {"value": loaded.value(name), "source": loaded.sources[name]} for name in RULES
        }
        click.echo(json.dumps(told))
        return
    section = ""
    for name in RULES:
        if name.partition(".")[0] != section:
            click.echo(f"{chr(10) if section else ''}[{name.partition('.')[0]}]")
            section = name.partition(".")[0]
        source = loaded.sources[name]
        comment = "" if source == "default" else f"  # from {source}"
        click.echo(f"{name.partition('.')[2]} = {json.dumps(loaded.value(name))}{comment}")


@config.command()
@json_option
def path(*, as_json: bool) -> None:
    """Print the files settings are read from, lowest first, and whether they exist."""
    from facewire.daemon.config import SITE_FILE, user_file

    files = {"site": SITE_FILE, "user": user_file()}
    if as_json:
        told = {name: {"path": str(at), "exists": at.is_file()} for name, at in files.items()}
        click.echo(json.dumps(told))
        return
    for name, at in files.items():
        click.echo(f"{name}  {at}{'' if at.is_file() else '  (not there)'}")


@config.command()
@click.argument("name", required=False)
@json_option
def explain(*, name: str | None, as_json: bool) -> None:
    """Say what each setting does, or only NAME, such as `limits.sessions` or `log`."""
    from facewire.daemon.config import unknown_setting, variable_of
    from facewire.daemon.settings import DEFAULTS, RULES

    wanted = [each for each in RULES if name is None or each == name or each.startswith(f"{name}.")]
    if not wanted:
        raise unknown_setting(str(name))
    if as_json:
        told = {each: _explained(RULES[each], DEFAULTS[each], variable_of(each)) for each in wanted}
        click.echo(json.dumps(told))
        return
    for each in wanted:
        rule = RULES[each]
        click.secho(each, bold=True, nl=False)
        click.echo(f" = {json.dumps(DEFAULTS[each])}   {_values(rule, DEFAULTS[each])}")
        click.echo(f"    {rule.words}")
        restart = "" if rule.live else "; needs a restart"
        click.echo(f"    {variable_of(each)}{restart}")


def _explained(rule: Rule, default: int | str, variable: str) -> dict[str, object]:
    return {
        "default": default,
        "values": _values(rule, default),
        "words": rule.words,
        "variable": variable,
        "needs_restart": not rule.live,
    }


def _values(rule: Rule, default: int | str) -> str:
    if rule.choices:
        return " | ".join(rule.choices)
    return f"{rule.minimum} to {rule.maximum}" if isinstance(default, int) else "text"


def _load(file: Path | None) -> Loaded:
    from facewire.daemon.config import load

    return load(file=file, environment=os.environ)

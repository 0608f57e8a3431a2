"""`facewire mapping list` and `show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from facewire.tools.mapping.options import as_json

if TYPE_CHECKING:
    from facewire.mapping.table import CurveRule, MappingTable


@click.command("list")
@as_json
def list_tables(*, as_json: bool) -> None:
    """List the tables that come with Facewire.

    `back` says how many of the 71 face curves can be read off the rig again, by `convert`.
    """
    from facewire.mapping.shipped import load_table, shipped_names
    from facewire.tools.mapping.words import counts

    tables = [load_table(name) for name in shipped_names()]
    if as_json:
        told = [{**_head(table), **counts(table)} for table in tables]
        click.echo(json.dumps({"tables": told}))
        return
    width = max((len(table.name) for table in tables), default=4)
    click.secho(f"{'name':{width}}  curves  back   mouth  ", bold=True, nl=False)
    click.secho("what it is", bold=True)
    for table in tables:
        count = counts(table)
        back = f"{count['read_back']}/{count['inputs']}"
        line = f"{table.name:{width}}  {count['curves']:>6}  {back:>5}  {table.mouth_close:5}"
        click.echo(f"{line}  {table.title}")


@click.command()
@click.argument("table_name", metavar="NAME")
@click.argument("curve", required=False)
@as_json
def show(*, table_name: str, curve: str | None, as_json: bool) -> None:
    """Show how each curve of table NAME is made.

    With CURVE, only that curve of the rig; or, for one of ARKit's names, where it goes.
    """
    from facewire.mapping.shipped import load_table

    table = load_table(table_name)
    if curve is not None:
        _show_one(table, curve, as_json=as_json)
    elif as_json:
        told = {**_head(table), "about": table.about, "at_rest": table.at_rest}
        curves = [_curve(table, rule) for rule in table.curves]
        click.echo(json.dumps({**told, "drops": dict(table.drops), "curves": curves}))
    else:
        _print_table(table)


def _head(table: MappingTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "version": table.version,
        "mouth_close": table.mouth_close,
    }


def _curve(table: MappingTable, rule: CurveRule) -> dict[str, Any]:
    from facewire.mapping.mirrors import mirrors
    from facewire.tools.mapping.words import recipe

    mirror = mirrors(table)[rule.name]
    return {
        "name": rule.name,
        "recipe": recipe(rule),
        "from": {term.input: term.gain for term in rule.terms},
        "ratio": None if rule.ratio is None else vars(rule.ratio),
        "offset": rule.offset,
        "response": rule.response,
        "range": rule.limits,
        "mirror": None if mirror is None else mirror.curve,
        "by": rule.by,
        "why": rule.why,
    }


def _print_table(table: MappingTable) -> None:
    from facewire.tools.mapping.words import MOUTH_WORDS, counts, recipe

    count = counts(table)
    click.secho(f"{table.name} {table.version}", bold=True, nl=False)
    _say(f"  {table.title}")
    if table.about:
        _say(table.about)
    _say(
        f"{count['curves']} curves from {count['inputs_used']} of {count['inputs']} inputs; "
        f"{MOUTH_WORDS[table.mouth_close]}.\n"
    )
    width = min(max(map(len, table.names)), 48)
    rests = {share.rest for share in table.shares}
    still = [rule for rule in table.curves if not rule.is_fed and rule.name not in rests]
    for rule in table.curves:
        if rule.is_fed:
            _say(f"{rule.name:{width}}  {recipe(rule)}")
    for share in table.shares:
        rest = f", what is left goes to {share.rest}" if share.rest else ""
        _say(f"\nSum of {', '.join(share.curves)} held to {share.limit:g}{rest}.")
    if still:
        _say(f"\nAt rest ({len(still)}): {table.at_rest}")
        _say("  " + " ".join(rule.name for rule in still))
    if table.drops:
        _say(f"\nGo nowhere ({len(table.drops)}):")
    for reason in dict.fromkeys(table.drops.values()):
        _say(f"  {' '.join(n for n, why in table.drops.items() if why == reason)}: {reason}")


def _show_one(table: MappingTable, name: str, *, as_json: bool) -> None:
    from facewire.mapping.inputs import INPUTS, known_input, nearest, same_name
    from facewire.protocol.errors import MappingError
    from facewire.tools.mapping.words import readback_words, uses

    rules = [rule for rule in table.curves if same_name(rule.name) == same_name(name)]
    known = known_input(name)
    if not rules and known is None:
        near = nearest(name, (*table.names, *INPUTS))
        raise MappingError(
            f"{table.name} has no curve {name!r}, and there is no such input.",
            hint=f"Did you mean {near!r}?" if near else f"facewire mapping show {table.name}",
        )
    if as_json:
        told: dict[str, Any] = {"table": table.name}
        if rules:
            told["curve"] = _curve(table, rules[0])
        if known is not None:
            reach = [rule.name for rule, _ in uses(table, known)]
            told["input"] = {"name": known, "goes_to": reach, "dropped": table.drops.get(known),
                             "read_back": readback_words(table, known)}  # fmt: skip
        click.echo(json.dumps(told))
        return
    for rule in rules:
        _print_rule(table, rule)
    if known is not None:
        _print_input(table, known)


def _print_rule(table: MappingTable, rule: CurveRule) -> None:
    from facewire.mapping.fields import printable
    from facewire.mapping.mirrors import mirrors
    from facewire.tools.mapping.words import recipe

    click.secho(printable(rule.name), bold=True, nl=False)
    _say(f" = {recipe(rule)}")
    for term in rule.terms:
        said = term.why or table.sources.get(term.by, "")
        if said:
            _say(f"    {term.input}: {said}")
    for text in (rule.why, table.sources.get(rule.by, "")):
        if text:
            _say(f"    {text}")
    mirror = mirrors(table)[rule.name]
    if mirror is not None and mirror.curve != rule.name:
        _say(f"    its other side is {mirror.curve}")


def _print_input(table: MappingTable, name: str) -> None:
    from facewire.tools.mapping.words import readback_words, unit, uses

    click.secho(name, bold=True, nl=False)
    _say(f" ({unit(name)}) goes to")
    found = uses(table, name)
    for rule, words in found:
        _say(f"    {rule.name}  {words}")
    if not found:
        _say(f"    no curve: {table.drops.get(name, 'no reason is given')}")
    _say(f"  and {readback_words(table, name)}")


def _say(text: str) -> None:
    """Print what holds words of a table: of a file that may come from anywhere."""
    from facewire.mapping.fields import printable

    click.echo("\n".join(map(printable, text.split("\n"))))

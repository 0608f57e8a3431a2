"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click


def output_path(_context: click.Context, _option: click.Parameter, text: str) -> Path:
    """Return the path of -o; `-` is the standard output."""
    return Path("/dev/stdout" if text == "-" else text)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
output = click.option(
    "-o", "--output", metavar="OUT", required=True, callback=output_path,
    help="File to write (-: standard output).",
)  # fmt: skip
source_mouth_close = click.option(
    "--source-mouth-close", "mouth_close", type=click.Choice(["arkit", "a2f"]), default="arkit",
    show_default=True,
    help="What mouthClose is in the source: relative to an open jaw, or with the jaw in it.",
)  # fmt: skip

"""How the weights of a bundle's faces come: without its vertices, or why not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from facewire.tools.diagnosis.report import Check, Finding, ok, skipped, warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.inference.family import Family

_CONNECT_S: Final = 2.0


def weight_routes(family: Family) -> list[dict[str, Any]]:
    """Return the route of every face's skin and tongue; empty for a direct model.

    `difference` is the largest one of a weight, found when the folded matrices were compared with
    the vertices; None where there is nothing to fold.
    """
    from facewire.inference.solved_family import SolvedFamily

    if not isinstance(family, SolvedFamily):
        return []
    return [
        {
            "identity": face.name,
            "part": name,
            "route": part.route,
            "reason": part.reason,
            "difference": part.check.worst if part.check else None,
            "bytes": part.nbytes,
        }
        for face in family.faces
        for name, part in (("skin", face.weights.skin), ("tongue", face.weights.tongue))
        if part is not None
    ]


def all_weights(instance: str, configured: Sequence[str]) -> Finding:
    """Say by which route the weights of every model come that is configured, served or added.

    Args:
        instance: Of the daemon whose models are looked at, where it runs.
        configured: Names or folders of models.
    """
    from facewire.bundles.user_models import user_models

    added = [name for name, model in user_models().items() if model.family != "emotion"]
    served = served_models(instance)
    findings = {}
    for model in dict.fromkeys([*configured, *served, *added]):
        if model in served and not _is_known(model, added):
            findings[model] = skipped("served from a folder, which is not told here")
        else:
            findings[model] = Check("weights", partial(weights, model)).run()
    text = "; ".join(f"{model}: {finding.text.rstrip('.')}" for model, finding in findings.items())
    for status in ("failed", "warning"):
        for model, finding in findings.items():
            if finding.status == status:
                return replace(finding, text=text, fix=f"{model}: {finding.fix}")
    return ok(text)


def served_models(instance: str) -> list[str]:
    """Return what the daemon of an instance serves; nothing where none answers."""
    from facewire.protocol.client import Client
    from facewire.protocol.errors import FacewireError

    try:
        with Client.connect(instance=instance, reconnect_s=_CONNECT_S, name="doctor") as client:
            return [str(each["name"]) for each in client.models()]
    except FacewireError:  # the check `daemon` tells of it
        return []


def _is_known(model: str, added: Sequence[str]) -> bool:
    from facewire.bundles import list_bundles

    return model.partition("@")[0] in (*list_bundles(), *added)


def weights(model: str) -> Finding:
    """Load a model, by its name or folder, and say by which route its weights come."""
    from facewire.inference.loading import load_model
    from facewire.tools.model_place import located, path_hint

    with path_hint(model):
        loaded = load_model(located(model))
    if loaded.family_name == "direct":
        return ok("the network gives them itself")
    routes = weight_routes(loaded.family)
    if not routes:
        return warning("the bundle has no solver", "Ask its streams for geometry.")
    slow = [each for each in routes if each["route"] == "masked"]
    if any(each["difference"] is not None for each in slow):
        said = "; ".join(f"{each['identity']} {each['part']}: {each['reason']}" for each in slow)
        return warning(
            f"by fitted vertices, for the folded matrices are off. {said}",
            "Frames are right, at some ten times the cost. `facewire models verify` checks files.",
        )
    if slow:
        return ok(f"by fitted vertices: {slow[0]['reason']}")
    worst = max(each["difference"] for each in routes)
    return ok(f"without vertices, at most {worst:.1e} from those that vertices give")

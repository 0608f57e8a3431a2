"""How the weights of a bundle's faces come: without its vertices, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facewire.tools.diagnosis.report import Finding, ok, warning

if TYPE_CHECKING:
    from facewire.inference.family import Family


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


def weights(model: str) -> Finding:
    """Load the model and say by which route its weights come."""
    from facewire.inference.loading import load_model

    loaded = load_model(model)
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

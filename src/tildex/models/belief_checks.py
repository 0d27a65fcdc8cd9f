"""Checks that pairs and a top machine can form a belief network."""

from __future__ import annotations

from collections.abc import Sequence

from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.pair import Pair
from tildex.units import Units

__all__ = ["check_joints", "check_top"]


def check_top(top: BoltzmannMachine) -> None:
    """Refuse a machine that cannot be the top of a belief network."""
    if set(top.visible) != set(top.sides[0]) or top.visible[0] != 0 or (0, 1) not in top.edges:
        raise ValueError(
            "expected a top machine whose layer 0 is visible and connected to layer 1, and whose hidden layers connect "
            f"only to visible ones, got visible layers {top.visible} and edges {top.edges}"
        )
    if len(top.visible) == 1:
        return
    label = top.layers[top.visible[1]]
    if len(top.visible) > 2 or not label.units.finite or label.units.n_variables(label.size) != 1:
        raise ValueError(
            "expected one label layer besides layer 0, of one finite variable such as Categorical(10) with size 10, "
            f"got {len(top.visible) - 1} layers, the first of {label.size} {label.units!r} units"
        )


def check_joints(pairs: Sequence[Pair], top: BoltzmannMachine) -> None:
    """Refuse pairs if a layer's size or family differs between the parts below and above."""
    above: list[tuple[Units, int | None]] = []
    for pair in pairs[1:]:
        weight = pair.decoder.map.affine_weight()
        above.append((pair.decoder.family, None if weight is None else weight.shape[0]))
    if pairs:
        above.append((top.layers[0].units, top.layers[0].size))
    for depth, (pair, (units, size)) in enumerate(zip(pairs, above, strict=True), 1):
        weight = pair.encoder.map.affine_weight()
        ours = None if weight is None else weight.shape[0]
        if type(units) is not type(pair.encoder.units) or (size and ours and size != ours):
            raise ValueError(
                f"hidden layer {depth} is {ours} {pair.encoder.units!r} units from below and {size} {units!r} from "
                "above: they must be the same"
            )

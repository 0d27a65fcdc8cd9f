r"""Rows with unknown visible values, NaN: they are treated as hidden units.

.. math:: P(v_{\text{known}}) = \sum_{v_{\text{missing}}, h} P(v, h)

Where whole visible layers are unknown, rows with the same known layers form a group, and each group uses the same
machine with fewer visible layers, so mean field, bounds and weights apply unchanged. Where single values are, mean
field holds the known ones fixed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.graph import Clamp, Graph
from tildex.models.boltzmann.mean_field import CONVERGED, mean_field
from tildex.models.boltzmann.posterior import Posterior
from tildex.units import Units

__all__ = [
    "GroupedPosterior",
    "draw_unknown",
    "filled",
    "groups",
    "infer",
    "knowing",
    "posterior_of",
    "presence",
    "visible_means",
]

# Passes of mean field before a chain: a second would cost as much as a Gibbs step, which also moves the chain on.
_PASSES = 1


def knowing(machine: Graph, visible: Sequence[int]) -> Graph:
    """Return the machine with only those layers visible, over the same weights."""
    changed = copy.copy(machine)
    changed.visible = tuple(visible)
    changed.hidden = tuple(k for k in range(len(machine.layers)) if k not in changed.visible)
    return changed


def presence(machine: Graph, x: Tensor) -> Tensor:
    """Return a mask of the known visible layers of each row, shape (batch, visible layers).

    Example
    -------
    >>> from tildex.maps import Coupling
    >>> from tildex.models import BoltzmannMachine, Layer
    >>> from tildex.units import Bernoulli
    >>> layers = [Layer(Bernoulli(), n) for n in (2, 1, 3)]
    >>> edges = {(k, 2): Coupling(layers[k].size, 3, generator=Generator(0)) for k in (0, 1)}
    >>> machine = BoltzmannMachine(layers, edges, visible=(0, 1))
    >>> presence(machine, torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, torch.nan]]))
    tensor([[ True,  True],
            [ True, False]])
    """
    return torch.stack([~part.isnan().any(-1) for part in machine.split(x).values()], 1)


def groups(machine: Graph, x: Tensor, known: Tensor) -> Iterator[tuple[Tensor, Graph, Tensor]]:
    """Yield each group of rows with the same known layers: row indices, the machine with these visible, and columns.

    Parameters
    ----------
    machine : Graph
        Any machine.
    x : Tensor of shape (batch, columns)
        Rows of the visible layers.
    known : boolean Tensor of shape (batch, visible layers)
        Which layers to treat as known, at least one per row.

    Raises
    ------
    ValueError
        If a row has no known layer.
    """
    places = 2 ** torch.arange(known.shape[1], device=x.device)
    codes = (known * places).sum(1)
    if bool((codes == 0).any()):
        row = int((codes == 0).nonzero()[0, 0])
        raise ValueError(f"nothing is known of row {row}: give at least one modality of every row")
    parts = list(machine.split(x).values())
    for code in codes.unique().tolist():
        rows = (codes == code).nonzero()[:, 0]
        there = [i for i in range(len(machine.visible)) if code >> i & 1]
        columns = torch.cat([parts[i][rows] for i in there], 1)
        yield rows, knowing(machine, [machine.visible[i] for i in there]), columns


def infer(machine: Graph, x: Tensor, *, n_steps: int = 50, tol: float = 1e-5) -> list[Tensor]:
    """Return values or mean-field means of every layer given the known values of each row, shape (batch, size) each."""
    if _complete(x):
        return mean_field(machine, machine.split(x), n_steps=n_steps, tol=tol)
    if not by_layer(machine, x):
        return mean_field(machine, {}, n_steps=n_steps, tol=tol, partly=clamp_of(machine, x))
    state = [x.new_empty(len(x), layer.size) for layer in machine.layers]
    for rows, known, columns in groups(machine, x, presence(machine, x)):
        found = mean_field(known, known.split(columns), n_steps=n_steps, tol=tol)
        for layer, values in zip(state, found, strict=True):
            layer[rows] = values.to(layer.dtype)
    return state


def by_layer(machine: Graph, x: Tensor) -> bool:
    """Say whether each of several visible layers is known or unknown as a whole, in every row."""
    parts = [part.isnan() for part in machine.split(x).values()]
    return len(parts) > 1 and all(bool((part.any(-1) == part.all(-1)).all()) for part in parts)


def clamp_of(machine: Graph, x: Tensor) -> Clamp:
    """Return the known values of rows as a clamp: unknown ones, NaN, are free."""
    return {k: (part.nan_to_num(), ~part.isnan()) for k, part in machine.split(x).items()}


@torch.no_grad()
def draw_unknown(machine: Graph, x: Tensor, generator: Generator, *, n_steps: int = 5) -> Tensor:
    """Return rows with unknown values drawn by Gibbs sampling given the known ones, which are clamped.

    The gradient of log P(known values) is the mean of the gradient of log P(row) over such draws. Chains start
    near the mean field, so that few steps are enough.

    Parameters
    ----------
    machine : Graph
        Any machine whose visible families have independent units.
    x : Tensor of shape (batch, columns)
        Rows; NaN means unknown.
    generator : Generator
        Draws everything.
    n_steps : int
        Gibbs steps.
    """
    unknown = x.isnan().any(-1)
    if not bool(unknown.any()):
        return x

    def draw(units: Units, inputs: Tensor) -> Tensor:
        return units.sample(inputs, generator)

    clamp = clamp_of(machine, x[unknown])
    state = mean_field(machine, {}, n_steps=_PASSES, tol=0.0, partly=clamp)
    order = (0, 1) if machine.visible[0] in machine.sides[1] else (1, 0)
    for _ in range(n_steps):
        state = machine.sweep(state, draw, order=order, clamp=clamp)
    result = x.clone()
    result[unknown] = torch.cat([state[k] for k in machine.visible], 1)
    return result


def filled(machine: Graph, x: Tensor) -> Tensor:
    """Return rows of the visible layers with unknown values replaced by means."""
    if _complete(x):
        return x
    state = infer(machine, x)
    return torch.cat([state[k] for k in machine.visible], 1)


def visible_means(machine: Graph, state: Sequence[Tensor], clamp: Clamp | None = None) -> Tensor:
    """Return the visible layers' means given their neighbours in ``state``, concatenated; clamped values stay."""
    means = []
    for k in machine.visible:
        units, inputs = machine.layers[k].units, machine.inputs(k, state)
        if clamp is None or k not in clamp:
            means.append(units.mean(inputs))
            continue
        values, known = clamp[k]
        units, inputs = units.given(inputs, values, known)
        means.append(torch.where(known, values, units.mean(inputs)))
    return torch.cat(means, 1)


class GroupedPosterior:
    """The posterior over hidden layers if rows know different layers: one posterior per group of rows.

    Parameters
    ----------
    machine, x, n_steps, tol
        As in :class:`Posterior`; unknown layers are NaN.
    """

    def __init__(
        self, machine: Graph, x: Tensor, *, n_steps: int = CONVERGED["n_steps"], tol: float = CONVERGED["tol"]
    ) -> None:
        self.n_rows = len(x)
        self.groups = [
            (rows, Posterior(known, columns, n_steps=n_steps, tol=tol))
            for rows, known, columns in groups(machine, x, presence(machine, x))
        ]

    @property
    def exact(self) -> bool:
        """Whether everything hidden is summed out, in every row."""
        return all(posterior.exact for _, posterior in self.groups)

    def bound(self) -> Tensor:
        """Return the variational bound on the log-probability of the known values, before subtracting log Z."""
        return self._over(Posterior.bound)

    def log_weight(self, generator: Generator) -> Tensor:
        """Return one log importance weight of each row's known values."""
        return self._over(lambda posterior: posterior.log_weight(generator))

    def _over(self, function: Callable[[Posterior], Tensor]) -> Tensor:
        values = [function(posterior) for _, posterior in self.groups]
        total = values[0].new_empty(self.n_rows)
        for (rows, _), value in zip(self.groups, values, strict=True):
            total[rows] = value
        return total


def posterior_of(machine: Graph, x: Tensor) -> Posterior | GroupedPosterior:
    """Return the posterior over hidden layers, whether or not all visible layers are known."""
    grouped = not _complete(x) and by_layer(machine, x)
    return GroupedPosterior(machine, x) if grouped else Posterior(machine, x)


def _complete(x: Tensor) -> bool:
    """Say whether all visible layers are known in all rows."""
    return not bool(x.isnan().any())

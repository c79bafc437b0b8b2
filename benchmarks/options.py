"""What a run is asked to do, handed from the command to each part's process."""

from __future__ import annotations

import dataclasses
import json

LABELS = {"gnn": "GNN", "knn": "KNN", "session": "Session"}
MODELS = tuple(LABELS)
SIZES = (100_000, 300_000, 1_000_000, 3_000_000)


class Missing(Exception):
    """A part cannot be measured here; the message says what it needs. Not a failure: it is skipped."""


@dataclasses.dataclass(frozen=True)
class Options:
    """seeds: of the models. epochs: None for each model's own number. quick: try the code, believe no number.

    sizes: interactions of the synthetic worlds. kept: a folder where trained models stay for the run.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    epochs: int | None = None
    quick: bool = False
    sizes: tuple[int, ...] = SIZES
    kept: str | None = None

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Options:
        fields = json.loads(text)
        return cls(**fields | {name: tuple(fields[name]) for name in ("seeds", "sizes")})


def smoke(options: Options) -> Options:
    """The same parts in a few minutes: one seed, one epoch, small worlds."""
    return dataclasses.replace(options, seeds=options.seeds[:1], epochs=1, sizes=(10_000, 30_000), quick=True)

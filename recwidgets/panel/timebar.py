"""The slider over the epochs, with the accuracy curve behind it: where a training went, and which epoch is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from ..page.elements import button, slider
from ..training import TrainingHistory

WIDTH, HEIGHT, EDGE = 1000.0, 100.0, 4.0  # of the picture, stretched to the room there is; EDGE: above and below
SKETCHED = 120  # points of it
POINTS = 300  # at most so many points of a curve travel to the browser


def time_bar(
    history: TrainingHistory, epoch: int, newest: int, baseline: float | None, playing: bool, live: bool
) -> Markup:
    """Play, and the epochs on a line that is as long as the plan. epoch: the one looked at, 0 = none yet.

    baseline: popularity's accuracy, dashed. live: the page follows a training.
    """
    total, few = max(history.total, newest, 1), newest < 2
    words = "no epoch yet" if not newest else f"epoch {epoch} of {newest}" + (" · live" if live else "")
    share = 0.0 if total == 1 else (max(epoch, 1) - 1) / (total - 1)
    return Markup(
        '<div class="rw-epoch">{play}<div class="rw-timebar">{curve}{bar}'
        '<span class="rw-thumb" style="--part:{share:.4f}" aria-hidden="true">{epoch}</span></div>'
        '<output class="rw-hidden">{words}</output></div>'
    ).format(
        play=button(
            "■" if playing else "▶", "play", off=few, classes="rw-small rw-play", title="Replay the epochs",
            name="Stop the replay" if playing else "Replay the epochs",
        ),
        share=share, curve=curve(history, epoch, total, baseline), epoch=epoch or "–", words=words,
        bar=slider("epoch", max(epoch, 1), 1, total, name="Epoch shown", said=words, off=few,
                   stops=[event.step for event in history.events]),
    )  # fmt: skip


def curve(history: TrainingHistory, epoch: int, total: int, baseline: float | None, k: int = 10) -> Markup:
    """The accuracy (or, where it was not measured, the loss) by epoch, as a filled line; pale after the epoch shown."""
    x, y = thin(*history.curve(f"top_{k}_accuracy"), SKETCHED)
    if not len(x):
        (x, y), baseline = thin(*history.curve("loss"), SKETCHED), None
    if not len(x):
        return Markup('<svg class="rw-curve-line" aria-hidden="true"></svg>')
    known = np.append(y, [] if baseline is None else [baseline])
    low, high = float(known.min()), float(known.max())
    low -= 0.15 * (high - low)
    span = (high - low) or 1.0

    def at(step: float, value: float) -> tuple[float, float]:
        across = 0.0 if total == 1 else WIDTH * (step - 1) / (total - 1)
        return across, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / span

    points = [at(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    dash = Markup("")
    if baseline is not None:
        level = at(1, baseline)[1]
        dash = Markup('<path class="rw-dash" d="M0 {y:.1f}H{x:.0f}"/>').format(y=level, x=WIDTH)
    here = points[0][0] if not epoch else at(epoch, low)[0]
    return Markup(
        '<svg class="rw-curve-line" viewBox="0 0 {w:.0f} {h:.0f}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="rw-area" d="{area}"/>{dash}<path class="rw-stroke" d="{line}"/>'
        '<rect class="rw-later" x="{here:.1f}" y="0" width="{rest:.1f}" height="{h:.0f}"/></svg>'
    ).format(
        w=WIDTH, h=HEIGHT, dash=dash, line=path(points), here=here, rest=max(WIDTH - here, 0),
        area=path([(points[0][0], HEIGHT), *points, (points[-1][0], HEIGHT)]) + "Z",
    )  # fmt: skip


def thin(steps: list[int], values: list[float], points: int = POINTS, keep: int = 0) -> tuple[Any, Any]:
    """Evenly chosen points, the first, the last and the epoch `keep` always among them; NaN is left out."""
    x, y = np.asarray(steps, np.float64), np.asarray(values, np.float64)
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    if len(x) > points:
        even = np.linspace(0, len(x) - 1, points).round().astype(int)
        chosen = np.union1d(even, np.flatnonzero(x == keep))
        x, y = x[chosen], y[chosen]
    return x, y


def path(points: Any) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)

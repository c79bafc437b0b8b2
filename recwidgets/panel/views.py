"""From where a panel stands to what its regions say: pure functions, one a region. No widget, no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ..core import Knob, worded
from ..page import markup
from ..page.elements import cut
from ..page.markup import Status
from ..page.terms import term
from ..reasons.share import PersonalCurve
from ..why._base import Selected
from . import selector, waiting
from .all_users import AllUsers
from .editor import editor
from .goal import Goal
from .ranks import RankHistory
from .show import Shown, names
from .state import State, World
from .timebar import time_bar
from .training import Training

BACK = "Back to the trained model"
START_ANEW = "Starts anew, from nothing: the epochs trained here are kept, and a button under the list brings them back"
FROM_NOTHING = f"Trains a copy, from nothing: {BACK}, under the list, brings back the model shown now"
ONE_EPOCH = f"One epoch of a copy, from nothing: {BACK}, under the list, brings back the model shown now"
NOT_KNOWN = "Trained elsewhere: for how long is not known. Pass history=… to see it."
GIVE_HISTORY = "rw.fit returns the history: rw.Panel(data, model=model, history=history)"
FEW = 30  # users: of fewer, an accuracy says next to nothing
ID = 12  # characters of a user's id in a heading, beside the epoch


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a page shows. all_users, as_trained: what was measured of all users, None = not (yet).

    taste: what less of all users' taste does to all users, None = as trained, or not (yet) known.
    baseline: popularity's accuracy on the validation rows, None = not known. ranks: of the kept epochs,
    None while no place for them is open. alike: how similar what reaches two users is, hop by hop, at the epoch
    shown; () where it is not (yet) known, None for a model without hops.
    """

    world: World
    state: State
    training: Training
    shown: Shown
    setup: str = ""
    goal: Goal | None = None
    measuring: bool = False
    all_users: AllUsers | None = None
    as_trained: AllUsers | None = None
    baseline: float | None = None
    ranks: RankHistory | None = None
    measuring_taste: bool = False
    taste: PersonalCurve | None = None
    alike: tuple[float, ...] | None = None

    @property
    def epoch(self) -> int:
        """The epoch that is looked at, 0 for none, or for one that is not known."""
        return self.training.number(self.state.epoch)

    @property
    def live(self) -> bool:
        """Does the page follow a training?"""
        return self.state.epoch is None and self.training.state == "running"


def about_data(world: World) -> str:
    data, split = world.data, world.split
    whole = len(split.train) + len(split.validation) + len(split.test)
    rows = "ratings" if data.has_ratings else "interactions"
    return f"{data.name} · {data.n_users:,} users × {data.n_items:,} {data.noun}s · {whole:,} {rows}"


def status(world: World, training: Training) -> Status:
    """What the header says of the training."""
    if training.state == "running":
        if training.step == 0 and not training.progress:
            return Status(*waiting.words(training.waited, training.loading, training.waited_before), 0.0)
        left = "" if training.seconds_left is None else f"{training.seconds_left:.0f} s left"
        left = ", ".join(part for part in (left, training.backend) if part)
        return Status(f"Training {min(training.step + 1, training.total)} of {training.total}", left, training.progress)
    if training.state == "paused":
        if not training.holds:
            return Status("Pausing …", "Train goes on", training.progress)
        return Status(f"Paused after {training.step} of {training.total}", "Train goes on", training.progress)
    if training.ended == "failed":
        return Status("Failed" + (f" after epoch {training.newest}" if training.here else ""), bad=True)
    if training.history.last is None:
        return Status("Not trained yet")
    if not training.here:
        before = "trained before" if training.history.counted else "trained elsewhere"
        return Status("Ready", "pretrained" if world.pretrained else before)
    whole = f"trained here with {training.backend}" if training.backend else ""
    return Status("Stopped" if training.ended == "stopped" else "Ready", "trained here", whole=whole)


def top(scene: Scene) -> Markup:
    return markup.top(scene.world.label, who(scene.world, scene.state, scene.shown.person))


def who(world: World, state: State, person: Any) -> Markup:
    """The selector and who is shown; also in a comparison."""
    about = selector.facts(world.data, world.data.user_index(state.user), state.edited)
    own = person.user is None
    options = selector.user_options(world.data, state.typed, state.wrong)
    typed = ("You" if own else f"User {state.user}") if state.typed is None else state.typed
    return markup.who(about, typed, options, state.wrong, state.own, state.drawer == "edit")


def own_history(world: World, state: State, goal: Markup, refused: int | None = None) -> Markup:
    """The editor, where it is open. refused: the film of a goal, which adding it does not reach."""
    if state.drawer != "edit" and not state.wide:
        return Markup("")
    return editor(world, state, goal, refused)


def whom_edited(state: State) -> str:
    """Whose history the editor shows: for another one it begins at its top."""
    return "you" if state.own else f"user {state.user}"


def goal_line(scene: Scene) -> Markup:
    """What an exercise asks for, and how far it is; nothing without a goal."""
    if scene.goal is None:
        return Markup("")
    edits = 0 if scene.state.edited is None else scene.state.edited.edits
    clue = markup.link("Clue", "clue", goal_item(scene), title="What its viewers rated, more than others")
    return scene.goal.line(scene.shown.answer, edits, clue)


def goal_item(scene: Scene) -> int | None:
    return None if scene.goal is None else scene.world.data.item_by_title(scene.goal.title)


def when(scene: Scene) -> str:
    """Which epoch is looked at."""
    newest = scene.training.newest
    if not scene.training.history.counted:
        return "epochs not known"
    return f"epoch {scene.epoch} of {newest}" if newest else "no epoch yet"


def whom(scene: Scene) -> str:
    """Whose list it is."""
    return "you" if scene.shown.person.user is None else f"user {cut(str(scene.state.user), ID)}"


def whose(scene: Scene) -> str:
    return "your" if scene.shown.person.user is None else "the user’s"


def heading(scene: Scene) -> Markup:
    """Whose list it is, and of when."""
    answer, state = scene.shown.answer, scene.state
    return Markup('Top {} for {} · <span class="rw-when{}">{}</span>').format(
        10 if answer is None else len(answer.top), whom(scene), "" if state.epoch is None else " rw-past", when(scene)
    )


def ranking(scene: Scene, slots: Any) -> Markup:
    shown = scene.shown
    return markup.ranking(
        shown.answer, shown.rank, slots, shown.empty, heading(scene), shown.moved, shown.parts
    )  # fmt: skip


def selected(scene: Scene) -> Selected:
    """What the region of the reason shows."""
    shown, state = scene.shown, scene.state
    dropped = () if state.edited is None else tuple(names(scene.world, list(state.edited.dropped)))
    return Selected(
        shown.answer, shown.item, shown.rank, shown.explanation, shown.reason, shown.difference, shown.fault, state.tab,
        state.opened, state.rival, state.rival_typed, dropped, state.wide,
        None if state.gone is None else state.gone[0], shown.away, state.rival_wrong,
    )  # fmt: skip


def transport(scene: Scene, spoken: str) -> Markup:
    """Training, the time line with the accuracy behind it, and the model's own knob, in one strip."""
    world, state, training = scene.world, scene.state, scene.training
    status_now = status(world, training)
    buttons = markup.train_buttons(training.state, *before_train(training))
    if starts_anew(training) and training.ended != "failed":  # said where the button is, before it is pressed
        status_now = status_now._replace(next="Step starts over")
    at = markup.state_of_training(status_now, when(scene), state.epoch is not None, spoken)
    own, knob = own_knob(training), Markup("")
    if own is not None:
        own = _worded(own, world)
        value = state.values(world)[own.name]
        told = "" if scene.alike is None else markup.alike_by_hop(scene.alike, int(own.high), float(value))
        knob = markup.own_knob(own, value, training.state != "idle", told)
    return buttons + at + time_line(scene) + accuracy(scene) + knob


def starts_anew(training: Training) -> bool:
    """Would Train begin a new training, though one was already run here?"""
    return training.here and training.state == "idle" and training.newest > 0


def back_to(epochs: int) -> str:
    return "Back to that epoch" if epochs == 1 else f"Back to the {epochs} epochs"


def leaves_given(training: Training) -> bool:
    """Would Train begin the first training here, of a copy, while the page shows what the model came with?"""
    return not training.here and training.state == "idle" and training.newest > 0


def before_train(training: Training) -> tuple[str, str]:
    """What Train and Step do, where they do not go on from what is shown: the titles of their buttons."""
    if leaves_given(training):
        return FROM_NOTHING, ONE_EPOCH
    return (START_ANEW, START_ANEW) if starts_anew(training) else ("", "")


def own_knob(training: Training) -> Knob | None:
    """The knob that stands beside the time line: the first that answers at once and has a slider."""
    return next((knob for knob in training.knobs if knob.instant and not knob.choices), None)


def _worded(knob: Knob, world: World) -> Knob:
    """A knob that speaks of items as the data do."""
    return knob._replace(hint=worded(world.data, knob.hint), unit=worded(world.data, knob.unit))


def time_line(scene: Scene) -> Markup:
    """The slider over the epochs; where they are not known, or the model cannot go back, a sentence instead."""
    training = scene.training
    if not training.history.counted:
        return Markup('<p class="rw-cap rw-epoch rw-no-epochs" title="{}">{}</p>').format(GIVE_HISTORY, NOT_KNOWN)
    if training.newest and not training.rewindable:
        text = f"{training.model.label} cannot go back to earlier epochs: it has no method at(snapshot)."
        return Markup('<p class="rw-cap rw-epoch rw-no-epochs">{}</p>').format(text)
    return time_bar(
        training.history, scene.epoch, training.newest, scene.baseline, scene.state.playing, scene.live
    )  # fmt: skip


def accuracy(scene: Scene) -> Markup:
    """The accuracy at the epoch shown, and what to compare it with."""
    x, y = scene.training.history.curve("top_10_accuracy")
    known = dict(zip(x, y, strict=True))
    here, turned = known.get(scene.epoch, float("nan")), accuracy_now(scene)
    if not len(scene.world.split.validation):
        return Markup('<div class="rw-accuracy">{}: no<br>{}</div>').format(term("accuracy"), term("validation rows"))
    first = per_cent(here) if np.isfinite(here) else "–"
    second: str = ""
    if scene.baseline is not None:
        second = Markup("{} {}").format(term("popularity"), per_cent(scene.baseline))
    if turned is not None:
        if not np.isfinite(here):  # the epochs were not measured; this may have been, beside
            if scene.as_trained is not None:
                first = per_cent(scene.as_trained.accuracy)
            elif scene.taste is not None and not scene.measuring:  # no knob is turned
                first = per_cent(scene.taste.accuracy[0])
        first, second = per_cent(turned), f"as trained {first}"
    n, words = measured_on(scene.world)
    few = n < FEW
    return Markup(
        '<div class="rw-accuracy" title="measured on {}">{} <b>{}</b><br>{}<br><small{}>{}</small></div>'
    ).format(
        words, term("accuracy"), first, second, Markup(' class="rw-few"') if few else "",
        f"{people(n)}: too few" if few else f"of {people(n)}",
    )  # fmt: skip


def per_cent(share: float) -> str:
    """ "3.7 %", and "100 %" without a decimal, which there is no room for."""
    text = f"{100 * share:.1f}"
    return f"{text.removesuffix('.0') if len(text) > 4 else text} %"


def people(n: int) -> str:
    return "1 user" if n == 1 else f"{n:,} users"


def measured_on(world: World) -> tuple[int, str]:
    """How many users the accuracy is measured on, and the same in words, with what a small number means."""
    rows = world.split.validation
    n, ratings = int(np.count_nonzero(np.diff(rows.by_user.indptr))), len(rows)
    words = f"{ratings:,} rating{'' if ratings == 1 else 's'} of {people(n)}"
    return n, f"{words}: fewer than {FEW}, too few to tell" if n < FEW else words


def handles(scene: Scene) -> Markup:
    """The drawers; the goal of an exercise, or else which data they are."""
    return markup.handles(scene.state.drawer, about_data(scene.world), goal_line(scene))


def more(scene: Scene) -> Markup:
    """The settings of the next training, the model's knobs, and what can be taken away."""
    training, state = scene.training, scene.state
    busy = training.state != "idle"
    settings = [
        ("epochs", "Epochs", state.epochs, 1, max(60, state.epochs), str(state.epochs), busy),
    ]
    rates, rate = training.rates, state.rate or training.rate
    if rate is not None:  # nothing to set for a model without one
        here = int(np.argmin([abs(known - rate) for known in rates]))
        settings.append(("rate", "Learning rate", here, 0, len(rates) - 1, f"{rates[here]:g}", busy))
    hint = "Reset to change these." if busy else "For the next training."
    others = [_worded(knob, scene.world) for knob in training.knobs if knob is not own_knob(training)]
    rows = markup.knob_rows(others, state.values(scene.world), busy, all_users(scene))
    tools = markup.tools(scene.setup, state.moving, scene.shown.answer is not None)
    replay = markup.tempo(state.tempo, training.newest < 2 or not training.rewindable)
    back = ""
    if training.earlier:
        which = "epoch" if training.earlier == 1 else f"{training.earlier} epochs"
        back = markup.button(f"Back to the {which} of the training before", "trained-before", classes="rw-small")
    return Markup("<h3>Settings</h3>{}{}{}{}{}").format(markup.settings(settings, hint), back, replay, rows, tools)


def all_users(scene: Scene) -> Markup:
    """What the knobs do to all users; nothing while none was turned."""
    now = scene.all_users
    if now is None:
        return (
            Markup("Ranking all {}s for all users …").format(scene.world.data.noun) if scene.measuring else Markup("")
        )
    text = f"On average two users share {now.shared:.1f} of their {now.depth} {scene.world.data.noun}s"
    if scene.as_trained is not None:
        text += f" (as trained: {scene.as_trained.shared:.1f})"
    return Markup("{}.{}").format(text, markup.alike(now.alike))


def accuracy_now(scene: Scene) -> float | None:
    """The accuracy of the lists as they are now: with turned knobs, or with less of all users' taste."""
    if scene.state.alpha and scene.taste is not None:
        return float(scene.taste.accuracy[1])
    now = scene.all_users
    return None if now is None or scene.as_trained is None or np.isnan(now.accuracy) else now.accuracy

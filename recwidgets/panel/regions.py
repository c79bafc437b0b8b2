"""The page of one panel: its widgets, made once, and what each of them shows of a scene."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import ipywidgets

from .._found import classes_in, named_classes
from ..page import markup
from ..page.page import Handler, Page, Region
from ..protocols import Neighbours
from ..why._base import Selected, Why
from . import views
from .bump import Bump, Listed
from .changes import sentence
from .curve import Curve
from .opening import box
from .share_view import share_line
from .views import Scene

if TYPE_CHECKING:  # bqplot takes its time: a panel's frame is on the page before
    from ..charts._base import Chart


class Regions:
    """The widgets of a panel; `paint(scene)` gives each what it has to show, where that has changed."""

    def __init__(self, model: Any, chart: Chart, handler: Handler) -> None:
        self.header = Page("rw-header", "rw-user", handler=handler, probe=True)
        self.transport = Region("rw-transport", "rw-controls", handler=handler)
        self.chart, self.chart_head, self.chart_foot = chart, Region(), Region()
        self.list = Region("rw-list", handler=handler)
        self.share = Region("rw-shared-line", handler=handler)
        self.note = Region("rw-message", handler=handler)
        self.why = why_for(model, handler)
        self.editor = Region("rw-own", "rw-drawer", "rw-drawer-edit", handler=handler)
        self.curve, self.bump = Curve(), Bump(handler)
        self.more = Region("rw-more-settings", "rw-drawer", "rw-drawer-more", handler=handler)
        self.handles = Region("rw-handles", handler=handler)
        chart_box = box(ipywidgets.VBox, "rw-chart", self.chart_head, chart.figure, self.chart_foot)
        list_box = box(ipywidgets.VBox, "rw-list-column", self.list, self.note, self.share)
        for name in ("rw-drawer", "rw-drawer-curves"):
            self.curve.widget.add_class(name)
        body = box(
            ipywidgets.GridBox,
            "rw-body",
            chart_box,
            list_box,
            self.why.widget,
            self.editor,
            self.curve.widget,
            self.bump.widget,
            self.more,
        )
        self.children = [self.header, self.transport, body, self.handles]
        self._painted: dict[str, Hashable] = {}

    def held(self) -> list[Any]:
        """All that holds widgets, on the page or not: charts and pictures have marks that are put aside."""
        return [*self.children, self.chart, self.why, self.curve, self.bump]

    def _once(
        self, name: str, key: Hashable, show: Callable[[], None], instead: Callable[[str], None] | None = None
    ) -> None:
        """Call `show` unless it was called for this key last time. instead: says what went wrong, in the same place."""
        if self._painted.get(name) == key:
            return
        self._painted[name] = key
        try:
            show()
        except Exception as error:
            if instead is None:
                raise
            instead(sentence(error))

    def paint(self, scene: Scene, spoken: str) -> None:
        shown, state, training = scene.shown, scene.state, scene.training
        self._once("motion", state.moving, lambda: self._animate(state.moving))
        self._once("room", state.wide, lambda: self.chart.fit(state.wide))
        answered = (shown.answer, shown.rank, shown.previous if shown.outlined else None)
        self._once("chart", answered, lambda: self._paint_chart(scene), self._no_chart)
        self.list.show(views.ranking(scene, self._slots()))
        selected = views.selected(scene)
        why = (*(getattr(selected, name) for name in selected.__dataclass_fields__),)
        self._once("why", why, lambda: self.why.show(selected), lambda fault: self._no_why(selected, fault))
        whose = (state.user, state.edited, state.typed, state.wrong, state.drawer)
        self._once("who", whose, lambda: self.header.show(views.top(scene)))
        self.transport.show(views.transport(scene, spoken))
        own = views.own_history(scene.world, state, views.goal_line(scene), views.goal_item(scene))
        self.editor.show(own, views.whom_edited(state))
        self.note.show(markup.message(shown.message))
        self.share.show(share_line(scene))
        self.handles.show(views.handles(scene))
        turned = views.accuracy_now(scene)
        measured = views.measured_on(scene.world)[1] if len(scene.world.split.validation) else ""
        curve = (training.history, scene.epoch, scene.baseline, turned, measured)
        if state.wide or state.drawer == "curves":
            self.curve.unfold()
        if state.wide or state.drawer == "ranks":
            self.bump.unfold()
        self._once("curve", curve, lambda: self.curve.show(*curve))
        self.more.show(views.more(scene))
        self._paint_ranks(scene)

    def _animate(self, moving: bool) -> None:
        self.chart.animate(moving)
        self.why.animate(moving)

    def _paint_chart(self, scene: Scene) -> None:
        shown, chart = scene.shown, self.chart
        chart.show(shown.answer, shown.rank, shown.previous if shown.outlined else None)
        said = chart.caption(shown.answer), chart.sentence(shown.answer)
        self.chart_head.show(markup.chart_head(chart.title, *said))
        self.chart_foot.show(chart.foot(shown.answer))

    def _paint_ranks(self, scene: Scene) -> None:
        shown, every, whom = scene.shown, scene.state.every, views.whom(scene)
        top = () if shown.answer is None else tuple(shown.answer.top.tolist())
        mine = (
            "neighbours"
            if isinstance(scene.training.model, Neighbours)
            else f"{views.whose(scene)} {scene.world.data.noun}s"
        )
        list_shown = Listed(top, shown.item, tuple(self._slots().items()), whom, mine)
        data, epoch = scene.world.data, scene.epoch
        key = (scene.ranks, list_shown, epoch, every)
        self._once("ranks", key, lambda: self.bump.show(scene.ranks, data, list_shown, epoch, every))

    def _no_chart(self, fault: str) -> None:
        """A chart of the learner's own that cannot draw this answer: the rest of the page goes on."""
        self.chart_head.show(markup.chart_head(str(self.chart.title), f"This chart could not be drawn: {fault}", fault))
        self.chart_foot.show("")

    def _slots(self) -> dict[int, int]:
        try:
            return self.chart.slots()
        except Exception:  # said where the chart is
            return {}

    def _no_why(self, selected: Selected, fault: str) -> None:
        said = f"This explanation could not be drawn: {fault}"
        self.why.show(replace(selected, fault=said, explanation=None, reason=None, difference=None))


def default_chart(model: Any) -> type[Chart]:
    """The chart that the model names, else a pie. Raises ValueError for a name that is none."""
    from ..charts._base import Chart

    known, name = named_classes("charts", Chart), getattr(model, "chart", "pie")
    if not isinstance(name, str) or name not in known:
        words = ", ".join(map(repr, known))
        raise ValueError(f"a model's chart must be one of {words}, got {name!r}; or give rw.Panel(…, chart=…)")
    return cast("type[Chart]", known[name])


def why_for(model: Any, handler: Handler) -> Why:
    """The picture that fits what the model can tell of itself, else the sum alone."""
    fitting = (why for why in classes_in("why", Why) if callable(getattr(model, why.needs, None)))
    return cast("Why", next(fitting, Why)(handler))

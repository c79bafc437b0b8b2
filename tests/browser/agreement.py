"""What a page shows of a panel beside what the kernel says of it: chart, list, reason and curve are one answer.

`TOLD` is the first cell of a notebook; `agrees` raises AssertionError where the page says something else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import labpage
import pytest
from panelpage import PanelPage
from playwright.sync_api import Page

# What the kernel says: the panel's public values, and its model, asked anew for the person who is shown.
TOLD = """
import json
import numpy as np, recwidgets as rw

def told(panel):
    parts = {"user": panel.user, "own": panel.person.user is None}
    return json.dumps(parts | (compared(panel) if isinstance(panel, rw.ComparePanel) else one(panel)))

def asked(model, panel, answer):
    scores = np.asarray(model.scores(panel.person), np.float64).copy()
    scores[np.concatenate([panel.person.history, answer.excluded]).astype(int)] = -np.inf
    best = [n for n in np.argsort(-scores, kind="stable").tolist()[:10] if np.isfinite(scores[n])]
    return scores, best

def one(panel):
    answer, history, newest = panel.shown.answer, panel.history, panel.training.newest
    found = {"epoch": panel.epoch, "newest": newest, "state": panel.training.state, "rows": []}
    numbers = history.metrics.get(panel.epoch, {})
    found["curve"] = [numbers.get("loss"), numbers.get("top_10_accuracy")]
    if answer is None:
        return found
    scores, best = asked(panel.model, panel, answer)
    item = panel.shown.item
    parts = panel.model.explain(panel.person, panel.data.items[item]).parts
    return found | {
        "rows": [[str(panel.data.titles[n]), scores[n]] for n in best], "film": str(panel.data.titles[item]),
        "score": scores[item], "sentence": panel.chart.sentence(answer), "parts": sum(part.value for part in parts),
    }

def compared(panel):
    found, film = {}, panel.state.item
    for name, answer in panel.answers.items():
        if answer is not None:
            scores, best = asked(panel.models[name], panel, answer)
            film = best[0] if film is None else film
            seen = film in panel.person.history or film in answer.excluded
            rank = None if seen else 1 + int(np.sum(scores > scores[film]) + np.sum(scores[:film] == scores[film]))
            found[panel.models[name].label] = {
                "rows": [[str(panel.data.titles[n]), scores[n]] for n in best], "rank": rank,
                "score": float(model_score(panel.models[name], panel, film)),
            }
    return {"lists": found, "film": None if film is None else str(panel.data.titles[film])}

def model_score(model, panel, film):
    return np.asarray(model.scores(panel.person))[film]
"""

SHOWN = {"abs": 0.006, "rel": 0.001}  # how far a printed score may be from the model's: large ones have fewer digits
# Run in the notebook's kernel, in no cell; what it prints.
RUN = """async code => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false, silent: false});
    let said = '';
    future.onIOPub = ({header, content}) => {
        if (header.msg_type === 'stream' && content.name === 'stdout') said += content.text;
        if (header.msg_type === 'error') said += content.ename + ': ' + content.evalue + content.traceback.join('\\n');
    };
    await future.done;
    return said.trim();
}"""

# The training curve as it is drawn, in the units of its axes: where the marker stands, and the dot on the line.
CURVE = """figure => {
    const number = text => parseFloat(text.replace('−', '-').replace('–', '-'));
    const at = e => e.getAttribute('transform').match(/\\(([^)]*)\\)/)[1].split(/[ ,]+/).map(Number);
    const [across, up] = [...figure.querySelectorAll('.svg-background .axis')].map((axis, n) => {
        const ticks = [...axis.querySelectorAll('.tick')].map(t => [at(t)[n] - 0.5, number(t.textContent)]);
        const [a, b] = [ticks[0], ticks.at(-1)];
        return px => a[1] + (px - a[0]) * (b[1] - a[1]) / (b[0] - a[0]);
    });
    const lines = [...figure.querySelectorAll('path.line')].map(line =>
        [...(line.getAttribute('d') || '').matchAll(/[ML]([^,ML]+),([^MLZ]+)/g)].map(p => [+p[1], +p[2]]));
    const upright = lines.filter(points => points.length === 2 && points[0][0] === points[1][0]);
    const curve = lines.at(-1);
    const blue = group => group.querySelector('.dot')?.style.fill.includes('accent');  // a diamond is of turned knobs
    const dots = [...figure.querySelectorAll('.object_grp')].filter(blue).map(at);
    const dot = dots[0];
    const near = dot && Math.min(...curve.map(([x, y]) => Math.hypot(x - dot[0], y - dot[1])));
    return {
        marker: upright.map(points => across(points[0][0])), points: curve.length,
        dot: dot ? [across(dot[0]), up(dot[1])] : null, dots: dots.length, off: near ?? 0,
    };
}"""


def in_kernel(page: Page, code: str) -> str:
    return str(page.evaluate(RUN, code))


def told(page: Page, name: str) -> dict[str, Any]:
    """name: the variable that holds the panel in the kernel."""
    said = in_kernel(page, f"print(told({name}))")
    assert said.startswith("{"), f"the kernel says: {said}"
    found: dict[str, Any] = json.loads(said)
    return found


def agree(panel: PanelPage) -> dict[str, Any]:
    """Wait until the page shows what the kernel says, and nothing else; what that is."""
    page = panel.page
    if panel.kind == "compare":
        return labpage.eventually(page, lambda: compare(panel, told(page, panel.kind)), timeout=30_000)
    panel.root.locator(".rw-tab[data-value=why]").click()
    panel.wait("panel => !/rw-tab-(not|go|sum)/.test(panel.querySelector('.rw-why').className)")
    labpage.eventually(page, lambda: all_layers(panel))
    curves, handle = panel.root.locator(".rw-curve .bqplot").first, panel.root.locator(".rw-handle-curves")
    hidden = not curves.is_visible()
    if hidden:  # on a page without room for them, they lie over chart and list
        handle.click()
        curves.wait_for()
    found = labpage.eventually(page, lambda: agrees(panel, told(page, panel.kind)), timeout=30_000)
    if hidden:
        handle.click()
        curves.wait_for(state="hidden")
    return found


def all_layers(panel: PanelPage) -> None:
    """Let the graph network's reason add up all its layers, where a learner let it show fewer."""
    fewer = panel.root.locator(".rw-why .rw-layers button:last-child[aria-pressed=false]")
    if fewer.count():
        fewer.click()
        raise AssertionError("not all layers are shown")


def agrees(panel: PanelPage, kernel: dict[str, Any]) -> dict[str, Any]:
    """One person, one epoch, one film and one set of numbers in header, list, chart, reason, time line and curves."""
    assert panel.root.locator(".rw-dead").count() == 0, panel.text(".rw-dead")
    heading, facts, newest = panel.heading(), panel.text(".rw-facts"), kernel["newest"]
    assert re.search(r"for (you|user \S+)", heading)[0] == (
        "for you" if kernel["own"] else f"for user {kernel['user']}"
    )  # type: ignore[index]
    assert facts.startswith("You" if kernel["own"] else f"User {kernel['user']}")
    when = f"epoch {kernel['epoch']} of {newest}" if newest else "no epoch yet"
    assert heading.endswith(when) and panel.epoch().removesuffix(" · live") == when
    assert panel.text(".rw-timebar .rw-thumb") == (str(kernel["epoch"]) if newest else "–")
    check_curves(panel, kernel)
    rows = panel.rows()
    assert [title for title, _ in rows] == [title for title, _ in kernel["rows"]]
    assert [score for _, score in rows] == pytest.approx([score for _, score in kernel["rows"]], **SHOWN)
    if rows:
        check_chart(panel, kernel)
        chosen = panel.root.locator(".rw-list [data-row][aria-pressed=true]").evaluate_all("r => r.map(e => e.title)")
        assert chosen == [kernel["film"]] and panel.text(".rw-why h3") == f"Why {kernel['film']}?"
        parts, total = panel.sum_of_parts()
        assert sum(parts) == pytest.approx(total, abs=0.0006), "as shown, to the last digit"
        assert [total, kernel["parts"]] == pytest.approx([kernel["score"]] * 2, **SHOWN)
    return kernel


def check_chart(panel: PanelPage, kernel: dict[str, Any]) -> None:
    """The drawn shapes are what the chart says in words, the kernel's own; the pie's are what the scores make."""
    titles, scores = zip(*kernel["rows"], strict=True)
    assert panel.sentence() == kernel["sentence"]
    if panel.kind == "gnn":
        shares = percentages(scores)
        *films, others = panel.slices()
        drawn = [100 * share for share in sorted(films, reverse=True)]
        first = [*shares[:3], *[0.0] * (3 - len(shares[:3]))]
        assert [*drawn, *[0.0] * (3 - len(drawn))] == pytest.approx(first, abs=0.3)
        assert 100 * others == pytest.approx(sum(shares[3:]), abs=0.3)
        assert panel.said(list(titles[:3])) == pytest.approx(shares[:3], abs=0.11)
        return
    said = panel.said(list(titles))
    heights = panel.polygon()[1:-1] if panel.kind == "knn" else panel.columns()
    unit = max(heights) / max(said) if max(said) else 0.0
    assert heights == pytest.approx([unit * number for number in said], abs=2)


def percentages(scores: Sequence[float]) -> list[float]:
    """The softmax within the list."""
    weights = [math.exp(score - scores[0]) for score in scores]
    return [100 * weight / sum(weights) for weight in weights]


def check_curves(panel: PanelPage, kernel: dict[str, Any]) -> None:
    """Marker and dot of both curves stand at the epoch, at the number that was measured there; so say the captions."""
    figures = panel.root.locator(".rw-curve .bqplot")
    for n, (value, digits) in enumerate(zip(kernel["curve"], (3, 1), strict=True)):
        caption = panel.root.locator(".rw-curve .rw-cap").nth(n).inner_text()
        if not kernel["newest"]:
            assert caption.startswith("no epoch yet")
            continue
        drawn = figures.nth(n).evaluate(CURVE)
        shown = f"{100 * value:.{digits}f} %" if n else f"{value:.{digits}f}"
        assert caption.startswith(f"epoch {kernel['epoch']}: {shown}"), caption
        assert drawn["marker"] == pytest.approx([kernel["epoch"]], abs=0.01) and drawn["dots"] == 1, drawn
        assert drawn["dot"] == pytest.approx([kernel["epoch"], 100 * value if n else value], rel=0.01), drawn
        assert drawn["off"] < 0.1, "the dot is on the curve"


def compare(panel: PanelPage, kernel: dict[str, Any]) -> dict[str, Any]:
    """One person and one film in all columns; each list, its shares and its reason are that model's own."""
    assert panel.root.locator(".rw-dead").count() == 0, panel.text(".rw-dead")
    assert panel.text(".rw-facts").startswith("You" if kernel["own"] else f"User {kernel['user']}")
    columns = panel.root.locator(".rw-lists > div").evaluate_all("""all => all.map(column => ({
        label: column.querySelector('h3').innerText,
        titles: [...column.querySelectorAll('[data-row]')].map(row => row.title),
        chosen: [...column.querySelectorAll('[data-row][aria-pressed=true]')].map(row => row.title),
        said: column.querySelector('.rw-mini').ariaLabel ?? '',
        heights: [...column.querySelectorAll('.rw-pillar')].map(bar => bar.getBoundingClientRect().height),
    }))""")
    assert [column["label"] for column in columns] == list(kernel["lists"])
    if not columns:
        return kernel
    cases = dict(
        text.split(": ", 1)
        for text in panel.root.locator(".rw-case-rank").evaluate_all("c => c.map(e => e.textContent)")
    )
    for column in columns:
        model = kernel["lists"][column["label"]]
        titles, scores = zip(*model["rows"], strict=True)
        assert column["titles"] == list(titles)
        assert column["chosen"] == ([kernel["film"]] if kernel["film"] in titles else [])
        shares = percentages(scores)
        said = [float(number) for number in re.findall(r" (\d+\.\d) %", column["said"])]
        assert said == pytest.approx(shares, abs=0.051)
        heights = [height - 4 for height in column["heights"]]  # px: as much of it is there for no share at all
        unit = max(heights) / max(shares)
        assert heights == pytest.approx([unit * share for share in shares], abs=2)
        case = cases[column["label"]].replace("−", "-").replace(",", "")
        assert f"rank {model['rank']} " in case if model["rank"] else "no rank" in case
        assert float(re.search(r"score (-?\d+\.\d+)", case)[1]) == pytest.approx(model["score"], **SHOWN)  # type: ignore[index]
    return kernel


# The first cell of a notebook: `told`, a small world, and models that are quickly trained.
BEGIN = f"""{TOLD}
split = rw.planted(n_users=120, n_items=90).data.split("temporal", validation=0.1)
def trained(name):
    model = getattr(rw, name)(backend="numpy")  # which has not to be loaded
    return model, rw.fit(model, split.train, split.validation, epochs=3, progress=False)
"""
NAMES = {"gnn": "GNN", "knn": "KNN", "session": "Session"}


def cell(panel: str) -> str:
    """A cell that shows a panel under its kind's name; "knn: state='s.json'" with further options."""
    kind, _, options = panel.partition(": ")
    if kind == "compare":
        return (
            f"compare = rw.ComparePanel(split, {{n: trained(n)[0] for n in {list(NAMES.values())}}}, user='7')\ncompare"
        )
    return f"""model, history = trained({NAMES[kind]!r})
{kind} = rw.Panel(split, model, history=history, user='7', epochs=5000, {options})\n{kind}"""

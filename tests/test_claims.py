"""What the notebooks say of the shipped models, asked of the shipped models."""

import json
from pathlib import Path

import numpy as np
import pytest

import recwidgets as rw

TUTORIALS = Path(__file__).parents[1] / "tutorials"


@pytest.fixture(scope="module")
def session():
    """The names of notebook 04 that its later cells use."""
    panel = rw.SessionPanel(user="42")
    yield {"rw": rw, "np": np, "panel": panel, "data": panel.train_data}
    panel.close()


def source(notebook, words):
    """The one code cell of a notebook that holds these words."""
    cells = json.loads((TUTORIALS / notebook).read_text(encoding="utf-8"))["cells"]
    found = [text for cell in cells if cell["cell_type"] == "code" and words in (text := "".join(cell["source"]))]
    assert len(found) == 1
    return found[0]


def test_shuffling_costs_the_session_model_nearly_a_third_and_turning_round_more(session):
    code = source("04-session.ipynb", "class Reordered").replace("    print(", "    seen[name] = result; print(")
    seen = session["seen"] = {}
    exec(code, session)
    ndcg = {name: result["ndcg"] for name, result in seen.items()}
    assert ndcg["turned round"] < ndcg["shuffled"] == pytest.approx(0.7 * ndcg["as rated"], rel=0.06)
    above = min(seen["as rated"]["intervals"]["ndcg"])
    assert all(max(seen[name]["intervals"]["ndcg"]) < above for name in ("shuffled", "turned round"))
    assert rw.evaluate(rw.Popularity().learn(session["data"]), session["panel"].split, k=(10,), baselines=False)[
        "ndcg"
    ] == pytest.approx(0.088, abs=0.0005)


def test_the_first_learned_mean_looks_at_one_film_and_the_last_far_back(session):
    weights = session["panel"].model.weights(50)
    assert weights[0, 0] > 0.5 and weights[:6, -1].max() < 2 * weights[:6, -1].min()


def test_with_one_neighbour_ones_own_voice_is_the_only_one_and_with_fifty_one_of_many():
    def nearest(places, who, k, own=False):
        length = np.linalg.norm(places, axis=1)
        cosine = places @ places[who] / (length * length[who])
        cosine[who] = cosine[who] if own else -np.inf
        return np.argsort(-cosine)[:k]

    def listed(k, own):
        panel = rw.teach.live("knn-3", lambda p, w, n: nearest(p, w, n, own), user="414", knobs={"k": k})
        return set(panel.shown.answer.top.tolist())

    assert len(listed(50, False) & listed(50, True)) >= 8
    assert len(listed(1, False) & listed(1, True)) <= 6


@pytest.mark.parametrize("panel", ["GNNPanel", "SessionPanel"])
def test_one_film_can_bring_fargo_into_the_first_three(panel):
    goal = getattr(rw, panel)(user="42", goal=rw.Goal("Fargo"))
    goal.act("you", "")
    goal.act("add-title", "Taxi Driver")
    assert "Fargo (1996)" in [goal._answer.full_title(item) for item in goal._answer.top[:3]]

"""Data that are not MovieLens have items: no sentence on the page calls them films."""

import re

import numpy as np
import pytest
from pages import html
from worlds import Svd, random_table

import recwidgets as rw
from recwidgets.core import worded

FILM = re.compile(r"\b(films?|movies?|watch\w*)\b", re.IGNORECASE)
SAID = ("title", "aria-label", "placeholder", "data-alt", "data-tip", "aria-description")
SONGS = {"titles": [f"Song {n}" for n in range(60)], "name": "your data"}


def songs(name="your data"):
    return random_table(np.random.default_rng(3), 40, 60, density=0.2, **{**SONGS, "name": name}).split(
        "temporal", test=0.2, validation=0.1
    )


def spoken(panel):
    """All that is read on the page, or heard."""
    page = html(panel).replace("&#34;films&#34;", "")  # in the line that makes the panel again
    text = re.sub(r"<[^>]*>", " ", page)
    found = [text, *re.findall(rf'(?:{"|".join(SAID)})="([^"]*)"', page)]
    return " ".join(found)


def films(panel):
    return sorted(
        {match[0] for match in re.finditer(r".{0,40}" + FILM.pattern + r".{0,30}", spoken(panel), FILM.flags)}
    )


ACTS = (
    ("drawer", "edit"), ("drawer", "ranks"), ("drawer", "curves"), ("drawer", "more"), ("drawer", "more"),
    ("tab", "not"), ("rival-title", "no such song"), ("rival-title", "Song 7"), ("tab", "go"), ("tab", "sum"),
    ("tab", "why"), ("open", "2"), ("open", ""), ("alpha", "50"), ("alpha", "0"), ("reverse", ""), ("undo", ""),
    ("wide", "1"), ("you", ""), ("add-title", "no such song"), ("add", "3"), ("add", "4"), ("clear", ""),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["gnn", "knn", "session", "svd"])
def test_no_panel_of_other_data_speaks_of_films(kind):
    split = songs()
    model = Svd() if kind == "svd" else {"gnn": rw.GNN, "knn": rw.KNN, "session": rw.Session}[kind]()
    empty = rw.Panel(split, model, user="u4")
    assert films(empty) == []
    empty.close()
    history = rw.fit(model, split.train, split.validation, epochs=3, progress=False)
    panel = rw.Panel(split, model, history=history, user="u4")
    for act in (*ACTS[:17], ("drop", f"film:{panel.person.history[-1]}"), ("undo", ""), ("select", "9"), *ACTS[17:]):
        panel.act(*act)
        assert films(panel) == [], act
    panel.close()


def test_a_comparison_of_other_data_speaks_of_items():
    split = songs()
    model, other = Svd(), Svd()
    for one in (model, other):
        rw.fit(one, split.train, epochs=2, progress=False)
    panel = rw.ComparePanel(split, {"one": model, "other": other}, user="u4")
    for act in (("drawer", "board"), ("check", "leak"), ("check", "seen"), ("film-of", "7"), ("you", "")):
        panel.act(*act)
        assert films(panel) == [], act
    panel.close()


def test_movielens_has_films_and_says_so_in_one_place():
    assert (songs().train.noun, songs("MovieLens 100k").train.noun) == ("item", "film")
    panel = rw.Panel(songs("MovieLens 100k"), Svd(), user="u4")
    assert "60 films" in html(panel, "rw-handles")
    panel.close()


def test_a_text_in_the_words_of_the_data():
    data = songs().train
    assert worded(data, "A film of all films. Filmed: a film") == "An item of all items. Filmed: an item"
    assert worded(None, "A film") == worded(songs("MovieLens 100k").train, "A film") == "A film"

"""The words that explain themselves: one sentence each, from one file."""

import re

import pytest
from markupsafe import Markup
from worlds import Markup as Read

from recwidgets.page import terms
from recwidgets.page.terms import SAME, TERMS, term, term_or_text

NEEDED = (
    "score", "softmax", "embedding", "own embedding", "hop", "layer", "held-out", "validation rows", "nDCG", "accuracy",
    "top-10 accuracy", "PCA", "bootstrap", "confidence interval", "query", "vote", "average user",
    "popularity baseline", "loss", "epoch", "learning rate", "k nearest neighbours", "half-life", "inner product",
    "novelty", "contribution",
)  # fmt: skip


def explained(markup):
    return Read(str(markup)).one("button", "rw-term")["data-tip"]


@pytest.mark.parametrize("name", NEEDED)
def test_a_word_of_the_field_explains_itself(name):
    assert term(name).striptags() == name
    assert explained(term(name))


@pytest.mark.parametrize("name", TERMS)
def test_an_explanation_is_one_sentence_that_a_small_box_holds(name):
    text = TERMS[name]
    assert re.fullmatch(r"[A-Z][^.!?]*(\d\.\d[^.!?]*)*\.", text), text
    assert len(text) <= 190, f"{len(text)} characters: {text}"


def test_no_word_is_explained_twice():
    others = [other for names in SAME.values() for other in names]
    assert len(set(others)) == len(others) and not set(others) & set(TERMS)
    assert set(SAME) <= set(TERMS)
    assert all(name == name.lower() for name in (*TERMS, *others))


def test_a_score_is_no_star_rating_and_accuracy_names_what_to_compare_with():
    assert "no star rating" in explained(term("score"))
    assert "popularity" in explained(term("accuracy"))
    assert explained(term("accuracy", more="2.2 % here.")).endswith("popularity’s. 2.2 % here.")


def test_the_word_stands_as_it_is_wanted_and_is_text():
    assert term("own embedding", "own embeddings").striptags() == "own embeddings"
    assert "<b>" not in term("score", "<b>", more='"<i>')
    assert explained(term("score", more='"<i>')).endswith('"<i>')


def test_an_unknown_word_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match=r"one of accuracy, .*vote, got 'serendipity'"):
        term("serendipity")


def test_a_label_that_is_no_term_stays_text():
    assert term_or_text("Layers") == term("Layers")
    assert term_or_text("<my knob>") == Markup("&lt;my knob&gt;")


def test_each_term_means_one_thing_in_every_case():
    assert explained(term("nDCG@10")) == explained(term("ndcg")) == terms.TERMS["ndcg"]

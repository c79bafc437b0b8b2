"""What CPython and Pyodide must agree on, as one JSON line: top tens of all users, splits and counts."""

import json
import warnings

import numpy as np

import recwidgets as rw
from recwidgets import metrics, pretrained
from recwidgets.data.splits import KINDS
from recwidgets.graph import graph_of
from recwidgets.teach import own


def top_tens(train):
    """{model: rows of ten item indices, one a user}."""
    found = {}
    for name in pretrained.shipped_names():
        model, _ = pretrained.load_pretrained(name, train)
        found[name] = np.asarray(rw.recommend_all(model, train, 10)).tolist()
    return found


def reasons(train):
    """{model: what the average user gets of ten items, and what the reason's and the difference's lines add up to}."""
    found = {}
    for name in pretrained.shipped_names():
        model, _ = pretrained.load_pretrained(name, train)
        query, items = model.average_vectors()
        first, second = rw.recommend(model, train, "42").items[:2]
        reason, other = rw.reason(model, train, "42", first), rw.why_not(model, train, "42", first, second)
        numbers = [*(items[:10] @ query).tolist(), sum(line.value for line in reason.lines), other.value]
        found[name] = [[round(float(number), 3) for number in numbers], sorted(reason.votes), reason.average_rank]
    return found


def parts(data):
    """{kind of split: [rows of train, of validation, of test, accuracy of the popularity list]}."""
    found = {}
    for kind in KINDS:
        split = data.split(kind)
        ranked = rw.recommend_all(rw.Popularity().learn(split.train), split.train, 10)
        accuracy = metrics.top_k_accuracy(ranked, split.test, 10)
        found[kind] = [len(split.train), len(split.validation), len(split.test), round(float(accuracy), 9)]
    return found


def answers():
    data = rw.load_movielens("latest-small")
    train = data.split("temporal", test=0.2).train
    watched = own.dense(graph_of(train), train.n_items)
    return {
        "top tens": top_tens(train),
        "reasons": reasons(train),
        "splits": parts(data),
        "raters": data.n_raters.tolist(),
        "watched": float(watched.sum()),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(answers()))

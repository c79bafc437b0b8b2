"""The comparison: reasons for one film from every model, marks that are told apart, and what is more than noise."""

import numpy as np
import pytest
from pages import html, message, page

import recwidgets as rw
from recwidgets.panel import honesty, leaderboard, lists
from recwidgets.panel.cases import Case, case_of, rank_in, why_not_listed, why_of
from recwidgets.panel.honesty import Lead, Row
from recwidgets.panel.opening import PanelClosed
from recwidgets.panel.show import Asked
from recwidgets.reasons.words import without_all_users


@pytest.fixture
def panel():
    made = rw.ComparePanel(user="168")
    yield made
    made.close()


def row(name, ndcg, label=None):
    ndcg = np.asarray(ndcg, float)
    values = dict.fromkeys(honesty.METRICS, (float(np.nanmean(ndcg)), np.nan, np.nan))
    return Row(name, label or name, values, ndcg)


# ------------------------------------------------------------------ more than noise


def test_a_difference_is_taken_user_by_user_and_resampled_over_users():
    rng = np.random.default_rng(7)
    easy = rng.random(300)  # what makes a user easy for both models
    one, other = easy + 0.02 + rng.normal(0, 0.02, 300), easy + rng.normal(0, 0.02, 300)
    one[:5] = np.nan
    found = honesty.lead(row("a", one), row("b", other))
    apart = (one - other)[5:]
    draws = np.random.default_rng(0).multinomial(295, [1 / 295] * 295, size=1000)
    means = [np.repeat(apart, often).mean() for often in draws]  # the users drawn, one by one
    assert found.mean == pytest.approx(apart.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert found.users == 295 and found.more_than_noise
    apart_intervals = [np.nanstd(x) / np.sqrt(295) * 1.96 for x in (one, other)]
    assert found.mean < sum(apart_intervals), "each interval alone would hold the other's mean"


def test_what_is_no_difference_is_not_called_one():
    same = np.random.default_rng(0).random(50)
    assert not honesty.lead(row("a", same), row("b", same)).more_than_noise
    assert honesty.lead(row("a", same), row("b", same)._replace(ndcg=None)) is None
    nobody = Row("a", "a", {}, np.array([np.nan]))
    assert honesty.lead(nobody, nobody) is None


def test_up_to_three_models_are_compared_each_with_each_and_each_with_popularity():
    rows = [row("a", [0.1, 0.2]), row("b", [0.5, 0.4]), row("c", [0.3, 0.2]), row("popularity", [0.1, 0.1])]
    rows.append(row("chance", [0.0, 0.0]))
    pairs = [(found.one.name, found.other.name) for found in honesty.leads(rows)]
    among = [("b", "c"), ("b", "a"), ("c", "a")]
    assert pairs == [*among, ("b", "popularity"), ("c", "popularity"), ("a", "popularity")]
    more = honesty.leads([*rows, row("d", [0.2, 0.2])])
    assert [(found.one.name, found.other.name) for found in more[:3]] == [("b", "c"), ("b", "d"), ("b", "a")]
    text = leaderboard.verdict(rows, frozenset(), rows, honesty.leads(rows)).striptags()
    assert "Six comparisons are made" in text and "up to 30 in 100" in text
    assert "popularity" not in leaderboard.verdict(rows, frozenset({"baseline"}), rows, honesty.leads(rows)).lower()


@pytest.mark.parametrize(
    ("mean", "low", "high", "said"),
    [
        (0.03, 0.017, 0.043, ("better than", "0.030", "0.017 to 0.043", "yes")),
        (0.004, -0.006, 0.013, ("ahead of", "0.004", "−0.006 to 0.013", "no, 0 lies between them")),
        (-0.02, -0.03, -0.01, ("worse than", "0.020", "0.010 to 0.030", "yes")),
    ],
    ids=["better", "noise", "worse"],
)  # fmt: skip
def test_the_verdict_is_a_sentence(mean, low, high, said):
    found = Lead(row("a", [0.1], "A"), row("b", [0.1], "B"), mean, low, high, 610)
    how, by, ends, answer = said
    assert leaderboard.in_a_sentence(found).striptags() == (
        f"A is {how} B by {by} nDCG@10 (95 % of 1,000 resamples of the 610 users: {ends}): more than noise, {answer}."
    )


def test_the_panels_verdict_is_that_of_its_models(panel):
    split, models = panel.split, panel.models

    def per_user(model):
        hit = rw.metrics.hits(rw.recommend_all(model, split.train, 10), split.test)
        return rw.metrics.per_user(hit, rw.metrics.n_relevant(split.test), 10)["ndcg"]

    mean = np.nanmean(per_user(models["session"]) - per_user(models["gnn"]))
    text = page(panel, "rw-board").one("ul", "rw-verdict").text
    assert text.startswith(f"Session is better than Graph neural network by {mean:.3f} nDCG@10")
    assert "Session ahead of Graph neural network" in html(panel, "rw-handles")
    bands = page(panel, "rw-board").all(name="rw-low")
    assert len(bands) == 5 * 3, "each band has its numbers; coverage has none"


def test_the_footer_says_what_the_board_shows(panel):
    def footer():
        return page(panel, "rw-handles").one("span", "rw-data").text

    def best():
        models = [row for row in panel.rows if row.name not in honesty.BASELINES]
        return max(models, key=lambda row: row.values["ndcg"][0])

    honestly, first = best().values["ndcg"][0], footer()
    for check in ("leak", "seen", "seed"):
        panel.act("check", check)
        number = best().values["ndcg"][0]
        assert f"{best().label} has nDCG@10 {number:.3f}" in footer() and f"honestly {honestly:.3f}" in footer()
        assert "noise" not in footer() and f"{number:.3f}" in page(panel, "rw-board").one("p", "rw-verdict").text
        panel.act("check", check)
        assert footer() == first
    panel.act("check", "baseline")
    assert footer() == first, "which baselines are shown says nothing of the models"


def test_a_footer_of_what_is_not_measured_says_nothing_of_it():
    rows = [row("a", [0.1, 0.2]), row("b", [0.5, 0.4])]
    assert leaderboard.short_verdict(None, frozenset(), None, ()) == ""
    assert "honestly" not in leaderboard.short_verdict(rows, frozenset({"leak"}), None, ())
    assert leaderboard.short_verdict(rows, frozenset(), rows, honesty.leads(rows)).startswith("b ahead of a by 0.300")


# ------------------------------------------------------------------ the selected film


def test_what_all_users_get_is_said_once_beside_its_number(panel):
    for case, tag in zip(panel._parts.cases.values(), page(panel, "rw-cases").all("p", "rw-case-why"), strict=True):
        assert tag["title"] == why_of(case) and "ll users get" not in tag.text.replace("Popular with all users", "")
        assert why_of(case).startswith(tag.text)
    for told in ("4.28 of its 5.38", "5.38 (its score is 4.28)"):
        assert without_all_users(f"A says. All users get {told} (the average user’s 1,021st).") == "A says."
    assert without_all_users("A (b) says. The average user would get it 3rd.") == "A (b) says."
    popular = "Popular with all users: the average user gets A 1st. 3 films add nothing to that."
    assert without_all_users(popular) == popular


def test_every_model_gives_its_reason_for_the_same_film(panel):
    for name, found in panel.answers.items():
        case, scores = panel._parts.cases[name], found.scores.astype(np.float64).copy()
        scores[found.person.history] = -np.inf
        order = np.argsort(-scores, kind="stable").tolist()
        assert case.item == panel.answers["gnn"].top[0]
        assert case.rank == order.index(case.item) + 1
        assert case.parts.sum() == pytest.approx(found.scores[case.item], abs=1e-4)
    assert panel._parts.cases["gnn"].headline.startswith("3"), "of the films, so many"
    texts = [tag.text for tag in page(panel, "rw-cases").all(name="rw-case")]
    assert [text.partition(":")[0] for text in texts] == ["Graph neural network", "Nearest neighbours", "Session"]
    assert "not on the list, rank" in texts[1]


def test_a_film_that_is_not_on_the_list_says_what_the_last_one_has_more(panel):
    item = next(i for i in panel.answers["session"].top.tolist() if i not in panel.answers["gnn"].top)
    panel.act("film-of", str(item))
    case = panel._parts.cases["gnn"]
    last = case.answer.top[-1]
    assert case.behind.sum() == pytest.approx(case.answer.scores[last] - case.answer.scores[item], abs=1e-4)
    text = why_not_listed(case)
    assert text.startswith(f"{case.answer.scores[last] - case.answer.scores[item]:.2f} behind")
    panel.act("film-of", str(item))
    assert panel._parts.cases["gnn"].item == item, "a second click does no other thing"


def test_what_is_in_the_history_has_no_rank(panel):
    answer = panel.answers["gnn"]
    seen = int(answer.person.history[0])
    assert rank_in(answer, seen) == (None, panel.data.n_items - len(answer.person.history))
    panel.act("film-of", str(seen))
    assert "not recommended" in html(panel, "rw-cases")


def test_an_act_that_is_refused_is_blamed_on_no_model(panel):
    """Without any film in the history, it began with the first model's name."""
    panel.edit([])
    panel.act("remove", "3")
    assert message(panel).startswith("That did not work: a film to take out or to move must be one of the history")


def test_a_model_that_fails_at_its_reason_is_said_in_its_place(panel):
    answer = panel.answers["gnn"]

    class Silent:
        label, snapshot = "Silent", None

        def scores(self, who):
            raise ZeroDivisionError("no scores")

    broken = type(answer)(answer.data, Silent(), answer.person, answer.scores, answer.top, answer.later)
    case = case_of(broken, int(answer.top[0]), Asked())
    assert isinstance(case, Case) and "no scores" in case.fault and case.rank == 1


def test_the_agreement_names_as_many_films_as_have_room(panel):
    found = panel.answers["gnn"]
    same = lists.agreement({"a": found, "b": found}, {"a": "A", "b": "B"})
    titles = [found.full_title(item) for item in found.top.tolist()]
    n = sum(title in same for title in titles)
    assert (
        1 <= n < 10 and f"and {10 - n} more" in same and sum(map(len, titles[:n])) <= max(lists.NAMED, len(titles[0]))
    )
    three = lists.agreement(dict.fromkeys("abc", found), {"a": "A", "b": "B", "c": "C"})
    assert three.endswith("A shares 10 with B and 10 with C; B shares 10 with C.")


def test_a_message_counts_the_new_films_of_each_model(panel):
    panel.act("drop", f"film:{panel.person.history[-1]}")
    shown = message(panel)
    for name, label in panel._parts.labels.items():
        new = sum(move == "new" for move in panel._parts.shown[name].moved.values())
        assert f"{label} {new}" in shown


# ------------------------------------------------------------------ marks


def test_no_two_shared_films_have_the_same_mark():
    marks = [lists.tied(n) for n in range(1, 16)]
    assert len(set(marks)) == 15 and all("rw-tied-" in mark for mark in marks), "15 films can be shared by three lists"
    assert lists.tied(None) == ""


def test_the_shares_are_those_of_the_softmax_and_on_one_scale(panel):
    highest = 0.0
    for found in panel.answers.values():
        weights = np.exp(found.scores[found.top].astype(float) - float(found.scores[found.top[0]]))
        highest = max(highest, float((weights / weights.sum()).max()))
    columns = page(panel, "rw-list").all("i", "rw-pillar")
    shares = [float(tag["style"].removeprefix("--share:")) for tag in columns]
    for found, some in zip(panel.answers.values(), (shares[:10], shares[10:20], shares[20:]), strict=True):
        weights = np.exp(found.scores[found.top].astype(float))
        assert some == pytest.approx(weights / weights.sum() / highest, abs=0.002)


def test_a_closed_comparison_has_no_user():
    made = rw.ComparePanel(user="42")
    assert made.user == "42"
    made.close()
    with pytest.raises(PanelClosed, match="run its cell again"):
        assert made.user

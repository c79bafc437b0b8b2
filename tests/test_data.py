"""Interactions: what comes in is checked, what comes out is in order."""

import dataclasses
import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from recwidgets.data import Interactions, UnknownItem, UnknownUser, display_title, load_movielens
from recwidgets.data.titles import fold


def frame(**changes):
    columns = {
        "user": [10, 10, 9, 9, 2],
        "item": ["b", "a", "a", "c", "c"],
        "rating": [4.0, 5.0, 3.0, 4.5, 1.0],
        "time": [200, 100, 50, 50, 70],
        "title": ["Bee (1999)", "Ant, The (1998)", "Ant, The (1998)", "Élan (2001)", "Élan (2001)"],
    }
    columns.update(changes)
    return pd.DataFrame({name: values for name, values in columns.items() if values is not None})


@pytest.fixture
def data():
    return Interactions.from_frame(frame(), name="five rows")


@pytest.fixture(scope="module")
def movielens():
    return load_movielens()


# ------------------------------------------------------------------ the table


def test_ids_are_numbered_in_numeric_order_or_else_by_their_text(data):
    assert data.users.tolist() == ["2", "9", "10"]
    assert data.items.tolist() == ["a", "b", "c"]
    assert data.user.tolist() == [2, 2, 1, 1, 0]
    assert data.item.tolist() == [1, 0, 0, 2, 2]
    as_text = Interactions.from_frame(frame(user=["10", "10", "9", "9", "2"]))
    assert as_text.users.tolist() == ["2", "9", "10"]


def test_titles_stand_in_item_order(data):
    assert data.titles.tolist() == ["Ant, The (1998)", "Bee (1999)", "Élan (2001)"]


def test_dtypes_are_the_documented_ones(data):
    kinds = {name: getattr(data, name).dtype for name in ("user", "item", "rating", "time")}
    assert kinds == {"user": np.int32, "item": np.int32, "rating": np.float32, "time": np.int64}
    assert (len(data), data.n_users, data.n_items) == (5, 3, 3)
    assert repr(data) == "<Interactions 'five rows': 3 users × 3 items, 5 ratings>"


@pytest.mark.parametrize(
    "column", ["user", "item", "rating", "time", "users", "items", "titles", "popularity", "by_user"]
)
def test_nobody_can_change_the_arrays(data, column):
    value = getattr(data, column)
    for array in value if isinstance(value, tuple) else (value,):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]


def test_the_callers_own_array_stays_writable():
    user = np.array([0, 1, 1], np.int32)
    ids = np.array(["a", "b"])
    Interactions(user, user, np.ones(3), np.arange(3), ids, ids, ids, ((), ()))
    user[0] = 1
    ids[0] = "z"


def test_a_history_is_oldest_first_and_ties_stay_in_row_order(data):
    assert data.history(2).tolist() == [0, 1]
    assert data.rows_of(2).tolist() == [1, 0]
    assert data.rows_of(1).tolist() == [2, 3]  # both at 50
    indptr, items, rows = data.by_user
    assert indptr.tolist() == [0, 1, 3, 5]
    assert items.tolist() == data.item[rows].tolist()


def test_a_history_of_nobody_is_an_index_error(data):
    with pytest.raises(IndexError, match="from 0 to 2, got 3"):
        data.history(3)
    with pytest.raises(IndexError, match="got -1"):
        data.history(-1)


def test_popularity_counts_rows(data):
    assert data.popularity.tolist() == [2, 1, 2]


def test_take_keeps_the_ids_and_the_order_asked_for(data):
    part = data.take([4, 0])
    assert part.users is data.users and part.items is data.items and part.titles is data.titles
    assert part.time.tolist() == [70, 200]
    assert len(data.take([])) == 0
    assert data.take(data.rating > 4).rating.tolist() == [5.0, 4.5]


def test_a_frame_comes_back_as_it_went_in(data):
    again = Interactions.from_frame(data.to_frame())
    for column in ("user", "item", "rating", "time", "users", "items", "titles"):
        assert np.array_equal(getattr(again, column), getattr(data, column)), column


def test_a_dict_and_a_structured_array_do_as_well(data):
    rows = frame()
    table = {name: rows[name].tolist() for name in rows}
    records = np.array(list(rows.itertuples(index=False)), "i8,U1,f4,i8,U20")
    records.dtype.names = tuple(rows.columns)
    for source in (table, records):
        assert np.array_equal(Interactions.from_frame(source).item, data.item)


def test_columns_may_have_other_names_and_genres():
    rows = frame().rename(columns={"user": "u", "item": "i", "rating": "r", "time": "t", "title": "n"})
    rows["g"] = ["X|Y", "Z", "Z", "", ""]
    data = Interactions.from_frame(rows, user="u", item="i", rating="r", time="t", title="n", genres="g")
    assert data.genres == (("Z",), ("X", "Y"), ())
    rows["g"] = [["X", "Y"], ["Z"], ["Z"], [], None]
    listed = Interactions.from_frame(rows, user="u", item="i", rating="r", time="t", title="n", genres="g")
    assert listed.genres == data.genres


def test_what_a_frame_does_not_give_is_filled_in_and_said():
    data = Interactions.from_frame(frame(rating=None, time=None, title=None))
    assert not data.has_ratings and not data.has_times
    assert data.rating.tolist() == [1.0] * 5
    assert data.time.tolist() == [0, 1, 2, 3, 4]
    assert data.titles.tolist() == data.items.tolist()
    assert data.describe_user(0).first is None


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime([200, 100, 50, 50, 70], unit="s"),
        pd.to_datetime([200, 100, 50, 50, 70], unit="s", utc=True).tz_convert("Asia/Tokyo"),
        [dt.datetime(1970, 1, 1) + dt.timedelta(seconds=s) for s in (200, 100, 50, 50, 70)],
        [200.9, 100.0, 50.0, 50.5, 70.0],
    ],
)
def test_times_may_be_datetimes_or_seconds(times):
    assert Interactions.from_frame(frame(time=times)).time.tolist() == [200, 100, 50, 50, 70]


def test_ids_of_any_type_are_one_id(data):
    for ids in ([10.0, 10.0, 9.0, 9.0, 2.0], pd.array([10, 10, 9, 9, 2], "Int64"), [b"10", "10", 9, 9.0, 2]):
        assert Interactions.from_frame(frame(user=ids)).users.tolist() == ["2", "9", "10"]
    assert Interactions.from_frame(frame(user=pd.Categorical(list("ccaab")))).users.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"user": None}, r"no column 'user'; its columns are 'item', 'rating', 'time', 'title'"),
        ({"user": [1, 2, None, 4, 5]}, r"'user' must not be missing, got nan in row 2 \(1 such rows\)"),
        ({"item": ["a", "b", None, None, "c"]}, r"'item' must not be missing, got .* in row 2 \(2 such rows\)"),
        ({"rating": [1, 2, 3, float("nan"), 5]}, r"'rating' must not be missing, got nan in row 3"),
        ({"time": [1, float("nan"), 3, 4, 5]}, r"'time' must not be missing, got nan in row 1"),
        ({"time": pd.to_datetime(["2020-01-01", None, *["2021-01-01"] * 3])}, r"'time' must not be missing"),
        ({"user": pd.array([1, 2, None, 4, 5], "Int64")}, r"'user' must not be missing, got .* in row 2"),
        ({"rating": [1, 2, float("inf"), 4, 5]}, r"'rating' must hold finite numbers, got inf in row 2"),
        ({"rating": [1, 2, 3, "good", 5]}, r"'rating' must hold numbers, got 'good' in row 3"),
        ({"rating": list("12345")}, r"'rating' must hold numbers, got '1' in row 0"),
        ({"time": ["2020-01-01"] * 5}, r"'time' must hold datetimes or seconds .*to_datetime.*, got '2020-01-01'"),
        ({"time": [1_500_000_000_000] * 5}, r"seconds since 1970.*got 1500000000000 in row 0; divide milliseconds"),
        ({"user": [1.5, 2, 3, 4, 5]}, r"'user' must hold whole numbers or text, got 1.5 in row 0"),
        ({"user": [1] * 5, "item": list("abcde"), "title": list("abcde")}, r"at least two users, got 1 \('1'\)"),
        ({"user": [1, 2, 3, 4, 5], "item": ["a"] * 5, "title": ["A"] * 5}, r"at least two items, got 1 \('a'\)"),
        ({"title": ["Bee", "Ant", "Anton", "C", "C"]}, r"one title, got 'Ant' and 'Anton' \(row 2\) for item 'a'"),
        ({"item": ["a", "a", "a", "c", "c"], "title": None}, r"1 rows too many; the first is row 1 \(user '10'"),
    ],
)
def test_a_frame_that_does_not_fit_says_what_and_where(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        Interactions.from_frame(frame(**changes))


def test_an_empty_frame_and_no_frame_are_refused():
    with pytest.raises(ValueError, match="has no rows"):
        Interactions.from_frame(frame().iloc[:0])
    with pytest.raises(ValueError, match="got list"):
        Interactions.from_frame([1, 2])
    with pytest.raises(ValueError, match="one length"):
        Interactions.from_frame({"user": [1, 2], "item": [1, 2, 3]})
    with pytest.raises(ValueError, match="no column 'stars'"):
        Interactions.from_frame(frame(), rating="stars")


def test_duplicates_are_refused_or_the_first_or_last_is_kept():
    rows = frame(item=["a", "a", "a", "c", "c"], title=None)
    with pytest.raises(ValueError, match='pass duplicates="last" or duplicates="first"'):
        Interactions.from_frame(rows)
    assert Interactions.from_frame(rows, duplicates="last").rating.tolist() == [5.0, 3.0, 4.5, 1.0]
    assert Interactions.from_frame(rows, duplicates="first").rating.tolist() == [4.0, 3.0, 4.5, 1.0]
    with pytest.raises(ValueError, match="one of 'error', 'first', 'last', 'sum', got 'mean'"):
        Interactions.from_frame(rows, duplicates="mean")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"user": [0, 1, 9]}, "user must hold indices from 0 to 1, got 0 to 9"),
        ({"rating": [1, 2]}, "one length"),
        ({"rating": [1, np.inf, 2]}, "finite number, got inf in row 1"),
        ({"users": ["a", "a"]}, "distinct ids"),
        ({"titles": ["A"]}, "one entry per item"),
    ],
)
def test_the_type_itself_refuses_columns_that_do_not_fit(changes, sentence):
    columns = {
        "user": [0, 1, 1], "item": [0, 0, 1], "rating": [1, 2, 3], "time": [0, 1, 2],
        "users": ["a", "b"], "items": ["x", "y"], "titles": ["X", "Y"], "genres": ((), ()),
    }  # fmt: skip
    assert len(Interactions(**columns)) == 3
    with pytest.raises(ValueError, match=sentence):
        Interactions(**(columns | changes))


# ------------------------------------------------------------------ names


def test_ids_are_found_as_text_and_as_numbers(data):
    assert data.user_index("10") == data.user_index(10) == data.user_index(np.int64(10)) == 2
    assert data.item_index("c") == 2


def test_an_unknown_user_is_a_sentence_without_the_quotes_of_key_error(data):
    with pytest.raises(UnknownUser) as raised:
        data.user_index("9999")
    assert str(raised.value) == "user must be one of 3 ids ('2' … '10'), got '9999'; see data.users"
    assert isinstance(raised.value, KeyError) and isinstance(raised.value, ValueError)


def test_an_unknown_film_comes_with_what_may_have_been_meant(movielens):
    with pytest.raises(UnknownItem, match=r"got 'Fargo'; .*did you mean 'Fargo \(1996\)' \(id '608'\)"):
        movielens.item_index("Fargo")
    with pytest.raises(UnknownItem, match=r"Matrix, The \(1999\)"):
        movielens.item_by_title("matrx")
    with pytest.raises(UnknownItem) as raised:
        movielens.item_by_title("qqqqqqqqqq")
    assert "did you mean" not in str(raised.value)


@pytest.mark.parametrize(
    "title", ["Silence of the Lambs, The (1991)", "The Silence of the Lambs (1991)", "the silence of the LAMBS"]
)
def test_a_film_is_found_by_its_title_however_it_is_written(movielens, title):
    assert movielens.items[movielens.item_by_title(title)] == "593"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Silence of the Lambs, The (1991)", ("The Silence of the Lambs", "1991")),
        ("Fish Called Wanda, A (1988)", ("A Fish Called Wanda", "1988")),
        ("Affair to Remember, An (1957)", ("An Affair to Remember", "1957")),
        ("Postino, Il (1994)", ("Il Postino", "1994")),
        ("Avventura, L' (1960)", ("L'Avventura", "1960")),
        ("Boot, Das (Boat, The) (1981)", ("Das Boot (The Boat)", "1981")),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            ("The City of Lost Children (La Cité des enfants perdus)", "1995"),
        ),
        (
            "Dream of Light (a.k.a. Quince Tree Sun, The) (Sol del membrillo, El) (1992)",
            ("Dream of Light (a.k.a. The Quince Tree Sun) (El Sol del membrillo)", "1992"),
        ),
        ("Land Before Time III: The Time of the Great Giving (1995) (V)",
         ("Land Before Time III: The Time of the Great Giving", "1995")),
        ("Death Note: Desu nôto (2006–2007)", ("Death Note: Desu nôto", "2006–2007")),
        ("Justice League: Doom (2012) ", ("Justice League: Doom", "2012")),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", "1968")),
        ("1984 (Nineteen Eighty-Four) (1984)", ("1984 (Nineteen Eighty-Four)", "1984")),
        ("Steamboat Bill, Jr. (1928)", ("Steamboat Bill, Jr.", "1928")),
        ("Good, the Bad and the Ugly, The (1966)", ("The Good, the Bad and the Ugly", "1966")),
        ("Babylon 5", ("Babylon 5", "")),
        ("(1984)", ("(1984)", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_titles_are_shown_as_people_say_them(stored, shown):
    assert display_title(stored) == shown


def test_folding_drops_case_accents_and_doubled_spaces():
    assert fold("  Léon:  THE Ñandú, Bjørn & Łódź") == "leon: the nandu, bjorn & lodz"


# ------------------------------------------------------------------ search


def test_films_are_found_whatever_the_case_and_accents(movielens):
    assert movielens.search_items("AMELIE")[0].label == "Amelie (Le Fabuleux destin d'Amélie Poulain) (2001)"
    assert movielens.search_items("leon: the")[0].label.startswith("Léon")


def test_the_start_of_a_title_comes_before_its_middle_and_the_popular_before_the_rare(movielens):
    labels = [hit.label for hit in movielens.search_items("matrix", 3)]
    assert labels == ["The Matrix (1999)", "The Matrix Reloaded (2003)", "The Matrix Revolutions (2003)"]
    found = [movielens.titles[hit.index] for hit in movielens.search_items("star", 50)]  # "Star Is Born, A" too
    starts = [title.lower().startswith("star") for title in found]
    assert starts == sorted(starts, reverse=True) and 0 < sum(starts) < len(starts)


def test_words_may_be_scattered_and_nothing_found_is_an_empty_list(movielens):
    assert movielens.search_items("rings king")[0].label == "The Lord of the Rings: The Return of the King (2003)"
    assert movielens.search_items("qqqqqqqqqq") == []
    assert movielens.search_items("star", limit=0) == []


def test_an_empty_search_finds_the_most_rated_films_and_the_first_users(movielens):
    most = int(np.argmax(movielens.popularity))
    assert movielens.search_items("", 1)[0].index == most
    assert [hit.index for hit in movielens.search_users("", 3)] == [0, 1, 2]


def test_users_are_found_by_id_first_the_id_itself(movielens):
    hits = movielens.search_users("42", 5)
    assert [str(movielens.users[hit.index]) for hit in hits] == ["42", "420", "421", "422", "423"]
    assert hits[0].label == "user 42 · 440 ratings"


def test_users_are_found_by_a_favourite_film_who_liked_it_best_first(movielens):
    item = movielens.item_by_title("Fargo")
    hits = movielens.search_users("Fargo", 500)
    ratings = [movielens.rating[movielens.rows_of(h.index)][movielens.history(h.index) == item][0] for h in hits]
    assert len(hits) == movielens.popularity[item]
    assert ratings == sorted(ratings, reverse=True)
    assert hits[0].label == "user 1 · Fargo (1996) ★ 5"


@pytest.mark.parametrize("text", ["horror fans", "Horror lover"])
def test_users_are_found_by_a_genre_they_watch_more_than_others(movielens, text):
    hits = movielens.search_users(text, 10)
    of_genre = np.array(["Horror" in genres for genres in movielens.genres])
    share = [of_genre[movielens.history(hit.index)].mean() for hit in hits]
    assert min(share) > 2 * of_genre[movielens.item].mean()
    assert "films are Horror" in hits[0].label
    assert len({hit.index for hit in hits}) == 10


def test_what_sources_write_where_they_know_no_genre_is_no_genre(movielens):
    """ml-latest-small has 34 films of "(no genres listed)", ML-100K two of "unknown"."""
    rows = {"user": [1, 1, 2, 2], "item": [1, 2, 3, 4], "g": ["(no genres listed)", "Unknown|Drama", "unknown", "War"]}
    data = Interactions.from_frame(rows, genres="g")
    assert data.genres == ((), ("Drama",), (), ("War",))
    assert [data.describe_user(user).top_genres for user in (0, 1)] == [("Drama",), ("War",)]
    assert not data.search_users("unknown") and not data.search_users("(no genres listed)")
    assert len(data.search_users("drama fans")) == 1
    assert not movielens.search_users("(no genres listed) fans") and sum(not g for g in movielens.genres) == 34


def test_a_word_that_is_a_genre_and_in_titles_finds_both(movielens):
    labels = [hit.label for hit in movielens.search_users("war", 20)]
    assert all("films are War" in label for label in labels[:10])
    assert all(" ★ " in label for label in labels[10:])


def test_a_user_is_summed_up(movielens):
    who = movielens.describe_user(movielens.user_index("1"))
    assert (who.user, who.n_ratings) == ("1", 232)
    assert (who.first, who.last) == (dt.date(2000, 7, 30), dt.date(2000, 8, 8))
    assert who.top_genres == ("Action", "Adventure", "Comedy")
    newest = movielens.rows_of(0)[-1]
    assert who.last_films[0] == (movielens.titles[movielens.item[newest]], movielens.rating[newest])
    assert len(who.last_films) == 5


@pytest.mark.parametrize("title", ["", "  ", "\t", "\xa0", "\u200b", "\xad\u2060 \ufeff"])
def test_where_a_title_shows_nothing_the_id_stands_in(title):
    """It was a blank row of the list, and an answer without a name."""
    rows = {"user": [1, 1, 2, 2], "item": ["a", "b", "c", "a"], "title": [title, "Bee", "C" + title, title]}
    data = Interactions.from_frame(rows)
    assert data.titles.tolist() == ["a", "Bee", "C" + title]
    assert dataclasses.replace(data, titles=np.array(["Ay", title, title])).titles.tolist() == ["Ay", "b", "c"]


# ------------------------------------------------------------------ titles merged


def test_films_of_one_title_become_one_item(movielens):
    rows = frame(title=["Same", "Ant", "Ant", "Same", "Same"])
    merged = Interactions.from_frame(rows).by_title()
    assert merged.items.tolist() == merged.titles.tolist() == ["Ant", "Same"]
    assert merged.item.tolist() == [1, 0, 0, 1, 1]
    assert len(merged) == 5
    assert movielens.by_title().n_items == len(set(movielens.titles.tolist())) < movielens.n_items


# ------------------------------------------------------------------ cost


def test_importing_the_data_package_brings_numpy_only():
    heavy = ["tensorflow", "tensorflow_datasets", "pandas", "tqdm", "requests", "bqplot", "ipywidgets"]
    code = f"import sys, recwidgets.data as d; d.load_movielens(); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

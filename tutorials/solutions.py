"""The solutions, one cell for each exercise, by the id of the cell that it takes the place of.

They are not a program: names such as rw and watched come from the notebook. README.md says how they are used.
"""

# ruff: noqa: F821

# %% start-1
shared = len(lists["GNN"] & lists["KNN"] & lists["Session"])

rw.check("start-1", shared)

# %% start-2
hits = len(lists["Session"] & later)

rw.check("start-2", hits)

# %% data-1
film = 3

rw.check("data-1", film)

# %% data-2
share = np.sort(counts)[::-1][: len(counts) // 10].sum() / counts.sum()

rw.check("data-2", share)


# %% data-3
def top(scores, seen, k):
    scores = scores.copy()
    scores[seen] = -np.inf
    return np.argsort(-scores)[:k]


rw.check("data-3", top)

# %% gnn-1
ann_stands = 0.5

rw.check("gnn-1", ann_stands)

# %% gnn-2
people = watched / watched.sum(1, keepdims=True) @ films  # (2,) after the first layer
films_after = watched.T / watched.T.sum(1, keepdims=True) @ people

rw.check("gnn-2", films_after)


# %% gnn-3
def aggregate(messages):
    return messages.mean(axis=0)


rw.check("gnn-3", aggregate)


# %% gnn-4
def layer(watched, users, films):
    new_users = watched / np.maximum(watched.sum(1, keepdims=True), 1) @ films
    new_films = watched.T / np.maximum(watched.T.sum(1, keepdims=True), 1) @ users
    return new_users, new_films


rw.check("gnn-4", layer)

# %% knn-1
two_nearest = [0, 2]

rw.check("knn-1", two_nearest)

# %% knn-2
cosine = np.array([0.9, 0.6, 0.1])
weight = cosine**3 / (cosine**3).sum()

rw.check("knn-2", weight)


# %% knn-3
def nearest(places, who, k):
    length = np.linalg.norm(places, axis=1)
    cosine = places @ places[who] / (length * length[who])
    cosine[who] = -np.inf
    return np.argsort(-cosine)[:k]


rw.check("knn-3", nearest)


# %% knn-4
def layer(places, values, who, k, power):
    found = nearest(places, who, k)
    length = np.linalg.norm(places, axis=1)
    cosine = places[found] @ places[who] / (length[found] * length[who])
    weight = np.maximum(cosine, 0.001) ** power
    return weight / weight.sum() @ values[found]


rw.check("knn-4", layer)

# %% session-1
weight_of_fifth = 0.25

rw.check("session-1", weight_of_fifth)

# %% session-2
age = np.arange(5)  # 0 = the newest
weight = 0.5 ** (age / 2)
mean_weight = weight / weight.sum()

rw.check("session-2", mean_weight)


# %% session-3
def recency(learned, half_life):
    age = np.arange(len(learned))
    weight = learned * (0.5 ** (age / half_life))[:, None]
    return weight / weight.sum(0)


rw.check("session-3", recency)


# %% session-4
def layer(films, learned, half_life, maps):
    means = recency(learned, half_life).T @ films  # (means, dim)
    return sum(mean @ change for mean, change in zip(means, maps, strict=True))


rw.check("session-4", layer)

# %% compare-1
value = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))

rw.check("compare-1", value)


# %% compare-2
def gains(k):
    return 1 / np.log2(np.arange(1, k + 1) + 1)  # of rank 1 ... k


def ndcg(hit, relevant):
    return (hit * gains(len(hit))).sum() / gains(min(relevant, len(hit))).sum()


rw.check("compare-2", ndcg)


# %% compare-3
def leaked(train_times, test_times):
    return (test_times < train_times.max()).mean()


rw.check("compare-3", leaked)

# %% compare-4
better = "gnn" if low > 0 else "knn" if high < 0 else "neither"

rw.check("compare-4", better)


# %% own-1
class Together:
    label = "Watched together"

    def steps(self, data, validation=None, epochs=None):
        viewers = np.zeros((data.n_items, data.n_users), np.float32)
        viewers[data.item, data.user] = 1.0
        self.unit = viewers / np.maximum(np.linalg.norm(viewers, axis=1, keepdims=True), 1.0)  # one row for each film
        self.data = data
        yield rw.FitEvent(1, 1, {"loss": 0.0}, rw.Snapshot("together", {"unit": self.unit}))

    def scores(self, user):
        history = rw.person_of(self.data, user).history
        return self.unit @ self.unit[history].sum(0)  # (n_items,)

    def explain(self, user, item):
        history, film = rw.person_of(self.data, user).history, self.data.item_index(item)
        values = self.unit[history] @ self.unit[film]
        titles = self.data.titles
        parts = tuple(rw.Part(titles[n], "film", float(v), int(n)) for n, v in zip(history, values, strict=True))
        return rw.Explanation(item, titles[film], sum(part.value for part in parts), parts)


own_model = rw.check("own-1", Together())
own_model

# %% own-2
import bqplot


class Behind(rw.Chart):
    name, title = "behind", "How far behind the first?"

    def __init__(self):
        super().__init__()
        scales = {"x": bqplot.OrdinalScale(), "y": bqplot.LinearScale(min=0, max=1)}
        self.bars = bqplot.Bars(x=np.arange(1, 11), y=np.zeros(10), scales=scales, colors=["var(--rw-accent)"])
        up = bqplot.Axis(scale=scales["y"], orientation="vertical", tick_format=".0%")
        axes = [bqplot.Axis(scale=scales["x"]), up]
        self.figure = bqplot.Figure(marks=[self.bars], axes=axes, layout={"height": "280px", "width": "100%"})
        self.watch(self.bars)  # a click on a bar selects its film

    def bars_of(self, answer):
        scores = answer.scores[answer.top]
        return np.pad(scores / scores[0], (0, 10 - len(scores)))

    def show(self, answer, selected=0, previous=None):
        self.bars.y = np.zeros(10) if answer is None else self.bars_of(answer)

    def sentence(self, answer):
        if answer is None:
            return "No answer yet."
        return f"The last film reaches {self.bars_of(answer)[len(answer.top) - 1]:.0%} of the first film's score."


own_chart = rw.check("own-2", Behind())
own_chart

# %% back-1
d_film_0 = 2.3 / 2

rw.check("back-1", d_film_0)

# %% back-2
d_people = np.array([1.0, -2.0])  # what came back to Ann and to Bob
d_films = watched.T @ (d_people / watched.sum(1))  # (3,)

rw.check("back-2", d_films)


# %% back-3
def backward(watched, d_people):
    return watched.T @ (d_people / np.maximum(watched.sum(1, keepdims=True), 1))


rw.check("back-3", backward)

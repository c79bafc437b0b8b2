"""The field's words, each with one sentence that says what it means; `term` puts it where the word stands.

The page (tips.js) shows the sentence on hover, focus and tap. Add a word here, and call `term("word")`.
"""

from __future__ import annotations

from markupsafe import Markup

TERMS = {
    "accuracy": "Share of the held-out ratings whose item stands in its user’s top 10: among thousands of items a few "
    "per cent is usual, and the number to beat is popularity’s.",
    "average user": "A user made up by taking the mean of all users’ queries: what this one gets needs no taste of one’s "
    "own, and is ranked among the items that the user shown has not rated.",
    "beyond average": "What it adds to this item beyond popular ones, less what as much of the average user adds: so what "
    "all users get stands apart, and all of it adds up to the score.",
    "bootstrap": "The users are drawn anew with replacement 1,000 times, and 95 % of the means found lie in this "
    "interval: a measure of how much the number depends on which users there happen to be.",
    "contribution": "What one item, one neighbour or one embedding adds to a score or takes from it; all contributions "
    "add up to the score.",
    "coverage": "Share of all items that stand in at least one user’s top 10.",
    "difference": "What one item or neighbour contributes to the item selected, less what it contributes to the other: all of "
    "them, the own embedding’s too, add up to the difference of the scores.",
    "embedding": "A list of numbers, learned in training, that stands for one item or user: items that the same people "
    "choose get similar ones.",
    "epoch": "One pass of the training through all its data; after each, the model is kept so that you can go back.",
    "half-life": "After so many items towards the past, an item counts half as much as the latest one.",
    "held-out": "Ratings that are set aside before training, so that the model is asked about items that it was never "
    "shown for this user.",
    "hop": "One step along the graph from an item to its viewers or from a user to their items; each layer of the "
    "network passes messages one hop on.",
    "inner product": "Two embeddings multiplied number by number and added up: it is large where both point the same "
    "way.",
    "interval": "The range in which 95 % of the results lie when the users are drawn anew with replacement 1,000 times "
    "(bootstrap): wide where few users decide.",
    "k nearest neighbours": "The k users whose vectors are most like this user’s; the answer is made from theirs.",
    "layer": "One round in which each node of the graph takes the mean of its neighbours’ messages; with n layers, "
    "messages come from n hops away.",
    "learning rate": "How far each step of training moves the embeddings: too small and it takes long, too large and it "
    "jumps past the best.",
    "loss": "What training makes smaller: how little probability the model gives to the items that the users really "
    "chose.",
    "more than noise": "The interval of the difference leaves out 0, so it does not hang on which users happen to be in "
    "the data; what another training would change is not in it.",
    "ndcg": "Share of the best order that is possible: a held-out item counts 1 at rank 1 and less further down the top "
    "10, so 1 would be perfect and popularity’s value is the one to beat.",
    "novelty": "How little known the recommended items are, in bits: one bit more means rated by half as many users.",
    "over-smoothing": "How alike what the graph tells two users becomes with each hop of averaging, as the mean cosine of "
    "their messages after hop 1, 2, …: at 1 all users are told the same.",
    "own difference": "What one item or neighbour contributes to the item selected, less to the other, and less what as "
    "much of the average user contributes so: all of them add up to your own part.",
    "own embedding": "What was learned for this one user beside their items; somebody new has none.",
    "pca": "Principal component analysis, the flat picture of long vectors that keeps most of their differences; what "
    "lies near here can still be far apart in the dimensions left out.",
    "popularity": "A baseline that gives each user the unseen items with the most ratings: a model that has learned about "
    "taste beats it, and ComparePanel’s leaderboard says whether by more than noise.",
    "query": "The vector that stands for this user when items are looked up: an item’s score is its inner product with "
    "the query.",
    "recency weight": "How much of the query is this item’s by its age alone, no share of the score: a learned mean, scaled "
    "to 100 % over the items there are, so of few items the oldest may weigh most.",
    "score": "How well an item fits by this model’s count, the inner product of query and item’s vector: it is no star "
    "rating, and only the order counts.",
    "softmax": "Turns scores into shares that add up to 100 %, where one point more means 2.7 times the share: a way to "
    "draw scores, no certainty.",
    "top 10": "The ten items with the highest scores among those that the user has not seen.",
    "validation rows": "Ratings held out to follow the training and to choose settings, apart from the test rows that "
    "only ✓ and the leaderboard look at.",
    "what all users get": "The level that popular items have with this user, the same for all items, and what the average "
    "user gives this item beyond these.",
    "vote": "One of the user’s items which, asked alone as the whole history, puts this item into its top 10: how the user "
    "rated it does not count for a vote.",
}  # fmt: skip

#: other names of the same
SAME = {
    "accuracy": ("top-10 accuracy", "top 10 accuracy"),
    "average user": ("mean query",),
    "bootstrap": ("confidence interval", "bootstrap interval"),
    "half-life": ("recency",),
    "held-out": ("held out", "held-out data", "test rows"),
    "epoch": ("epochs",),
    "hop": ("hops",),
    "k nearest neighbours": ("neighbours k", "nearest neighbours", "neighbours"),
    "layer": ("layers",),
    "ndcg": ("ndcg@10",),
    "own embedding": ("own embeddings",),
    "pca": ("principal components",),
    "popularity": ("popularity baseline",),
    "validation rows": ("validation",),
    "vote": ("votes", "voters"),
    "what all users get": ("all users",),
}
NAMES = {name: name for name in TERMS} | {other: name for name, others in SAME.items() for other in others}


def term(name: str, shown: str = "", more: str = "") -> Markup:
    """A word that explains itself: a button, underlined with dots, whose sentence the page shows.

    name: a key of TERMS or another name of one (SAME), in any case. shown: the word as it stands here, "" = `name`.
    more: a further sentence on what is on the page now, such as the value to compare with. Not for use inside a
    button or a link. Raises ValueError for a name that nothing explains.
    """
    known = NAMES.get(name.lower())
    if known is None:
        raise ValueError(f"a term must be one of {', '.join(TERMS)}, got {name!r}; explain it in page/terms.py")
    text = f"{TERMS[known]} {more}" if more else TERMS[known]
    return Markup('<button type="button" class="rw-term" data-tip="{}">{}</button>').format(text, shown or name)


def term_or_text(label: str) -> Markup:
    """The label as a term where it is one, else as text: for labels that models of one's own bring along."""
    return term(label) if label.lower() in NAMES else Markup("{}").format(label)

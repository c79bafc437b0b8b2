# a sentence for the learner stays on one line
"""00 · start here: three lists, compared."""

from __future__ import annotations

import functools

from .. import reference_answers
from ..exercise import Exercise, Mistake

EXERCISES = (
    Exercise(
        "start-1",
        "How many films stand on all three lists of user 42?",
        right=reference_answers.on_all_lists,
        mistakes=(
            *(
                Mistake(
                    functools.partial(reference_answers.on_both, *pair),
                    f"That is what {' and '.join(pair)} share; the third list is missing.",
                )
                for pair in (("GNN", "KNN"), ("GNN", "Session"), ("KNN", "Session"))
            ),
            Mistake(
                reference_answers.on_any_list,
                "That counts the films on *any* of the lists (`|`); on *all* of them is `&`.",
            ),
        ),
        hints=(
            "The lists are sets: which operation keeps what is in both?",
            "`a & b` is what two sets share. Three sets: `a & b & c`; then count.",
            "`len(lists['GNN'] & lists['KNN'] & lists['Session'])`",
        ),
        praise="The other films are where the models differ, and where they get interesting.",
    ),
    Exercise(
        "start-2",
        "How many of the ten films of the session model's list did user 42 go on to watch?",
        right=lambda: reference_answers.watched_later("session"),
        mistakes=(
            Mistake(
                lambda: 10 - reference_answers.watched_later("session"),
                "Those are the films *without* a ✓. Count those with one.",
            ),
            Mistake(
                lambda: reference_answers.watched_later("knn"),
                "That is the count of the neighbours' list; look at the session's.",
            ),
        ),
        hints=(
            "The panel marks them with a ✓, and says the sum under the list.",
            "In code: `later` is a set of films, `lists['Session']` is another. What do they share?",
            "`len(lists['Session'] & later)`",
        ),
        praise="Films without a ✓ need not be wrong: this person may like them, and never have met them.",
    ),
)

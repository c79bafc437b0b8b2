"""The exercises of the course, one module for each notebook.

One exercise = one entry of a module's EXERCISES: what is asked, what is right, what often goes
wrong, three hints. `check` and the notebooks find it by its id.
"""

from __future__ import annotations

from ..exercise import Exercise
from . import backward, compare, data, gnn, knn, session, start, yours

EXERCISES: dict[str, Exercise] = {
    exercise.id: exercise
    for module in (start, data, gnn, knn, session, compare, yours, backward)
    for exercise in module.EXERCISES
}

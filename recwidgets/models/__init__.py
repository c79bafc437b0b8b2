"""The models, one file each; made and loaded by their short names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._found import named_classes
from ..core import Snapshot
from ..data import Interactions
from ._files import FORMAT, not_ours, read_arrays


def load_model(path: Any) -> Any:
    """Read a model written by `model.save`. Nothing in the file is executed.

    Raises FileNotFoundError, or ValueError for a file that is not such a model.
    """
    about, arrays = read_arrays(Path(path))
    if "fingerprint" in about:
        raise not_ours(path, "a pretrained file holds no interactions; read it with rw.load_pretrained")
    if about.get("format") != FORMAT or about.get("model") not in known_models():
        raise ValueError(
            f"{str(path)!r} holds format {about.get('format')!r}, model {about.get('model')!r}; "
            f"this version reads format {FORMAT} of {', '.join(known_models())}"
        )
    fields = {name[5:]: value for name, value in arrays.items() if name.startswith("data/")}
    snapshot = {name[9:]: value for name, value in arrays.items() if name.startswith("snapshot/")}
    try:
        if not snapshot:
            raise ValueError("it holds no snapshot")
        genres = tuple(tuple(text.split("|")) if text else () for text in about["genres"])
        has_ratings, has_times = about["has"]
        model = make(about["model"], **about["settings"])
        model.data = Interactions(
            **fields, genres=genres, name=about["data"], has_ratings=has_ratings, has_times=has_times
        )
    except (KeyError, TypeError, ValueError) as error:  # a pretrained file, say: it holds no interactions
        raise not_ours(path, error) from error
    model.snapshot = Snapshot(about["model"], snapshot)
    model.trained = about.get("trained", model.trained)  # an older file does not say it
    return model


def make(name: str, **settings: Any) -> Any:
    """A new model by its short name: "gnn", "knn" or "session"."""
    return model_class(name)(**settings)


def model_class(name: str) -> Any:
    """GNN, KNN or Session by its short name. Raises ValueError for another."""
    if name not in known_models():
        raise ValueError(f"model must be one of {', '.join(known_models())}, got {name!r}")
    return known_models()[name]


def known_models() -> dict[str, Any]:
    """Those that can be saved and loaded, by their short names: the classes of this folder."""
    from ._base import EmbeddingModel

    return named_classes("models", EmbeddingModel)

"""The models, one file each; made and loaded by their short names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._found import named_classes
from ._files import FORMAT, check_file, data_of, not_ours, read_arrays, read_directory, snapshot_of


def load_model(path: Any) -> Any:
    """Read a model written by `model.save`. Nothing in the file is executed.

    Raises FileNotFoundError, or ValueError for a file that is not such a model.
    """
    about, _ = read_directory(Path(path))
    if "fingerprint" in about:
        raise not_ours(path, "a pretrained file holds no interactions; read it with rw.load_pretrained")
    if about.get("format") != FORMAT or about.get("model") not in list(known_models()):
        raise ValueError(
            f"{str(path)!r} holds format {about.get('format')!r}, model {about.get('model')!r}; "
            f"this version reads format {FORMAT} of {', '.join(known_models())}"
        )
    _, arrays = read_arrays(Path(path), check_file)
    try:
        model = make(about["model"], **about["settings"])
        model.data = data_of(about, arrays)
        model.snapshot = snapshot_of(model, arrays)
        trained = model.at(**about.get("trained", {})).values  # an older file does not say it
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise not_ours(path, error) from error
    if "trained" in about:
        model.trained = trained
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

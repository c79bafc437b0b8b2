"""A picture of why for models that tell shares. tests/test_registry.py adds it to a copy of the package."""

from __future__ import annotations

from typing import ClassVar

from ._base import Why


class SharesWhy(Why):
    """The sum of the parts for a model with a method `shares`."""

    needs: ClassVar[str] = "shares"

"""The TensorFlow networks, one file each: here one reads what a layer does. Nothing else in the package trains.

`recwidgets.models` holds the numpy answers, and imports a network when training starts; no network imports a model.
Importing this package loads TensorFlow, or raises TensorFlowUnavailable with a sentence that says what to do.
"""

from __future__ import annotations

from .. import _tf

_tf.load()  # first: a plain `import tensorflow` below may then rely on Keras 2

"""Imported first by each of TensorFlow's networks: a plain `import tensorflow` after it may rely on Keras 2."""

from .. import _tf

_tf.load()

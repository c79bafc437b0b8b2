"""The networks, one file each, in TensorFlow (gnn.py) and in numpy (gnn_numpy.py): here one reads what a layer does.

Nothing else in the package trains. `recwidgets.models` holds the answers, and imports a network when training starts;
no network imports a model. Opening one of TensorFlow's files loads TensorFlow, or raises TensorFlowUnavailable with a
sentence that says what to do; numpy's need numpy alone. Both use settings.py and clicks.py.
"""

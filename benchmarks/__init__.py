"""The benchmarks: what the models reach, and what they cost, measured side by side on one machine.

Run `recwidgets bench` from a clone. Each part runs in a process of its own, so that its peak of
memory and its CPU seconds are its own. MovieLens 100K is named by RECWIDGETS_ML100K (or --data),
the independent evaluator by RECWIDGETS_BENCH (else ../shared/bench beside the clone); what needs
one that is not there is skipped, and the table says so.
"""

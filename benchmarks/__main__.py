"""python -m benchmarks: the same as `recwidgets bench`, from the clone's folder."""

from .run import main

raise SystemExit(main())

"""python -m recwidgets"""

from .cli import main

raise SystemExit(main())

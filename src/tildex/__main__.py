"""``python -m tildex`` is the command ``tildex``."""

import sys

from tildex.cli import main

sys.exit(main())

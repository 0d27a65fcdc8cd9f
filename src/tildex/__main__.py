"""Makes ``python -m tildex`` the same as the command ``tildex``."""

import sys

from tildex.cli import main

sys.exit(main())

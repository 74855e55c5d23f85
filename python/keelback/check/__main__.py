# SPDX-License-Identifier: MIT
"""python -m keelback.check FILE.py"""
import sys

from . import main

sys.exit(main())

"""`python -m tests.faults`: print the figures of reliability."""

import sys

from tests.faults.figures import main

sys.exit(main(sys.argv[1:]))

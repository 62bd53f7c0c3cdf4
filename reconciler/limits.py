"""How large anything may be that is read: bytes, depth, count and time, each stated once.

What is over its limit is refused with the limit in the message, before anything is made of it.
The limits leave ten times the room of the largest thing of its kind that anybody has shown us.
"""

from __future__ import annotations

KIB = 1 << 10
MIB = 1 << 20

LONG_TEXT = 256 * KIB
"""Characters of a text that are looked at where only a part of it is shown."""
EXCERPT_REACH = 32 * KIB
"""Characters of a line that are looked at on each side of a place; no line of a spec is longer."""
PYTHON_BYTES = 256 * KIB
"""Of one Python file that a flow's node names; it is read, never run."""
PARSE_MEMORY_MIB = 256
PARSE_CPU_S = 2
PARSE_WALL_S = 20.0
"""What the process may take that reads one, of memory, of a processor and of time."""
SLOWEST_BYTES_A_SECOND = 16 * KIB
"""How fast an upload or a download must be, for the time of its request to be moved by it."""
REQUEST_S = 120.0
"""A whole request, from the first byte that is sent to the last that comes."""

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

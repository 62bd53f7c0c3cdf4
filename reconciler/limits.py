"""How large what others wrote may be: specs, rows, answers, code, text; each stated once.

What is over its limit is refused with the limit in the message, before anything is made of it.
The limits leave ten times the room of the largest thing of its kind that anybody has shown us.
"""

from __future__ import annotations

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30

SPEC_BYTES = 1 * MIB
SPEC_LINES = 20_000
SPEC_LINE = 30_000
SPEC_DEPTH = 64
SPEC_VALUES = 10_000
SPEC_DIGITS = 18
"""Of one YAML file that is read as a spec or a policy: bytes, lines, characters of a line, levels,
values, and digits of a number.
"""
FLOW_FILES = 200
FLOW_ENTRIES = 2_000
FLOW_DEPTH = 32
FLOW_BYTES = 10 * MIB
"""Of a flow's folder: files, names that are looked at (folders too), levels, bytes of all files."""
TREE_FILES = 100_000
TREE_DEPTH = 32
TREE_NAME = 900
"""Of a folder that is uploaded as data: files and folders, levels, and characters of a path in it.
A blob's whole name has 1,024 at most (learn.microsoft.com/rest/api/storageservices/
naming-and-referencing-containers--blobs--and-metadata).
"""
CONTEXT_FILES = 2_000
CONTEXT_BYTES = 100 * MIB
"""Of the folder of a Dockerfile: Azure ML itself takes snapshots of 300 MB and 2,000 files."""
LONG_TEXT = 256 * KIB
"""Characters of a text that are looked at where only a part of it is shown."""
EXCERPT_REACH = 32 * KIB
"""Characters of a line that are looked at on each side of a place; no line of a spec is longer."""
PYTHON_BYTES = 256 * KIB
"""Of one Python file that a flow's node names; it is read, never run."""
IGNORE_FILE_BYTES = 64 * KIB
IGNORE_FILE_LINES = 1_000
IGNORE_FILE_WILD_FOLDERS = 4
"""Of a `.amlignore` or `.gitignore` beside a flow; the last is how often a line may say `**`."""
PATH_WILDCARDS = 20
"""Of one pattern of files in the card of a hub repository; those that people write have four."""
PARSE_MEMORY_MIB = 256
PARSE_CPU_S = 2
PARSE_WALL_S = 20.0
"""What the process may take that reads one, of memory, of a processor and of time."""
SLOWEST_BYTES_A_SECOND = 16 * KIB
"""How fast an upload or a download must be, for the time of its request to be moved by it."""
REQUEST_S = 120.0
"""A whole request, from the first byte that is sent to the last that comes."""
JSON_VALUES = 250_000
JSON_DEPTH = 100
"""Of one answer or one file in JSON. A number of 4,300 digits is refused by Python itself."""
ANSWER_BYTES = 16 * MIB
"""Of one answer of a service, unpacked. A page of Azure's longest lists has 2 MiB."""
DATA_FILE_BYTES = 16 * GIB
"""Of one local file of rows: twenty million have some 10 GiB, read in 250 MiB of memory."""
ROW_BYTES = 4 * MIB
ROW_VALUES = 20_000
"""Of one row of chat data: a conversation of a million tokens has 4 MiB."""
MANIFEST_BYTES = 32 * MIB
MANIFEST_VALUES = 2_000_000
"""Of a list of blobs as az prints it: one of 50,000 blobs has 30 MiB."""
BLOCK_BYTES = 8 * MIB
BLOCKS = 50_000
"""Of what is uploaded: a file of more bytes goes in blocks, and Azure takes so many of them."""
PARQUET_ROWS = 5_000_000
PARQUET_MEMORY_MIB = 96, 1000
"""Of one file: the rows that are taken of it, and what duckdb may use for a small or a large one."""
SAVED_PLAN_BYTES = 32 * MIB
SAVED_PLAN_VALUES = 1_000_000
"""Of a plan on disk: one of a thousand resources has 2 MiB."""
PLAN_DOCUMENT_BYTES = 5 * MIB
"""Of a plan as `-o json` prints it: one of a thousand resources has 2 MiB."""
PRICES_BYTES = 4 * MIB
"""Of the kept answer of the price list: a meter has a KiB, a size in a region some twenty meters."""
QUESTION_CHARACTERS = 100_000
ANSWER_TOKENS = 128_000
"""Of a question to a model, and of the answer that may be asked for."""
LIST_PAGES = 1_000
LIST_PAGES_WITHOUT_NEWS = 25
"""Of one list of Azure: all its pages, and how many in a row may show nothing new."""
GIT_REFS_BYTES = 32 * MIB
GIT_PACK_BYTES = 200 * MIB
GIT_UNPACKED_BYTES = 200 * MIB
GIT_OBJECT_BYTES = 64 * MIB
GIT_OBJECTS = 200_000
"""Of a repository, in one question: what it lists, packs, and packs unpacked; of one object; how many."""
TREE_FILES = 20_000
TREE_BYTES = 200 * MIB
TREE_DEPTH = 32
TREE_NAMES = 100_000
"""Of the files of one revision; the last counts folders, links and submodules, too."""
HISTORY_COMMITS = 1_000
"""How far back is looked to find out whether one commit descends from another."""

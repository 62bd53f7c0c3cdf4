"""The loop: what a container runs to keep many specs as git says.

Pure: `records`, `due`, `gate`, `contend`. Edges, each with one contract in `ports`: the source
in git, the lease on a blob, the change feed, and who is told.
"""

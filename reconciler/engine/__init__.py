"""The pure core: diff, decide, graph, walk. No I/O, no azure, no YAML."""

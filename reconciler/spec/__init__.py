"""The spec as text: YAML with positions, model base, references, problems with places."""

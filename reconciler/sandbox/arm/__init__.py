"""The ARM control plane: a generic engine, and one module of resource types per namespace."""

"""Files of `az ml` as sections of a spec: what they say is kept, what cannot be is named."""

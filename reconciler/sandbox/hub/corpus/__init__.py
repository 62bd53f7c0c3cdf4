"""The sandbox's own corpus: facts by hand, put into conversations by rule."""

"""Turn plans, outcomes and problems into text, JSON and Markdown; decides nothing."""

"""What the commands do: load, plan, apply, destroy, status. The only place that joins all parts.

One module a command, imported one by one: `validate` must not pay for what `apply` needs.
"""

"""The workspace, hub and project, and the resources that they are linked to."""

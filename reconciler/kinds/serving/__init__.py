"""Models, endpoints, deployments and traffic."""

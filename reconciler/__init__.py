"""Declarative, spec-driven reconciler for Azure Machine Learning and Azure AI Foundry."""

"""An embedded emulator of the Azure services `reconcile` uses; it knows nothing of the product.

The real Microsoft SDKs talk to it over HTTPS, unmodified. Nothing here imports the rest of
`reconciler`; the rest reaches it only through `reconciler.sandbox.launch`.
"""

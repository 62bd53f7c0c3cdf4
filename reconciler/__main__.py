"""`python -m reconciler` is the same as the console script."""

from reconciler.cli.main import entry

if __name__ == "__main__":
    entry()

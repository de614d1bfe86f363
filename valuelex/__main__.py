"""``python -m valuelex`` is the command ``valuelex``."""

from importlib import import_module

if __name__ == "__main__":
    import_module("valuelex.cli").main()

"""fcproxy: a record/replay reverse proxy for Stripe traffic."""

__all__ = ["__version__"]

__version__ = "0.1.0"

"""The transition tables of the products."""

"""What holds for every test."""

from hypothesis import settings

# The same examples in every run and on every machine: a test that fails now and then is no test.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile("same")

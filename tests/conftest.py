"""What holds for every test."""

import signal

from hypothesis import settings

# The same examples in every run and on every machine: a test that fails now and then is no test.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile("same")

# nohup has SIGHUP ignored, a shell's background job SIGINT; what the tests start would ignore it, too.
for _number, _default in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)

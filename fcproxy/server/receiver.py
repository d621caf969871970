"""What comes on a connection to an upstream: plain answers are read here, all else by aiohttp's handler.

The handler's parser, its streams and its timers took as long as the whole rest of reading an answer and passing it on.
"""

import asyncio
from collections.abc import Callable

from aiohttp.client_proto import ResponseHandler

from fcproxy.server.plain_answers import PlainAnswer

__all__ = ["Receiver"]


class Receiver(asyncio.Protocol):
    """Stands before ``handler``, which keeps the connection's state and gets everything but plain answers.

    May be given to `Deadlines`: it then ends the waiting for an answer.
    """

    __slots__ = ("_handler", "_loop", "_read", "_ready", "_waiter", "through")

    def __init__(
        self, handler: ResponseHandler, read: Callable[[bytes], PlainAnswer | None], ready: Callable[[], None]
    ) -> None:
        """``read``: see `PlainAnswerReader`. ``ready`` makes the handler ready for an answer that is not plain."""
        self._handler = handler
        self._read = read
        self._ready = ready
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[PlainAnswer | None] | None = None
        self.through = True
        """Whether the handler gets all that comes. Where it does not and nobody waits, what comes ends the connection:
        it would be taken for the next answer, and kept without end until then."""

    def expect(self) -> "asyncio.Future[PlainAnswer | None]":
        """To be called with a request: gives its answer, or None where the handler is to be asked, which is ready then.
        TimeoutError, where `reschedule` was called."""
        self.through = False
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.through:
            self._handler.data_received(data)
            return
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            self._handler.abort()
            return
        answer = self._read(data)
        if answer is None:
            self.through = True
            self._ready()
            self._handler.data_received(data)
        if not waiter.done():
            waiter.set_result(answer)

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        self._handler.eof_received()
        return None

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol. The handler has the words for it."""
        self._handler.connection_lost(exc)
        waiter, self._waiter = self._waiter, None
        self.through = True
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def expired(self) -> bool:
        """Whether nobody waits."""
        return self._waiter is None

    def reschedule(self, _when: float) -> None:
        """Ends the waiting, at once."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(TimeoutError())

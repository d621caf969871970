"""Forwarding: bytes go to the client as they come; a recorded interaction is on disk before the client sees the end."""

from collections.abc import AsyncIterator, Callable
from time import perf_counter

from fcproxy.core.deck import Forward
from fcproxy.core.errors import RecordingRefused, UpstreamFailed
from fcproxy.core.message import Request, Response
from fcproxy.server.answers import upstream_response
from fcproxy.server.client import Client
from fcproxy.server.hop import HOP_BY_HOP, end_to_end
from fcproxy.server.large import Copy, LargeBody
from fcproxy.server.opened import OpenedDeck
from fcproxy.server.playback import timed
from fcproxy.server.provenance import client_name
from fcproxy.server.upstream import ClientCut, Reply, Upstream
from fcproxy.server.wire import Answer, Sent, break_at_once, send

__all__ = ["Relay"]

_NOT_PASSED_ON = HOP_BY_HOP - {"transfer-encoding"}
# That one marks where ours has its place.

_TRANSFER = frozenset({"transfer-encoding"})


class Relay:
    """One forwarded request. `run` answers the client and gives what was sent and what was done, in words."""

    def __init__(
        self,
        request: Client,
        opened: OpenedDeck,
        outgoing: Request,
        forward: Forward,
        on_refusal: Callable[[RecordingRefused], None],
        *,
        max_body: int,
        large: LargeBody | None = None,
    ) -> None:
        """``on_refusal`` is told when the answer forbids the recording; the client still gets it whole. ``max_body``:
        most bytes of an answer that are kept for the recording. ``large``: the request's body where it is not held."""
        self._max_body = max_body
        self._large = large
        self._request = request
        self._opened = opened
        self._outgoing = outgoing
        self._forward = forward
        self._on_refusal = on_refusal
        self._begun = False
        self._start = perf_counter()
        self._head = b""
        """The answer's head while it waits for the first bytes of the body."""
        self._unframed = False
        self._settled = not forward.record

    async def run(self, upstream: Upstream) -> tuple[Sent, str]:
        """Raises ConnectionError when the client has gone; nothing is recorded then."""
        recording = self._opened.recording if self._forward.record else None
        if recording is not None:
            recording.expect(1)
        try:
            pieces = self._large.pieces() if self._large is not None else None
            async with upstream.send(self._outgoing, pieces) as reply:
                return await self._pass_on(reply)
        except UpstreamFailed as error:
            if self._large is not None and self._large.broken:
                raise ConnectionResetError from None
            return await self._failed(error), f"upstream {error.kind}"
        finally:
            if recording is not None:
                recording.expect(-1)
            if not self._settled:
                self._opened.deck.abandon(self._forward)

    async def _failed(self, error: UpstreamFailed) -> Sent:
        if not self._begun and not isinstance(error, ClientCut):
            return await send(self._request, upstream_response(error))
        # Where the head is out, only a broken connection can tell the client that the body is not whole.
        if self._request.transport is not None:
            if self._unframed:
                break_at_once(self._request.transport)
            self._request.transport.abort()
        return Sent(502, keep_alive=False)

    async def _pass_on(self, reply: Reply) -> tuple[Sent, str]:
        headers = end_to_end(reply.headers, _NOT_PASSED_ON)
        answer = Answer(self._request, reply.status, reply.reason, headers)
        kept = Copy(self._max_body)
        self._head, self._unframed = answer.head, answer.unframed
        if reply.data is None:
            held = await self._stream(reply.body, answer, kept)
        else:
            held = answer.frame(reply.data)
            kept.add(reply.data)
        action = await self._keep(kept.response(reply.status, headers.less(_TRANSFER), reply.reason))
        ending = held + answer.end
        if ending or self._head:
            await self._write(ending)
        return Sent(reply.status, keep_alive=answer.keep_alive), action

    async def _stream(self, body: AsyncIterator[bytes], answer: Answer, kept: Copy) -> bytes:
        """Passes the body on as it comes. Gives its last bytes where these are known to be the last, by
        Content-Length: with them the client sees the end, so they wait for the disk."""
        rest, held = answer.length, b""
        if rest != 0:
            await self._write(b"")
        async for chunk in body:
            if self._forward.record:
                kept.add(chunk)
            if rest is not None:
                rest -= len(chunk)
            if rest == 0:
                held = chunk
            else:
                await self._write(answer.frame(chunk))
        return held

    async def _write(self, data: bytes) -> None:
        self._begun = True
        head, self._head = self._head, b""
        await self._request.writer.write(head + data)

    async def _keep(self, response: Response) -> str:
        """Records the answer, durably; gives what was done."""
        recording = self._opened.recording
        if not self._forward.record or recording is None:
            return "forwarded"
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        try:
            sent = self._outgoing if self._large is None else self._large.stands_for(self._outgoing)
            if self._opened.timed:
                headers = timed(response.headers, perf_counter() - self._start)
                response = Response(response.status, headers, response.body, response.reason)
            interaction = self._opened.deck.record(self._forward, sent, response)
        except RecordingRefused as error:
            self._on_refusal(error)
            return f"refused {error.rule}"
        if not await recording.append(self._forward.sequence, interaction, response.headers.get("Date")):
            self._opened.deck.lost()
            return "forwarded, not recorded: the disk failed"
        self._settled = True
        if client := client_name(self._outgoing.headers.get("User-Agent")):
            recording.clients.add(client)
        return "recorded"

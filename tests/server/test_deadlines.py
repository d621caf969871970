"""One timer ends what takes too long, about when it was told to, and nothing else."""

import asyncio

import pytest

from fcproxy.server.deadlines import Deadlines


async def waited_for_ever(deadlines: Deadlines, *whens: float, at_the_end: float | None = None) -> None:
    async with asyncio.timeout(None) as limit:
        for when in whens:
            deadlines.set(limit, when)
        try:
            await asyncio.Event().wait()
        finally:
            if at_the_end is not None:
                deadlines.set(limit, at_the_end)


async def ended_after(deadlines: Deadlines, *seconds: float) -> float:
    """How long it took until waiting for ever was ended; ``seconds``: what it was told, the last one counts."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(TimeoutError):
        await waited_for_ever(deadlines, *(began + one for one in seconds))
    return loop.time() - began


async def test_each_ends_at_its_own_time_and_not_before() -> None:
    deadlines = Deadlines(0.02, 60.0)
    early, late = await asyncio.gather(ended_after(deadlines, 0.02), ended_after(deadlines, 0.02, 0.06))
    assert 0.02 <= early < late
    assert late >= 0.06


async def test_what_is_dropped_goes_on_and_the_timer_stops() -> None:
    deadlines = Deadlines(0.01)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        deadlines.set(limit, loop.time())
        deadlines.drop(limit)
        assert await ended_after(deadlines, 0.01) >= 0.01  # the timer has looked at all of them by now
    while deadlines._timer is not None:
        await asyncio.sleep(0)
    assert not limit.expired()


async def test_what_ends_already_is_not_put_off() -> None:
    deadlines = Deadlines(0.01)
    now = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await waited_for_ever(deadlines, now, at_the_end=now + 60)
    assert not deadlines._due


async def test_closed_it_has_no_timer_left() -> None:
    deadlines = Deadlines(60.0)
    async with asyncio.timeout(None) as limit:
        deadlines.set(limit, asyncio.get_running_loop().time() + 60)
        deadlines.close()
        assert deadlines._timer is None

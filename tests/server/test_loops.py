"""What depends on transports and time, on uvloop, too: its transports are no asyncio.Transport, its order is its own.

The tests' process runs on asyncio's loop; these are its tests once more.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fcproxy.core.modes import Mode
from tests.faults import test_hostile_http, test_hostile_upstreams, test_streams
from tests.server import test_kept_connections, test_passage, test_shortcut, test_upstream_failures

Test = Callable[..., Coroutine[Any, Any, None]]

TESTS: dict[str, Test] = {
    "client time-out": partial(test_streams.test_a_request_that_does_not_end_is_ended, b"GET /v1/x HT", True),
    "client time-out, silence": partial(test_streams.test_a_request_that_does_not_end_is_ended, b"", False),
    "a client that reads nothing": test_streams.test_a_client_that_does_not_read_holds_the_upstream_back,
    "idle": test_streams.test_an_idle_connection_between_two_requests_is_left_alone,
    "connections": test_streams.test_a_connection_too_many_is_told_so,
    "upload broken off": test_streams.test_a_client_that_goes_away_in_the_middle_of_its_upload,
    "upstream time-out": test_upstream_failures.test_no_answer_in_time,
    "half an answer": test_upstream_failures.test_a_client_of_http_1_0_does_not_take_half_an_answer_for_a_whole_one,
    "kept connections": test_passage.test_many_requests_on_one_connection,
    "closed connections": (
        test_passage.test_a_kept_connection_that_was_closed_is_opened_again_for_what_may_be_sent_twice
    ),
    "odd answers on kept connections": test_kept_connections.test_odd_answers_between_plain_ones_shift_nothing,
    "unasked": partial(test_kept_connections.test_what_comes_unasked_ends_the_connection_at_once, "chunked", 2),
    "a client gone": test_kept_connections.test_a_client_that_goes_away_costs_the_connection_and_nothing_else,
    "pieces": test_shortcut.test_pieces_and_pipelines_are_answered_in_order,
    "held back": test_shortcut.test_what_comes_before_an_answer_waits_for_it,
    "not read from": test_shortcut.test_a_client_that_sends_on_and_on_is_not_read_from,
    "ending": test_shortcut.test_an_ending_proxy_gives_the_answer_that_is_on_its_way,
    "bad bodies": test_hostile_http.test_bodies_that_turn_out_to_be_none_are_refused_at_once,
    "cut bodies": partial(test_hostile_upstreams.test_a_body_that_turns_out_to_be_none_is_cut_at_once, b"zz\r\n"),
    "left over": partial(test_hostile_upstreams.test_what_is_left_over_is_nobodys_answer, Mode.RECORD),
    "interleaved": partial(
        test_hostile_upstreams.test_of_200_interleaved_requests_none_gets_anothers_answer, Mode.RECORD
    ),
}


@pytest.mark.parametrize("name", TESTS)
def test_on_uvloop(name: str, tmp_path: Path) -> None:
    loop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=loop.new_event_loop) as runner:
        runner.run(TESTS[name](tmp_path=tmp_path))

"""vcrpy in process, with requests: prints answers a second. Usage: vcrpy_replay.py CASSETTE SECONDS"""

import sys
import time

import requests
import vcr

from bench.traffic import HEADERS, target

cassette, seconds = sys.argv[1], float(sys.argv[2])
player = vcr.VCR(record_mode=vcr.mode.NONE, match_on=["method", "path", "query", "body"])
with player.use_cassette(cassette, allow_playback_repeats=True), requests.Session() as session:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        session.get(f"https://api.stripe.com{target()}", headers=HEADERS)
        count += 1
    print(count / (time.perf_counter() - began))

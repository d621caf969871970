"""A bounded memory from a raw request to its canonical form, so that redaction and comparison are paid once."""

from collections.abc import Callable

from fcproxy.core.canonical import Canonical, MatchRules
from fcproxy.core.message import Request

__all__ = ["Memo"]

_ENTRIES = 4096
_LARGEST = 16 * 1024


class Memo:
    """Keyed by what can make a difference: never by Idempotency-Key, telemetry or other headers that change each time.

    Bodies beyond 16 KiB are not remembered: the memory stays below 4096 times that.
    """

    def __init__(self) -> None:
        self._forms: dict[tuple[object, ...], Canonical] = {}

    def get(self, request: Request, version: int, make: Callable[[Request], Canonical], rules: MatchRules) -> Canonical:
        """The form of ``request``. ``version``: changes whenever ``make`` would give another answer."""
        if len(request.body) > _LARGEST:
            return make(request)
        wanted = {
            name.lower()
            for name in (*rules.headers, rules.credential, "content-type", "content-encoding", "fcproxy-body")
        }
        wanted.update(name.lower() for route in rules.routes for name in route.headers)
        headers = tuple((name.lower(), value) for name, value in request.headers if name.lower() in wanted)
        key = (version, request.method, request.url, request.body, headers)
        form = self._forms.get(key)
        if form is None:
            form = make(request)
            if len(self._forms) >= _ENTRIES:
                self._forms.clear()
            self._forms[key] = form
        return form

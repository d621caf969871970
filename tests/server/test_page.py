"""The page for people: served whole from the package, safe with hostile contents."""

from fcproxy.server.page import FILES, page


def test_every_file_is_served_with_its_type_and_a_policy_that_lets_no_inline_script_run() -> None:
    for path, (_, media_type) in FILES.items():
        answer = page(path)
        assert answer.status == 200
        assert answer.body
        assert answer.headers.get("Content-Type") == media_type
        policy = answer.headers.get("Content-Security-Policy") or ""
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_document_loads_nothing_from_elsewhere_and_has_no_inline_script() -> None:
    html = page("").body.decode()
    assert "http://" not in html
    assert "https://" not in html
    assert "<script>" not in html
    assert "onclick" not in html


def test_the_script_never_writes_markup() -> None:
    script = page("page.js").body.decode()
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in script

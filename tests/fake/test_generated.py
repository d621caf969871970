"""What schemathesis makes of the fake's own document is answered, and as the document says."""

from tests.fake.generated import Run


def test_generated_requests() -> None:
    run = Run()
    run.go(1)
    assert run.wrong == []
    assert run.statuses.total() >= len(run.operations) > 80

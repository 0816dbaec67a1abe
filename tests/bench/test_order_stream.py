"""bench.exchange_engine: one stream, with and without the shared file, and its known trades."""

import pytest

from bench import exchange_engine, order_stream
from bench.options import Options

STREAM_SHA256 = "b9bc599607d533f0e6a38680417a7c4de8b2c2320e7160d8936ff41479a7ed47"
TRADE_SHA256 = "5e114403d93c6a35167ef341c6eb1cc061cbd5e6b22c36c15f3ad019a6765b71"
BOOK_SHA256 = "075d89d1b1cc0bf3bab7cfa219ec174a5bd8d44d23f24a397a81df6e061bb3b6"


def test_the_stream_that_we_draw_is_the_one_of_the_definition() -> None:
    drawn = order_stream.draw(1_000, order_stream.SEED)
    assert drawn[:3] == [("A", 1, -1, 8_506, 14), ("C", 1, 0, 0, 0), ("A", 2, 1, 8_496, 30)]
    assert order_stream.sha256(drawn).startswith("8533627bc4c8f4dd")


@pytest.mark.slow
def test_the_benchmark_reports_the_reference_hashes() -> None:
    figures = exchange_engine.run(Options(quick=True))
    assert figures["messages"] == order_stream.LENGTH
    assert figures["fills"] == 56_369
    assert figures["stream_sha256"] == STREAM_SHA256
    assert figures["trade_sha256"] == TRADE_SHA256
    assert figures["book_sha256"] == BOOK_SHA256
    assert figures["same_as_book_alone"]
    assert figures["same_around_nought"]
    assert figures["same_spread"]


@pytest.mark.slow
def test_without_the_shared_file_the_whole_stream_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_stream, "SHARED_FILE", order_stream.SHARED_FILE / "missing")
    stream, source = order_stream.messages()
    assert source == "bench.order_stream"
    assert order_stream.sha256(stream) == STREAM_SHA256

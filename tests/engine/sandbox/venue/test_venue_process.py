"""The process: protocol, byte-identical files, hidden truth, and an end whenever its host goes away."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.kernel.errors import EngineUnavailableError, InputError
from engine.sandbox.venue.client import VenueClient
from engine.sandbox.venue.protocol import (
    VenueRefusal,
    VenueRequest,
    VenueStep,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from engine.sandbox.venue.venue import serve

PROGRAM = "import sys\nfrom engine.sandbox.venue.venue import serve\nsys.exit(serve(sys.argv[1:]))"


def arguments(workspace: Path, private: Path, *more: str) -> list[str]:
    return ["--workspace", str(workspace), "--private-dir", str(private), "--market", "simulated_hogs", "--seed", "31",
            "--history-bars", "60", "--live-bars", "90", *more]  # fmt: skip


def run(given: list[str], requests: list[str]) -> tuple[int, list[dict[str, object]]]:
    replies = io.StringIO()
    code = serve(given, io.StringIO("".join(f"{line}\n" for line in requests)), replies)
    return code, [json.loads(line) for line in replies.getvalue().splitlines()]


def inbox_of(workspace: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((workspace / "inbox").iterdir())}


def advance(bar: int) -> str:
    return json.dumps({"op": "advance", "to_bar": bar})


def test_history_and_bars_are_answered_with_files_in_order_of_delivery(tmp_path: Path) -> None:
    code, replies = run(arguments(tmp_path / "w", tmp_path / "p"), ['{"op":"history"}', *map(advance, range(90))])
    assert code == 0
    assert [reply["bar_index"] for reply in replies] == list(range(-1, 90))
    assert [reply["end"] for reply in replies] == [False] * 90 + [True]
    moments = [reply["now_ts"] for reply in replies]
    assert moments == sorted(moments) and len(set(map(str, moments))) == 91
    names = [name for reply in replies for name in reply["files"]]  # type: ignore[attr-defined]
    assert names == sorted(names) == sorted(inbox_of(tmp_path / "w"))


def test_any_bar_comes_back_byte_for_byte_in_any_order_after_a_restart(tmp_path: Path) -> None:
    run(arguments(tmp_path / "a", tmp_path / "p"), ['{"op":"history"}', *map(advance, range(90))])
    run(arguments(tmp_path / "b", tmp_path / "p"), list(map(advance, (50, 3, 50))))
    run(arguments(tmp_path / "b", tmp_path / "p"), [*map(advance, reversed(range(90))), '{"op":"history"}'])
    assert inbox_of(tmp_path / "a") == inbox_of(tmp_path / "b")


def test_requests_that_cannot_be_met_are_answered_and_the_venue_lives_on(tmp_path: Path) -> None:
    wrong = [
        "nonsense",
        "[1]",
        '{"op":"fly"}',
        '{"op":"advance"}',
        '{"op":"advance","to_bar":true}',
        advance(90),
        advance(-1),
    ]
    _, replies = run(arguments(tmp_path / "w", tmp_path / "p"), [*wrong, advance(0), '{"op":"stop"}', advance(1)])
    assert [sorted(reply) == ["error"] for reply in replies] == [True] * len(wrong) + [False]


def test_settings_that_make_no_market_end_with_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(tmp_path / "w", tmp_path / "p")
    given[given.index("simulated_hogs")] = "tulips"
    assert run(given, [])[0] == InputError.exit_code
    assert run(arguments(tmp_path / "w", tmp_path / "w" / "inside"), [])[0] == InputError.exit_code
    assert not (tmp_path / "w").exists()
    sentences = capsys.readouterr().err.splitlines()
    assert len(sentences) == 2 and "tulips" in sentences[0] and "outside the workspace" in sentences[1]


def test_the_truth_stays_out_of_the_workspace(tmp_path: Path) -> None:
    for fault in ("concept", "feature", "volatility", "stale"):
        workspace, private = tmp_path / fault, tmp_path / f"{fault}-private"
        run(arguments(workspace, private, "--fault", fault), ['{"op":"history"}', *map(advance, range(90))])
        truth = json.loads((private / "truth.json").read_text())
        assert truth["family"] == fault and truth["seed"] == 31
        assert (private / "truth.json").stat().st_mode & 0o077 == 0
        assert [path.name for path in workspace.iterdir()] == ["inbox"]
        secrets = [str(number).encode() for number in truth["loadings"].values()]
        secrets += [str(number).encode() for number in truth["severity"].values() if number != 1.0]
        secrets += [b"fault", b"severity", b"loading", b"truth", b"concept", b"stale", fault.encode()]
        for name, content in inbox_of(workspace).items():
            assert not [secret for secret in secrets if secret in content.lower() or secret.decode() in name]


def test_protocol_messages_survive_the_line(tmp_path: Path) -> None:
    for request in (VenueRequest("history"), VenueRequest("advance", 7), VenueRequest("stop")):
        assert decode_request(encode_request(request)) == request
    for reply in (VenueStep(5, -1, ("a", "b"), False), VenueRefusal("no")):
        assert decode_reply(encode_reply(reply)) == reply
    with pytest.raises(InputError):
        decode_reply('{"now_ts": 1}')


def started(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments(tmp_path / "w", tmp_path / "p")],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip


def test_the_client_speaks_to_a_real_process_and_stops_it(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdin is not None and process.stdout is not None
    client = VenueClient(process.stdin, process.stdout)
    assert client.history().bar_index == -1
    step = client.advance(4)
    assert step.bar_index == 4 and all((tmp_path / "w" / "inbox" / name).exists() for name in step.files)
    with pytest.raises(InputError, match="live bars 0 to 89"):
        client.advance(90)
    client.close()
    client.close()
    assert process.wait(timeout=20) == 0


def test_the_client_says_when_the_venue_died(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdin is not None and process.stdout is not None
    client = VenueClient(process.stdin, process.stdout)
    client.history()
    process.kill()
    process.wait(timeout=20)
    with pytest.raises(EngineUnavailableError, match="simulated venue has stopped"):
        client.advance(0)
    client.close()


def test_a_keyboard_interrupt_does_not_take_the_venue_from_its_host(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdin is not None and process.stdout is not None
    client = VenueClient(process.stdin, process.stdout)
    client.history()
    process.send_signal(signal.SIGINT)
    assert client.advance(0).bar_index == 0
    client.close()
    assert process.wait(timeout=20) == 0


def test_the_venue_ends_when_its_host_is_gone(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=20) == 0

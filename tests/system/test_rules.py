"""Who may speak to the daemon, in which order, and what happens to those who do not keep to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
from tests.system.kit import DaemonProcess, speech_like, wait_until

from facewire.protocol import codec, limits, messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.peer import RawPeer


@pytest.fixture
def daemon(quiet_daemon: DaemonProcess) -> DaemonProcess:
    """One daemon for all tests here."""
    return quiet_daemon


def test_the_welcome_says_what_the_client_must_know(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, greet=False)

    welcome = peer.hello(daemon.token(), "ring", "inline", pid=17)

    assert welcome.protocol == limits.PROTOCOL_VERSION
    assert {"a2f", "arkit", "arkit_head", "metahuman"} <= set(welcome.rigs)
    assert welcome.models[0]["look_ahead_samples"] > 0  # type: ignore[operator]
    assert welcome.capacity == {"sessions": 64, "streams": 256}
    assert set(welcome.limits) == set(limits.limits_for_welcome())
    assert peer.stats()["sessions"][0]["pid"] == 17


def test_before_hello_nothing_is_answered_but_that_hello_is_required_and_the_third_time_cuts(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, greet=False)
    for _ in range(3):
        peer.send(messages.Stats())
        peer.expect_error("hello_required")

    wait_until(peer.is_cut, within_s=2, what="the connection cut")


def test_a_hello_after_a_first_mistake_is_still_welcome(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, greet=False)
    peer.send(messages.Ping(nonce=1))
    peer.expect_error("hello_required")

    peer.hello(daemon.token())


@pytest.mark.parametrize("token", ["", "wrong", "é" * 30])
def test_a_wrong_token_is_unauthorized_and_cut(
    token: str, daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, greet=False)
    peer.say_hello(token)

    assert peer.expect_error("unauthorized").retry is False
    wait_until(peer.is_cut, within_s=2, what="the connection cut")
    good = connect(daemon)
    assert good.stats()["load"]["sessions"] == 1


def test_a_peer_that_never_says_hello_is_cut_after_two_seconds(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    begun = time.monotonic()
    silent = connect(daemon, greet=False)

    wait_until(silent.is_cut, within_s=4, what="the silent connection cut")

    assert 1.9 < time.monotonic() - begun < 3.5


def test_a_repeated_hello_is_refused_and_the_session_goes_on(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.say_hello(daemon.token())

    peer.expect_error("already_greeted")
    assert peer.stats()["load"]["sessions"] == 1


@pytest.mark.parametrize(
    ("offered", "chosen"), [([(1, 0)], (1, 0)), ([(2, 0), (1, 7)], (1, 1)), ([(1, 9)], (1, 1))]
)
def test_of_two_minors_the_lower_is_spoken(
    offered: list[tuple[int, int]],
    chosen: tuple[int, int],
    daemon: DaemonProcess,
    connect: Callable[..., RawPeer],
) -> None:
    peer = connect(daemon, greet=False)

    assert peer.hello(daemon.token(), versions=offered).protocol == chosen
    assert peer.version == chosen
    peer.send(messages.Ping(nonce=5))
    peer.expect(messages.Pong)
    assert peer.version == chosen


def test_another_major_version_is_refused_with_both_named(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, greet=False)
    peer.say_hello(daemon.token(), versions=[(7, 3)])
    error = peer.expect_error("version_refused")
    assert "7.3" in error.text
    assert "1.1" in error.text

    other = connect(daemon, greet=False)
    hello = messages.Hello(versions=[(7, 3)], client="new", token=daemon.token())
    other.send_raw(codec.encode(hello, sequence=1, version=(7, 3)))
    error = other.expect_error("version_refused")
    assert "7.3" in error.text


@pytest.mark.parametrize("step", [0, -1, 2])
def test_a_number_that_is_not_the_next_ends_the_session(
    step: int, daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.send(messages.Ping(nonce=1))
    peer.sequence += step - 1
    peer.send(messages.Ping(nonce=2))

    peer.expect_error("out_of_sequence")
    assert peer.expect(messages.Bye).reason == "violations"


def test_three_malformed_messages_end_the_session_and_two_do_not(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    for _ in range(2):
        peer.send_raw(b"\x81\xa4type\xa4ping")
        peer.sequence += 1
        peer.expect_error("malformed")
    assert peer.stats()["load"]["sessions"] == 1

    peer.send_raw(b"nonsense")
    peer.expect_error("malformed")
    assert peer.expect(messages.Bye).reason == "violations"
    wait_until(peer.is_cut, within_s=2, what="the connection cut")


def test_an_unknown_type_is_unsupported_and_an_unknown_key_is_passed_over(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    wire: dict[str, Any] = {"version": [1, 0], "type": "dance", "sequence": peer.sequence + 1}
    for _ in range(5):  # newer clients may ask; that is no violation
        peer.send_raw(msgpack.packb(wire))
        peer.sequence += 1
        peer.expect_error("unsupported")

    peer.sequence += 1
    wire |= {"type": "ping", "sequence": peer.sequence, "nonce": 4, "mood": "good"}
    peer.send_raw(msgpack.packb(wire))
    assert peer.expect(messages.Pong).nonce == 4


def test_a_malformed_chunk_ends_its_generation_and_no_other_stream(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon)
    peer.open_stream(1)
    peer.open_stream(2)
    peer.sequence += 1
    header = codec.encode(
        messages.Audio(stream=1, generation=0, samples=100), sequence=peer.sequence
    )
    peer.send_raw(header, bytes(333))
    assert peer.expect_error("malformed").stream == 1
    for _ in range(10):  # they are passed over, and no further violations
        peer.audio(speech_like(0.1), 1)

    peer.audio(speech_like(0.5), 2)
    peer.end_audio(2)
    assert peer.utterance(2).indices == list(range(30))
    assert not any(isinstance(message, messages.Error) for message in peer.inbox)


def test_sessions_and_streams_past_the_limit_are_refused_for_now(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(
        environment={
            "FACEWIRE_LIMITS__SESSIONS": "2",
            "FACEWIRE_LIMITS__STREAMS": "3",
            "FACEWIRE_LIMITS__STREAMS_PER_SESSION": "2",
        }
    )
    one, two = connect(daemon), connect(daemon)
    third = connect(daemon, greet=False)
    third.say_hello(daemon.token())
    assert third.expect_error("too_many_sessions").retry

    one.open_stream(1)
    one.open_stream(2)
    two.open_stream(1)
    for peer in (one, two):
        peer.send(messages.OpenStream(stream=9, sample_rate_hz=16_000))
        assert peer.expect_error("too_many_streams").retry

    one.close()
    wait_until(lambda: two.stats()["load"]["streams"] == 1, within_s=2, what="its streams freed")
    two.open_stream(9)
    connect(daemon)


def test_two_hundred_hellos_at_once_leave_nobody_hanging(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    token = daemon.token()
    peers = [connect(daemon, greet=False) for _ in range(200)]
    for peer in peers:
        peer.say_hello(token)

    answers = [peer.receive() for peer in peers]

    welcomed = [answer for answer in answers if isinstance(answer, messages.Welcome)]
    refused = [answer for answer in answers if isinstance(answer, messages.Error)]
    assert len(welcomed) == 64
    assert {error.code for error in refused} == {"too_many_sessions"}
    assert len(refused) == 136


def test_nobody_takes_a_session_over_by_claiming_its_routing_id(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    owner = connect(daemon, routing_id=b"mine")
    owner.open_stream()
    thief = connect(daemon, greet=False, routing_id=b"mine")
    thief.say_hello(daemon.token())

    assert thief.receive(within_s=0.5) is None
    owner.audio(speech_like(0.5))
    owner.end_audio()
    assert owner.utterance().indices == list(range(30))


def test_a_new_connection_with_an_old_routing_id_must_say_hello_again(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    watcher, owner = connect(daemon), connect(daemon, routing_id=b"mine")
    owner.open_stream()
    owner.close()
    # While the old connection is still there, ZeroMQ turns a second one of its name away.
    wait_until(
        lambda: watcher.stats()["load"]["sessions"] == 1, within_s=5, what="the owner forgotten"
    )
    heir = connect(daemon, greet=False, routing_id=b"mine")
    heir.sequence = 50
    heir.send(messages.Stats())
    heir.expect_error("hello_required")

    heir.hello(daemon.token())
    assert heir.stats()["load"] | {"sessions": 2, "streams": 0} == heir.stats()["load"]


def test_a_session_that_falls_silent_is_ended(
    start: Callable[..., DaemonProcess], connect: Callable[..., RawPeer]
) -> None:
    daemon = start(environment={"FACEWIRE_LIMITS__IDLE_SESSION_S": "2"})
    peer = connect(daemon, "ring", answers_pings=False)
    assert len(daemon.rings()) == 2

    assert peer.expect(messages.Bye, within_s=5).reason == "idle"
    wait_until(lambda: not daemon.rings(), within_s=2, what="its rings removed")


def test_a_client_that_leaves_with_bye_is_forgotten_at_once(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    watcher, peer = connect(daemon), connect(daemon, "ring")
    peer.open_stream()
    peer.send(messages.Bye(reason="done"))

    wait_until(lambda: not daemon.rings(), within_s=1, what="its rings removed")
    load = watcher.stats()["load"]
    assert (load["sessions"], load["streams"]) == (1, 0)

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np
import pytest

from facewire.protocol import limits, messages
from facewire.protocol.codec import choose_version, decode, encode, pack, unpack
from facewire.protocol.errors import ProtocolError

AUDIO = messages.Audio(stream=1, generation=0, samples=2)
FRAMES = messages.Frames(stream=1, generation=0, first=0, count=1, curves=2, timestamps=[0])


def refused(message: messages.Message) -> ProtocolError:
    with pytest.raises(ProtocolError) as refusal:
        encode(message, sequence=1)
    return refusal.value


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        (messages.CloseStream(stream=True), "malformed", "stream"),
        (messages.CloseStream(stream=1.0), "malformed", "stream"),  # type: ignore[arg-type]
        (messages.CloseStream(stream=np.int64(1)), "malformed", "stream"),  # type: ignore[arg-type]
        (messages.CloseStream(stream=0), "out_of_range", "stream"),
        (messages.WarmUp(model="é" * 33), "too_large", "model"),
        (messages.WarmUp(model="\ud800" * 60), "malformed", "model"),
        (messages.SetParameters(stream=1, parameters={"a": float("nan")}), "out_of_range",
         "parameters"),
        (messages.SetParameters(stream=1, parameters={1: 1.0}), "malformed",  # type: ignore[dict-item]
         "parameters"),
        (messages.OpenStream(stream=1, sample_rate_hz=16_000, encoding="mp3"), "out_of_range",
         "encoding"),
        (messages.OpenStream(stream=1, sample_rate_hz=16_000, fps=(241, 1)), "out_of_range", "fps"),
        (messages.Stats(stats={"a": object()}), "malformed", "stats"),
        (messages.Stats(stats={"a": [0] * 4097}), "too_large", "stats"),
    ],
)  # fmt: skip
def test_the_encoder_refuses_what_the_decoder_would(
    message: messages.Message, code: str, field: str
) -> None:
    error = refused(message)

    assert (error.code, error.field) == (code, field)


def test_a_lone_surrogate_in_a_short_string_is_refused() -> None:
    assert refused(messages.WarmUp(model="\ud800")).code == "malformed"


def test_a_header_that_would_pass_its_limit_is_not_sent() -> None:
    wide: dict[str, object] = {f"{index}": "a" * 4000 for index in range(17)}

    error = refused(messages.Stats(stats=wide))

    assert (error.code, error.limit) == ("too_large", limits.MAX_HEADER_BYTES)


def test_a_header_with_too_many_values_is_not_sent() -> None:
    many: dict[str, object] = {f"{index}": [0] * 4000 for index in range(5)}

    assert refused(messages.Stats(stats=many)).code == "too_large"


def test_numbers_are_sent_as_floats_even_when_given_as_integers() -> None:
    header = encode(messages.SetParameters(stream=1, parameters={"a": 2}), sequence=1)

    assert type(msgpack.unpackb(header)["parameters"]["a"]) is float
    assert decode(header, to="daemon").message == messages.SetParameters(
        stream=1, parameters={"a": 2.0}
    )


def test_defaults_stay_off_the_wire() -> None:
    header = encode(messages.OpenStream(stream=1, sample_rate_hz=16_000), sequence=1)

    assert list(msgpack.unpackb(header)) == [
        "type", "version", "sequence", "stream", "sample_rate_hz",
    ]  # fmt: skip


def test_default_lists_and_maps_are_not_shared_between_messages() -> None:
    one = messages.OpenStream(stream=1, sample_rate_hz=16_000)
    one.parameters["blinkStrength"] = 0.0

    assert not messages.OpenStream(stream=1, sample_rate_hz=16_000).parameters
    assert b"blinkStrength" in encode(one, sequence=1)


def test_a_payload_is_handed_on_without_a_copy() -> None:
    payload = memoryview(bytearray(4))

    parts = pack(AUDIO, payload, sequence=1)

    assert parts[1] is payload
    assert unpack(parts, to="daemon")[1] is payload


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_kind_of_buffer_is_read(wrap: Any) -> None:
    header, payload = pack(AUDIO, b"abcd", sequence=1)

    envelope, found = unpack([wrap(header), wrap(payload)], to="daemon")

    assert envelope.message == AUDIO
    assert found == b"abcd"


@pytest.mark.parametrize(
    ("message", "payload", "code"),
    [
        (AUDIO, None, "malformed"),
        (AUDIO, b"", "malformed"),
        (AUDIO, b"abc", "malformed"),
        (FRAMES, bytes(4), "malformed"),
        (messages.ListModels(), b"", "malformed"),
        (AUDIO, bytes(limits.MAX_AUDIO_BYTES + 1), "too_large"),
        (FRAMES, bytes(limits.MAX_PART_BYTES + 1), "too_large"),
    ],
)
def test_a_payload_that_does_not_fit_is_not_sent(
    message: messages.Message, payload: bytes | None, code: str
) -> None:
    with pytest.raises(ProtocolError) as refusal:
        pack(message, payload, sequence=1)

    assert refusal.value.code == code


def test_a_refusal_says_limit_and_number() -> None:
    wire = {"type": "close_stream", "version": [1, 0], "sequence": 1, "stream": 2**32}

    with pytest.raises(ProtocolError) as refusal:
        decode(msgpack.packb(wire), to="daemon")

    error = refusal.value
    assert (error.field, error.limit, error.got) == ("stream", 2**32 - 1, 2**32)
    assert "stream" in error.text


def test_another_major_version_is_refused_naming_both() -> None:
    wire = {"type": "hello", "version": [3, 4], "sequence": 1}

    with pytest.raises(ProtocolError) as refusal:
        decode(msgpack.packb(wire), to="daemon")

    assert refusal.value.code == "version_refused"
    assert "3.4" in refusal.value.text
    assert "{}.{}".format(*limits.PROTOCOL_VERSION) in refusal.value.text


def test_of_two_minor_versions_the_lower_is_spoken() -> None:
    major, minor = limits.PROTOCOL_VERSION

    assert choose_version([(major, minor + 3)]) == (major, minor)
    assert choose_version([(major + 1, 7), (major, 0)]) == (major, 0)


def test_peers_without_a_common_major_version_are_told_both() -> None:
    with pytest.raises(ProtocolError) as refusal:
        choose_version([(7, 1), (8, 2)])

    assert refusal.value.code == "version_refused"
    assert "7.1, 8.2" in refusal.value.text

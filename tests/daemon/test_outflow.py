"""Frames are cut so that each message fits, and carry what was asked for and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
from tests.daemon.kit import Desk

from facewire.daemon.outflow import Delivery, Outflow
from facewire.daemon.scheduler import Flight
from facewire.inference.frames import FrameBatch
from facewire.protocol import limits, messages
from facewire.protocol.client_frames import batch_from_message

SKIN, TONGUE = 3 * 61_520, 3 * 5_602
"""Numbers of a full-size face: 738 KB and 67 KB."""


def frames(count: int) -> FrameBatch:
    random = np.random.default_rng(0)

    def block(*shape: int) -> Any:
        return random.standard_normal((count, *shape), np.float32)

    return FrameBatch(
        first=0,
        timestamps=np.arange(count, dtype=np.int64) * 266,
        curves=block(71),
        eyes=block(4),
        emotion=block(10),
        jaw=block(4, 4),
        skin=block(SKIN),
        tongue=block(TONGUE),
    )


def flight() -> Flight:
    nothing = cast("Any", None)
    return Flight(nothing, nothing, nothing, nothing, due_ns=0, complete_ns=0)


def outflow(desk: Desk, *outputs: str) -> Outflow:
    delivery = Delivery(
        stream=1, generation=0, is_live=False, with_ledger=False,
        outputs=frozenset(outputs),
    )  # fmt: skip
    return Outflow(delivery, limits.CREDIT_FRAMES, desk.outbox, desk.services)


def test_full_size_geometry_is_split_over_messages_and_comes_back_whole() -> None:
    desk, made = Desk(), frames(5)
    out = outflow(desk, *messages.OUTPUTS)

    out.add(made, flight())
    out.pump()

    sent = desk.listener.heard(messages.Frames)
    assert [(message.first, message.count) for message in sent] == [(0, 2), (2, 2), (4, 1)]
    assert {message.geometry for message in sent} == {(SKIN, TONGUE)}
    payloads = [bytes(cast("bytes", payload)) for payload in desk.listener.payloads]
    assert max(map(len, payloads)) <= limits.MAX_PART_BYTES
    read = [
        batch_from_message(message, payload, 0)
        for message, payload in zip(sent, payloads, strict=True)
    ]
    for name in ("curves", "eyes", "emotion", "jaw", "skin", "tongue"):
        together = np.concatenate([getattr(batch, name) for batch in read])
        assert np.array_equal(together, getattr(made, name)), name


def test_what_was_not_asked_for_is_not_sent_though_it_was_made() -> None:
    desk = Desk()
    for outputs in ((), ("jaw",)):
        out = outflow(desk, *outputs)
        out.add(frames(3), flight())
        out.pump()

    plain, with_jaw = desk.listener.heard(messages.Frames)
    assert plain.columns == (71, 4, 0, 0, 0, 0)
    assert with_jaw.columns == (71, 4, 0, 16, 0, 0)
    assert len(cast("bytes", desk.listener.payloads[0])) == 3 * 75 * 4


def test_frames_behind_a_dropped_stretch_use_the_credit_that_was_there_before_it() -> None:
    desk = Desk()
    delivery = Delivery(stream=1, generation=0, is_live=True, with_ledger=False)
    out = Outflow(delivery, 10, desk.outbox, desk.services)
    late = desk.services.clock() - 10 * desk.services.limits.live_age_ms * 1_000_000
    for first, count, due_ns in ((0, 50, late), (50, 4, None), (54, 20, None)):
        made = replace(frames(1), skin=None, tongue=None)
        burst = replace(
            made,
            first=first,
            timestamps=np.arange(first, first + count, dtype=np.int64) * 266,
            curves=np.zeros((count, 71), np.float32),
            eyes=np.zeros((count, 4), np.float32),
            emotion=None,
            jaw=None,
        )
        on_time = desk.services.clock()
        out.add(burst, replace(flight(), due_ns=on_time if due_ns is None else due_ns))
    out.pump()

    assert out.dropped == 50
    assert desk.listener.frame_indices() == list(range(50, 60))

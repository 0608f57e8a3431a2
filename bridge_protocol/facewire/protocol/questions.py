"""Questions about the session (`stats`, `warm_up`, …) on their way to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.protocol import messages
from facewire.protocol.errors import RemoteError

if TYPE_CHECKING:
    from facewire.protocol.messages import Message


@dataclass(eq=False)
class Question:
    """One message that wants one answer."""

    message: Message
    answer_type: type[Message]
    sent: bool = False
    answer: Message | None = None
    error: RemoteError | None = None

    @property
    def is_settled(self) -> bool:
        """Is there an answer, or a refusal?"""
        return self.answer is not None or self.error is not None


class Questions:
    """Those that are open, oldest first: the daemon answers in that order."""

    def __init__(self) -> None:
        self._open: list[Question] = []

    def add(self, question: Question) -> None:
        """Have it sent and answered."""
        self._open.append(question)

    def forget(self, question: Question) -> None:
        """Nobody waits for it any more; harmless when repeated."""
        if question in self._open:
            self._open.remove(question)

    def take_unsent(self) -> list[Message]:
        """Return what must be sent now."""
        unsent = [question for question in self._open if not question.sent]
        for question in unsent:
            question.sent = True
        return [question.message for question in unsent]

    def ask_again(self) -> None:
        """The session that was asked is gone; all these questions may be put twice."""
        for question in self._open:
            question.sent = False

    def settle(self, message: Message) -> bool:
        """Take a message that may answer the oldest question; False: nobody waits for it."""
        asked = next((question for question in self._open if question.sent), None)
        if asked is None:
            return False
        if isinstance(message, messages.Error):
            asked.error = RemoteError(message.code, message.text, field=message.field)
        elif isinstance(message, asked.answer_type):
            asked.answer = message
        else:
            return False
        self._open.remove(asked)
        return True

"""An invitation goes over only to the states that the table allows."""

from __future__ import annotations

import itertools

import pytest

from common.errors import Conflict
from feedback.actions.invite import move_invitation
from feedback.models import Invitation
from feedback.states import TRANSITIONS, InvitationState

PAIRS = list(itertools.product(InvitationState, InvitationState))


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(InvitationState)


@pytest.mark.parametrize(("state", "wanted"), PAIRS)
def test_an_invitation_is_moved_as_the_table_says(state: InvitationState, wanted: InvitationState) -> None:
    invitation = Invitation(state=state)
    if wanted in TRANSITIONS[state]:
        move_invitation(invitation, wanted)
        assert invitation.state == wanted
    else:
        with pytest.raises(Conflict, match="not possible any more"):
            move_invitation(invitation, wanted)
        assert invitation.state == state

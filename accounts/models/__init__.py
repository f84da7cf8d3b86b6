"""Staff, branches and their teams, authority, and keys to the API."""

from accounts.models.authority import Authority
from accounts.models.branch import Branch
from accounts.models.delegation import Delegation
from accounts.models.team import Team
from accounts.models.token import ApiToken
from accounts.models.user import User

__all__ = ["ApiToken", "Authority", "Branch", "Delegation", "Team", "User"]

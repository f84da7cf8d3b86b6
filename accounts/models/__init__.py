"""Staff, branches and authority."""

from accounts.models.authority import Authority
from accounts.models.branch import Branch
from accounts.models.user import User

__all__ = ["Authority", "Branch", "User"]

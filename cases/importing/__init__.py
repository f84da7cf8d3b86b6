"""Reads complaints of other systems from CSV: the file's rows, the profile that says what they mean, the records."""

from cases.importing.profile import Profile, ProfileProblem, load_profile, profile_names
from cases.importing.record import Record, RecordReader, Unusable
from cases.importing.rows import BrokenRow, FileProblem, Row, RowFile

__all__ = [
    "BrokenRow",
    "FileProblem",
    "Profile",
    "ProfileProblem",
    "Record",
    "RecordReader",
    "Row",
    "RowFile",
    "Unusable",
    "load_profile",
    "profile_names",
]

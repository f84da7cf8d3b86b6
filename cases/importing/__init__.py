"""Reads complaints of other systems: a file's rows, the profile that says what they mean, the records."""

from cases.importing.profile import BranchPlan, Profile, ProfileProblem, load_profile, profile_names
from cases.importing.record import Record, RecordReader, Unusable
from cases.importing.refused import RefusedRows, refused_path
from cases.importing.rows import BrokenRow, FileProblem, Row, RowFile
from cases.importing.words import Told, Words, WordsReader, words_reader

__all__ = [
    "BranchPlan",
    "BrokenRow",
    "FileProblem",
    "Profile",
    "ProfileProblem",
    "Record",
    "RecordReader",
    "RefusedRows",
    "Row",
    "RowFile",
    "Told",
    "Unusable",
    "Words",
    "WordsReader",
    "load_profile",
    "profile_names",
    "refused_path",
    "words_reader",
]

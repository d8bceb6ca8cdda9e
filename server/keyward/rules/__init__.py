"""Rules: what is wrong with a call or with a read of its result, and how to mend it. One file a rule."""

from .check import RULES, Checked, RuleSettings, check, fixes, suppression
from .finding import Finding, Fix, Safety, Severity
from .rule import Rule
from .unused_ignore import UNUSED_IGNORE

__all__ = [
    "RULES",
    "UNUSED_IGNORE",
    "Checked",
    "Finding",
    "Fix",
    "Rule",
    "RuleSettings",
    "Safety",
    "Severity",
    "check",
    "fixes",
    "suppression",
]

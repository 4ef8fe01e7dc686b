"""What a check says when a promise was broken."""
from dataclasses import dataclass


@dataclass
class Violation:
    check: int
    what: str
    evidence: str = ""

    def __str__(self):
        return f"check {self.check}: {self.what}: {self.evidence}"

"""What all of payment's tables share: their metadata, and words that several of them name."""

from typing import Final

from shared.database.metadata import new_metadata

METADATA: Final = new_metadata()

DUTIES: Final = "'first_review','second_review','bureau_opinion','payment','inspection'"

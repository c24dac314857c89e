"""Which split a submitter's prompts are in: decided by the submitter's key alone, the same on every machine, for ever.

The paper splits by user id, so that no customer's habits are seen in training and tested on (section 3.2). A change to
this function would move people between splits of datasets frozen before and after it: it must never change.
"""

import hashlib

from labelapp.prompts.models import Split

TRAIN_PERCENT, VALID_PERCENT = 80, 10
# One of the salts under which the demo workspace's few submitters fall into all three splits.
SALT = b"labelapp split 1\n"


def split_of(submitter_key: str) -> Split:
    """Return the split of everything that this submitter ever sends."""
    digest = hashlib.sha256(SALT + submitter_key.encode()).digest()
    bucket = int.from_bytes(digest[:8], "big") % 100
    if bucket < TRAIN_PERCENT:
        return Split.TRAIN
    return Split.VALID if bucket < TRAIN_PERCENT + VALID_PERCENT else Split.TEST

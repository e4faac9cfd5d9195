"""Files that hold what a terminal showed: nobody else may read them."""

import os
from pathlib import Path
from typing import BinaryIO

from itermbus.mistakes import Mistake


def create(path: Path, *, replace: bool = False) -> BinaryIO:
    """A new file of mode 0600. Raises `Mistake` when it cannot be made, or is there already."""
    try:
        if replace:
            path.unlink(missing_ok=True)
        # O_EXCL follows no link and takes no file that somebody else has open.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Mistake(f"{path} is there already. --force replaces it.") from None
    except OSError as error:
        raise Mistake(f"cannot write {path}: {error.strerror}") from None
    return os.fdopen(descriptor, "wb")

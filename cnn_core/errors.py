"""The errors whose text is fit to show a user."""


class CnnCoreError(Exception):
    """An error that a user can act on; its text is one plain sentence that says what to do."""


class PictureError(CnnCoreError, ValueError):
    """A picture that cannot be read as a digit: not a picture, damaged, too large or blank."""


class UnknownNameError(CnnCoreError, ValueError):
    """A name that is in no registry; the text lists the names there are."""


class DivergedNetworkError(CnnCoreError, ArithmeticError):
    """A network that gives NaN or infinite values; the text says what to do."""


class MissingFileError(CnnCoreError, FileNotFoundError):
    """A file the project needs (weights, data) is absent or damaged; the text says what to do."""

"""The one exception this package raises, for errors of the caller, never for bad data."""


class ParameterError(ValueError):
    """An argument cannot mean anything: wrong shape, non-positive rate, unordered band.

    Bad *data* (NaN, constant, too short, clipped) is not an error: it gives nulls and
    quality flags. The message always shows the offending value.
    """

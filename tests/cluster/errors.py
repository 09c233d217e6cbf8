"""What can go wrong while the cluster is brought up or taken down."""


class BringUpError(Exception):
    """A step failed; the message names the step, what it said and what to do about it.

    Raised by any module of this package. The command line prints it and exits with 1; tests let
    it end the run, because without a cluster they prove nothing.
    """

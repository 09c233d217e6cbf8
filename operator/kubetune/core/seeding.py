"""Randomness that is a function of (seed, index, purpose) alone.

A generator that remembers would give other numbers after a restart. Here every number is a hash of
what it is for, so any process draws the same ones in any order, on every platform and with every
version of every library. The hash is BLAKE2b, whose output cannot be told from uniform bits.
"""

from hashlib import blake2b

_BLOCK_BYTES = 64
_WORD_BYTES = 8
_WORDS_PER_BLOCK = _BLOCK_BYTES // _WORD_BYTES
_UNUSED_BITS = 64 - 53  # a float in [0, 1) holds 53 random bits


def words(seed: int, index: int, purpose: str, count: int) -> list[int]:
    """Return `count` independent uniform integers of 64 bits.

    Determinism: a function of its arguments; a smaller `count` gives a prefix of the same numbers.
    """
    drawn: list[int] = []
    for block in range(-(-count // _WORDS_PER_BLOCK)):
        text = f"{seed}/{index}/{purpose}/{block}"
        digest = blake2b(text.encode(), digest_size=_BLOCK_BYTES).digest()
        drawn.extend(
            int.from_bytes(digest[at : at + _WORD_BYTES], "big")
            for at in range(0, _BLOCK_BYTES, _WORD_BYTES)
        )
    return drawn[:count]


def uniforms(seed: int, index: int, purpose: str, count: int) -> tuple[float, ...]:
    """Return `count` independent uniform numbers in [0, 1), determined like `words`."""
    return tuple((w >> _UNUSED_BITS) * 2.0**-53 for w in words(seed, index, purpose, count))


def permutation(seed: int, index: int, purpose: str, size: int) -> tuple[int, ...]:
    """Return a uniformly random order of 0 … size - 1 (Fisher and Yates), determined like `words`.

    The bias of scaling 64 bits to a position is below size / 2**64.
    """
    order = list(range(size))
    draws = words(seed, index, purpose, size)
    for last in range(size - 1, 0, -1):
        other = draws[last] * (last + 1) >> 64
        order[last], order[other] = order[other], order[last]
    return tuple(order)

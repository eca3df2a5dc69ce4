"""Seeds of named uses: fixed for ever, and independent of one another."""

import hashlib

from fairaudit.seeds import child_seed, generator


def test_a_child_seed_is_the_digest_of_seed_and_names():
    wanted = int(hashlib.sha256(b"7\x1fplan\x1f3").hexdigest()[:16], 16) // 2
    assert child_seed(7, "plan", 3) == wanted
    assert 0 <= wanted < 2**63


def test_names_are_not_run_together():
    assert len({child_seed(0, "a", "bc"), child_seed(0, "ab", "c"), child_seed(0, "abc"), child_seed(1, "abc")}) == 4


def test_a_generator_repeats_itself_and_nobody_else():
    first, again, other = (generator(0, name).integers(0, 1000, 8).tolist() for name in ("x", "x", "y"))
    assert first == again != other

"""What counts may say about chance: exact binomial tails, intervals of shares, and Holm's correction."""

from math import comb


def at_least(right, of, chance):
    """The probability of `right` or more right answers of `of` by guessing alone: the one-sided exact test."""
    return sum(comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(right, of + 1))


def fisher(right, of, other_right, other_of):
    """Fisher's exact test of two shares of different items: how probable a table is that is no more probable than this one."""
    total = right + other_right

    def ways(first):
        return comb(of, first) * comb(other_of, total - first)

    most = ways(right)
    firsts = range(max(0, total - other_of), min(of, total) + 1)
    return sum(ways(first) for first in firsts if ways(first) <= most) / comb(of + other_of, total)


def interval(right, of, level=0.95):
    """Clopper's and Pearson's exact interval of a share, as a pair; None without answers."""
    if of == 0:
        return None
    tail = (1 - level) / 2
    low = 0.0 if right == 0 else root(lambda p: at_least(right, of, p) - tail)
    high = 1.0 if right == of else root(lambda p: tail - (1 - at_least(right + 1, of, p)))
    return low, high


def root(rising):
    """Where a rising function of a probability is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def holm(probabilities, level=0.05):
    """Which of several tests hold when all are looked at together: a truth for each, in their order."""
    order = sorted(range(len(probabilities)), key=lambda k: probabilities[k])
    holds = [False] * len(probabilities)
    for rank, k in enumerate(order):
        if probabilities[k] > level / (len(order) - rank):
            break
        holds[k] = True
    return holds

"""Writes reference.json: what scipy, numpy and statsmodels say, for tests/reference.rs.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
    /tmp/venv/bin/python pipeline/scores/tests/metrics/reference.py

RankC and SeaEval's consistency are computed here from their definitions, with sets of candidates and lists of
combinations, which is not how the crate computes them.
"""

import itertools
import json
import platform
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from scipy._lib._array_api import array_namespace
from scipy.stats._resampling import _bca_interval
from statsmodels.stats.multitest import multipletests

SEED = 20240404
LEVEL = 0.95


def flags(rng, clusters, sizes, denominator, numerator):
    """Clusters of items, each [counted above, counted below]; above implies below."""
    drawn = []
    for size in rng.choice(sizes, clusters):
        # Items of a cluster lean the same way, so that clustering matters.
        lean = rng.uniform(-0.3, 0.3)
        below = rng.random(size) < denominator
        above = below & (rng.random(size) < numerator + lean)
        drawn.append([[int(a), int(b)] for a, b in zip(above, below)])
    return drawn


def bootstrap(name, strata, rng, resamples=299):
    """scipy's intervals of the mean over strata of a share, with clusters as scipy's observations."""
    sums = [np.array([np.sum(cluster, axis=0) for cluster in stratum]) for stratum in strata]

    def statistic(*indices, axis):
        shares = [s[i, 0].sum(axis) / s[i, 1].sum(axis) for s, i in zip(sums, indices)]
        return sum(shares) / len(shares)

    data = tuple(np.arange(len(s), dtype=int) for s in sums)
    options = dict(vectorized=True, confidence_level=LEVEL)
    percentile = stats.bootstrap(data, statistic, n_resamples=resamples, method="percentile", rng=rng, **options)
    # No new resamples: both intervals are of one distribution.
    bca = stats.bootstrap(data, statistic, n_resamples=0, method="BCa", bootstrap_result=percentile, **options)
    distribution = percentile.bootstrap_distribution
    assert np.isfinite(distribution).all()
    acceleration = _bca_interval(
        data, statistic, -1, (1 - LEVEL) / 2, distribution, None, array_namespace(distribution)
    )[2]
    return {
        "name": name,
        "strata": strata,
        "level": LEVEL,
        "estimate": float(statistic(*data, axis=-1)),
        "distribution": distribution.tolist(),
        "percentile": [float(end) for end in percentile.confidence_interval],
        "bca": [float(end) for end in bca.confidence_interval],
        "acceleration": float(np.squeeze(acceleration)),
    }


def rank_c(items):
    """Qi, Fernández and Bisazza (2023), with the sets of the definition."""
    total = 0.0
    for first, second in items:
        size = len(first)
        order = [sorted(range(size), key=lambda c: (-scores[c], c)) for scores in (first, second)]
        weights = special.softmax([size - j for j in range(1, size + 1)])
        for j in range(1, size + 1):
            overlap = set(order[0][:j]) & set(order[1][:j])
            total += weights[j - 1] * len(overlap) / j
    return float(total / len(items))


def consistency(languages, size):
    """SeaEval (Wang et al., 2023), set by set; -1 is an invalid answer."""
    shares = []
    for chosen in itertools.combinations(languages, size):
        same = [len(set(answers)) == 1 and answers[0] >= 0 for answers in zip(*chosen)]
        shares.append(np.mean(same))
    return float(np.mean(shares))


def connor(items, discordant, alpha, power):
    """The d at which Connor's (1987) sample size is `items`."""
    z_alpha, z_beta = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)

    def excess(d):
        needed = z_alpha * np.sqrt(discordant) + z_beta * np.sqrt(discordant - d * d)
        return (needed / d) ** 2 - items

    return float(optimize.brentq(excess, 1e-6, discordant, xtol=1e-15, rtol=1e-14))


def clopper_pearson(right, n, level):
    """From the beta distribution: binomtest looks for the root of the binomial distribution to nine digits only."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = stats.beta.ppf(tails, [right, right + 1], [n - right + 1, n - right])
    return [0.0 if right == 0 else float(low), 1.0 if right == n else float(high)]


def main():
    rng = np.random.default_rng(SEED)
    scores = [np.round(rng.normal(size=(2, size)), 1).tolist() for size in (4, 4, 7, 20)]
    languages = rng.integers(-1, 3, size=(5, 40)).tolist()
    families = [
        [0.01, 0.04, 0.03, 0.005],
        [0.2, 0.2, 0.001, 0.9, 0.6],
        rng.uniform(0, 0.05, 12).tolist(),
    ]
    reference = {
        "versions": {
            "python": platform.python_version(),
            "scipy": scipy.__version__,
            "numpy": np.__version__,
            "statsmodels": statsmodels.__version__,
        },
        "seed": SEED,
        "bootstrap": [
            bootstrap("accuracy, 30 independent items", [flags(rng, 30, [1], 1.0, 0.7)], rng),
            bootstrap("en-CO, 60 clusters of one to three", [flags(rng, 60, [1, 2, 3], 0.6, 0.8)], rng),
            bootstrap("XRR's ratio, small and skewed", [flags(rng, 45, [2], 0.9, 0.1)], rng),
            bootstrap(
                "mean of two tasks",
                [flags(rng, 40, [1, 2], 1.0, 0.5), flags(rng, 25, [2], 0.7, 0.85)],
                rng,
            ),
        ],
        "mcnemar": [
            [b, c, float(stats.binomtest(b, b + c).pvalue)]
            for b, c in [(0, 1), (1, 0), (0, 6), (3, 3), (2, 9), (15, 4), (40, 61), (300, 362), (5000, 5311), (0, 900)]
        ],
        "normal_cdf": [
            [float(x), float(special.ndtr(x))]
            for x in [-37, -20, -8.5, -5.7, -5.6, -3, -1.96, -0.68, -0.67, -1e-9, 0, 0.5, 0.67, 1, 2.5, 5.7, 8]
        ],
        "normal_quantile": [
            [p, float(special.ndtri(p))]
            for p in [1e-300, 1e-40, 1e-12, 1e-10, 0.001, 0.025, 0.074, 0.076, 0.3, 0.5, 0.7, 0.925, 0.975, 1 - 1e-9]
        ],
        "holm": [[family, multipletests(family, method="holm")[1].tolist()] for family in families],
        "rank_c": {"items": scores, "value": rank_c(scores)},
        "consistency": {
            "languages": languages,
            "by_size": [[size, consistency(languages, size)] for size in range(2, 6)],
        },
        "detectable_difference": [
            [*case, connor(*case)]
            for case in [(200, 0.2, 0.05, 0.8), (180, 0.3, 0.01, 0.9), (1000, 0.05, 0.05, 0.8), (200, 0.2, 0.05, 0.3)]
        ],
        "beta_cdf": [
            [x, a, b, float(special.betainc(a, b, x))]
            for x, a, b in [
                (0.5, 0.5, 0.5), (0.001, 1, 20), (0.3, 2.5, 7.1), (0.99, 40, 0.5), (0.2, 200, 801), (0.95, 3000, 150),
                (1e-9, 0.5, 3), (0.5, 5000, 5000),
            ]
        ],
        "beta_quantile": [
            [p, a, b, float(special.betaincinv(a, b, p))]
            for p in (0.025, 0.975, 1e-6)
            for a, b in [(0.5, 0.5), (1, 20), (20, 1), (2.5, 7.1), (0.1, 3), (200, 801), (0.5, 99.5), (4000, 2)]
        ],
        "student_quantile": [
            [level, degrees, float(stats.t.ppf((1 + level) / 2, degrees))]
            for level in (0.5, 0.95, 0.99)
            for degrees in (1, 2, 3.5, 29, 1999)
        ],
        "clopper_pearson": [
            [k, n, level, *clopper_pearson(k, n, level)]
            for k, n in [(0, 20), (1, 20), (10, 20), (19, 20), (20, 20), (1, 1), (3, 200), (150, 200), (999, 1000)]
            for level in (0.8, 0.95)
        ],
    }
    path = Path(__file__).with_suffix(".json")
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in reference.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes oracle.json: values of scipy and statsmodels for the formulas of src/stats.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels && venv/bin/python make.py > oracle.json
"""

import itertools
import json

import numpy as np
import scipy
import statsmodels
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261124)


def beta():
    for a in (0.5, 1, 2.5, 12, 250.25, 40_000):
        for b in (0.5, 1, 3, 60, 1800.5):
            for x in (1e-6, 0.01, 0.05, 0.3, 0.5, 0.77, 0.99, a / (a + b)):
                yield [x, a, b, float(special.betainc(a, b, x))]


def beta_quantile():
    for a in (0.5, 1, 7.25, 900):
        for b in (0.5, 2, 40, 3000.5):
            for p in (1e-5, 0.01, 0.5, 0.95, 0.999):
                yield [p, a, b, float(special.betaincinv(a, b, p))]


def student():
    for df in (1, 2, 5, 9, 11, 15, 39, 500):
        for t in (-3.5, -0.2, 0, 0.1, 1, 2.5, 6, 40):
            yield [t, df, float(stats.t.sf(t, df))]


def student_critical():
    for df in (1, 2, 5, 9, 11, 15, 19, 39, 500):
        for p in (0.9, 0.5, 0.25, 0.05, 0.01, 0.001, 2e-4, 1e-6):
            yield [p, df, float(stats.t.isf(p, df))]


def signed_rank():
    for n in (5, 6, 9, 12, 16, 24, 40):
        for shift in (-0.4, 0, 0.3, 1):
            z = rng.normal(shift, 1, n)
            p = stats.wilcoxon(z, alternative="greater", method="exact").pvalue
            yield {"values": z.tolist(), "p": float(p)}


def signed_rank_bounds():
    """The smallest average of two values that the test at a level does not reject, and the largest."""
    for n in (12, 16, 20):
        for level in (0.05, 0.01, 0.0005):
            z = rng.normal(0.02, 0.03, n)
            walsh = sorted((z[i] + z[j]) / 2 for i in range(n) for j in range(i, n))
            def rejected(at, side):
                return stats.wilcoxon(z - at, alternative=side, method="exact").pvalue <= level
            lower = min(w for w in walsh if not rejected(w + 1e-12, "greater"))
            upper = max(w for w in walsh if not rejected(w - 1e-12, "less"))
            yield {"values": z.tolist(), "level": level, "lower": float(lower), "upper": float(upper)}


def paired_t():
    for n in (2, 6, 9, 12):
        for shift in (0, 0.02, 0.08):
            z = rng.normal(shift, 0.02, n)
            low = stats.ttest_1samp(z, 0.01, alternative="greater")
            high = stats.ttest_1samp(z, 0.01, alternative="less")
            yield {"values": z.tolist(), "than": 0.01, "p": float(low.pvalue), "level": 0.003,
                   "lower": float(low.confidence_interval(0.997).low),
                   "upper": float(high.confidence_interval(0.997).high)}


def holm():
    for n in (1, 2, 5, 11):
        p = rng.uniform(0, 1, n) ** 3
        yield {"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()}


def errors():
    for base, new, base_all, new_all in [(0, 1, 900, 900), (0, 8, 900, 900), (4, 15, 800, 1200), (60, 55, 5000, 4000),
                                         (100, 160, 20_000, 20_000)]:
        p = stats.binomtest(new, new + base, new_all / (new_all + base_all), alternative="greater").pvalue
        yield [base, base_all, new, new_all, float(p)]


def clopper_pearson():
    for bad, n in [(0, 100), (1, 100), (7, 400), (50, 50), (90, 10_000)]:
        for level in (0.05, 0.0025):
            ci = stats.binomtest(bad, n).proportion_ci(1 - 2 * level, method="exact")
            yield [bad, n, level, float(ci.low), float(ci.high)]


def split():
    for one, other in [(500, 500), (480, 540), (90, 20), (30_000, 30_500), (10, 0)]:
        yield [one, other, float(stats.binomtest(one, one + other, 0.5).pvalue)]


def trend():
    for n, slope in [(6, 0), (12, 0.05), (16, 0.2), (24, -0.1)]:
        y = np.round(rng.normal(0, 1, n) + slope * np.arange(n), 1)
        found = stats.spearmanr(np.arange(n), y)
        yield {"values": y.tolist(), "strength": float(found.statistic), "p": float(found.pvalue)}


def sla():
    """Formulas of an absolute limit, written a second time."""
    for share, allowed, clump in [
            (0.05, 0.05, 1), (0.08, 0.05, 3), (0.02, 0.05, 2), (0.035, 0.05, 20), (0.004, 0.01, 1)]:
        n = rng.integers(900, 1100, 10)
        x = np.minimum(rng.poisson(share * n / clump) * clump, n)
        phat = x.sum() / n.sum()
        r = x - phat * n
        deff = max(1, (r @ r / 9) / (phat * (1 - phat) * n.sum() / 10))
        unsure = (stats.t.ppf(0.99, 9) / stats.norm.ppf(0.99)) ** 2
        bad, all_ = x.sum() / (deff * unsure), n.sum() / (deff * unsure)
        null = (1 + (deff - 1) * min(max(allowed / phat, 1), 2)) * unsure
        few, fewer = x.sum() / null, n.sum() / null
        yield {"bad": x.tolist(), "all": n.tolist(), "allowed": allowed, "effective": float(all_),
               "p_fail": float(special.betainc(bad, all_ - bad + 1, allowed)),
               "p_pass": float(1 - special.betainc(few + 1, fewer - few, allowed))}


def energy():
    """Energy distances by their definition, over all pairs."""
    for n, at, step in [(12, 5, 3), (30, 18, 1.5), (40, 20, 0)]:
        y = rng.normal(0, 1, n) + step * (np.arange(n) >= at)
        def clarity(k):
            a, b = y[:k], y[k:]
            between = np.mean([abs(i - j) for i in a for j in b])
            inside = [np.mean([abs(i - j) for i, j in itertools.combinations(part, 2)]) for part in (a, b)]
            return len(a) * len(b) / n * (2 * between - sum(inside))
        best = max(range(3, n - 2), key=clarity)
        yield {"values": y.tolist(), "shortest": 3, "at": best, "clarity": float(clarity(best))}


parts = [beta, beta_quantile, student, student_critical, signed_rank, signed_rank_bounds, paired_t, holm, errors,
         clopper_pearson, split, trend, sla, energy]
origin = f"tests/data/stats/make.py, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}"
lines = [f'"origin": {json.dumps(origin)}']
for part in parts:
    rows = ",\n  ".join(json.dumps(row) for row in part())
    lines.append(f'"{part.__name__}": [\n  {rows}\n ]')
print("{\n " + ",\n ".join(lines) + "\n}")

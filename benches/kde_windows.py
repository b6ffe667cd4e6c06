#!/usr/bin/env python3
"""kde_windows.py: the table of src/kde/spectral/window.rs. Needs numpy and scipy; takes ten seconds.

A point at offset s from its node is spread by a Kaiser-Bessel window of w taps and shape beta over nodes alpha standard
deviations apart, and the sum is multiplied by Gaussian / window transform for |k| <= R. What comes back differs from
the Gaussian by e(u, s), the aliases. For any points, spread evenly in the least favourable way, the error as a share of
the density is at most the integral over u of max_s |e(u, s)|, per axis. For each error E printed are for two w the
largest alpha, with its beta / w, for which 3 axes stay below SHARE * E.
"""
import math
import numpy as np
from scipy.optimize import minimize_scalar

SHARE = 0.6
ALIASES = np.array([-3, -2, -1, 1, 2, 3])
U = np.linspace(-12, 12, 241)
S = np.linspace(0, 1, 17)


def transform(beta, w, k):
    z = beta**2 - (k * w / 2) ** 2
    s = np.sqrt(np.abs(z))
    return np.where(z > 0, np.sinh(s), np.sin(s)) / np.maximum(s, 1e-30)


def band(error):
    return math.sqrt(2 * math.log(30 / error))


def left(beta, w, alpha, reach):
    kh = np.linspace(-reach, reach, 201)
    step = kh[1] - kh[0]
    g = np.exp(-kh * kh / 2) * step / (2 * math.pi) / transform(beta, w, kh * alpha)
    waves = np.exp(1j * np.outer(U, kh))
    r = np.stack([g * transform(beta, w, kh * alpha + 2 * math.pi * m) for m in ALIASES], axis=1)
    e = (waves @ r) @ np.exp(2j * math.pi * np.outer(ALIASES, S))
    return np.abs(e).max(axis=1).sum() * (U[1] - U[0])


def best(w, alpha, reach):
    found = minimize_scalar(
        lambda b: math.log(left(b * w, w, alpha, reach)), bounds=(1.2, 3.1), method="bounded", options={"xatol": 0.01}
    )
    return math.exp(found.fun), found.x


def main():
    for decade in range(2, 13):
        error = 10.0**-decade
        reach = band(error)
        widest = math.pi / reach / 1.02
        row = []
        for w in (decade + 1, decade + 2):
            allowed = SHARE * error / 3
            low, high = 0.15, widest
            if w < 4 or best(w, low, reach)[0] > allowed:
                row.append((0.0, 0.0))
                continue
            if best(w, high, reach)[0] <= allowed:
                low = high
            else:
                for _ in range(9):
                    middle = (low + high) / 2
                    low, high = (middle, high) if best(w, middle, reach)[0] <= allowed else (low, middle)
            row.append((low, best(w, low, reach)[1]))
        print("    [" + ", ".join(f"({a:.3f}, {b:.3f})" if a else "(0.0, 0.0)" for a, b in row) + "],", flush=True)


if __name__ == "__main__":
    main()

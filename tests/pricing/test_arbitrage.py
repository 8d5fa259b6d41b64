"""The oracle's closed-form conditions are enough, on grids wider and denser than the contracts' tests can afford."""

import numpy as np
import pytest

from optionix.pricing.ssvi import PackedSlice, is_butterfly_free, is_calendar_free, total_variance

SLICES = 20_000
PAIRS = 20_000
X = np.concatenate([-np.geomspace(1e-3, 1e4, 400)[::-1], [0.0], np.geomspace(1e-3, 1e4, 400)])
"""phi k: where a slice bends and far out on both wings."""


def density_sign(x, theta, phi, rho):
    """Gatheral's g(k) at k = x / phi: the sign of the density, without cancellation on the wings."""
    y = np.hypot(x + rho, np.sqrt(1 - rho * rho))
    line = 1 + rho * x
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(line >= 0, line + y, x * x * (1 - rho * rho) / (y - line))
    a = rho + (x + rho) / y
    bend, slope = theta * phi**2, theta * phi
    return (
        (1 - x * a / (2 * s)) ** 2
        - bend * a * a / (8 * s)
        - (slope * a) ** 2 / 64
        + bend * (1 - rho * rho) / (4 * y**3)
    )


def random_slices(rng, count):
    """Slices that pass, half of them within a millionth of the edge of a condition."""
    theta = 10.0 ** rng.uniform(-7.5, 1, count)
    rho = rng.uniform(-0.995, 0.995, count)
    # both ways of reaching the edge: by the wing (theta above 4 / (1 + |rho|)) and by the bend
    most = np.minimum(4 / (theta * (1 + np.abs(rho))), np.sqrt(4 / (theta * (1 + np.abs(rho)))))
    share = np.where(rng.random(count) < 0.5, 1 - 1e-6, rng.random(count))
    return theta, most * share, rho


def packed(theta, phi, rho, timestamp=0):
    return PackedSlice(int(theta * 1e16), int(phi * 1e15), int(rho * 1e12), 0, timestamp)


def test_the_grid_has_the_density_of_the_textbook():
    """The rearranged g(k) is Gatheral's own, by finite differences of the total variance."""
    theta, phi, rho, h = 0.09, 3.0, -0.4, 1e-4
    k = np.linspace(-2, 2, 201)
    w, up, down = (total_variance(k + d, theta, phi, rho) for d in (0, h, -h))
    first, second = (up - down) / (2 * h), (up - 2 * w + down) / h**2
    expected = (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2
    np.testing.assert_allclose(density_sign(phi * k, theta, phi, rho), expected, atol=1e-6)


def test_slices_that_pass_have_no_negative_density_anywhere():
    rng = np.random.default_rng(20_261)
    theta, phi, rho = random_slices(rng, SLICES)
    passed = np.array([is_butterfly_free(e.theta, e.phi, e.rho) for e in map(packed, theta, phi, rho)])
    assert passed.mean() > 0.99
    worst = min(
        density_sign(X[:, None], theta[part], phi[part], rho[part]).min()
        for part in np.array_split(np.flatnonzero(passed), 20)
    )
    assert worst >= -1e-9


@pytest.mark.parametrize(
    ("theta", "phi", "rho"),
    [(16.0, 0.3, 0.0), (0.0036, 100.0, 0.0), (0.04, 23.0, 0.9), (0.04, 23.0, -0.9)],
    ids=["steep wing", "sharp bend", "skew to the right", "skew to the left"],
)
def test_a_slice_that_fails_can_have_negative_density(theta, phi, rho):
    entry = packed(theta, phi, rho)
    assert not is_butterfly_free(entry.theta, entry.phi, entry.rho)
    assert density_sign(X, theta, phi, rho).min() < -0.01


def random_pairs(rng, count):
    """A near and a far slice at one time: the far one on the edge of one condition, of several, or clear of all."""
    theta, phi, rho = random_slices(rng, count)
    growth = np.where(rng.random(count) < 0.3, 1 + 1e-6, 1 + rng.exponential(0.3, count))
    shrink = np.where(rng.random(count) < 0.4, 1.0, rng.uniform(0.5, 1, count))
    wing = growth * shrink
    # growth shrink (1 +- rho2) >= 1 +- rho1 holds for rho2 between these two, where there is any
    low, high = (1 + rho) / wing - 1, 1 - (1 - rho) / wing
    at = rng.choice([1e-6, 0.5, 1 - 1e-6], count)
    return theta, phi, rho, theta * growth, phi * shrink, low + (high - low) * at


def test_pairs_that_pass_do_not_cross_anywhere():
    rng = np.random.default_rng(20_262)
    theta1, phi1, rho1, theta2, phi2, rho2 = random_pairs(rng, PAIRS)
    passed = np.array(
        [
            abs(d) < 1 and abs(r) < 1 and is_calendar_free(packed(a, b, r), 100, packed(c, e, d), 100, 0)
            for a, b, r, c, e, d in zip(theta1, phi1, rho1, theta2, phi2, rho2, strict=True)
        ]
    )
    assert passed.mean() > 0.3
    worst = np.inf
    for part in np.array_split(np.flatnonzero(passed), 20):
        k = X[:, None] / phi1[part]
        lower = total_variance(k, theta1[part], phi1[part], rho1[part])
        upper = total_variance(k, theta2[part], phi2[part], rho2[part])
        worst = min(worst, float(np.min(upper / lower)))
    assert worst >= 1 - 1e-8


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ((0.04, 4.0, 0.0), (0.0399, 4.0, 0.0)),
        ((0.04, 4.0, 0.0), (0.05, 4.0, -0.3)),
        ((0.04, 4.0, 0.0), (0.05, 4.0, 0.3)),
        ((0.04, 4.0, -0.6), (0.0402, 5.0, -0.6)),
    ],
    ids=["variance falls", "right wing falls", "left wing falls", "phi rises"],
)
def test_each_calendar_condition_alone_lets_slices_cross(near, far):
    """Each pair breaks one condition and no other, and crosses."""
    assert not is_calendar_free(packed(*near), 100, packed(*far), 100, 0)
    (t1, p1, r1), (t2, p2, r2) = near, far
    broken = [t2 < t1, t2 * p2 * (1 + r2) < t1 * p1 * (1 + r1), t2 * p2 * (1 - r2) < t1 * p1 * (1 - r1), p2 > p1]
    # less variance at the same phi and rho lowers the wings with the middle
    assert sum(broken) == (3 if broken[0] else 1)
    k = X / p1
    assert np.any(total_variance(k, *far) < total_variance(k, *near) * (1 - 1e-6))

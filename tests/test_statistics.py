"""The figures of a network against published values, and the laws they keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuicnn.statistics import (
    calibration_error,
    class_scores,
    mcnemar,
    mean_interval,
    t_quantile,
    t_tails,
    welch,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_one_in_newcombe_1998(right: int, count: int, low: float, high: float) -> None:
    """Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, table I, method 3."""
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_interval_holds_the_share_and_mirrors(numbers: tuple[int, int]) -> None:
    right, count = numbers
    low, high = wilson_interval(right, count)
    assert 0 <= low <= right / count <= high <= 1
    assert low < high
    assert wilson_interval(count - right, count) == pytest.approx((1 - high, 1 - low))
    # Wilson's own definition: the shares that are just 1.96 standard errors away from what was seen
    for share in (low, high):
        if 0 < share < 1:
            assert abs(right / count - share) == pytest.approx(1.959964 * math.sqrt(share * (1 - share) / count))


def test_nothing_is_known_without_images() -> None:
    assert all(map(math.isnan, (*wilson_interval(0, 0), calibration_error(np.zeros(0), np.zeros(0, bool)))))


def test_classes_have_the_scores_of_scikit_learns_documentation() -> None:
    """The example of `precision_recall_fscore_support`: truth 0 1 2 0 1 2, said 0 2 1 0 0 1."""
    precision, recall, f1 = class_scores(np.array([[2, 0, 0], [1, 0, 1], [0, 2, 0]]))
    assert (precision.mean(), recall.mean(), f1.mean()) == pytest.approx((2 / 9, 1 / 3, 0.8 / 3))
    assert f1 == pytest.approx([0.8, 0, 0])


def test_a_figure_without_meaning_is_nan() -> None:
    precision, recall, f1 = class_scores(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 0]]))
    assert np.isnan(precision).tolist() == [False, True, False]
    assert np.isnan(recall).tolist() == [False, True, True]
    assert (f1[0], np.isnan(f1[1]), f1[2]) == (6 / 7, True, 0)


def test_calibration_is_the_weighted_gap_of_fifteen_bins() -> None:
    # in the bin (0.6, 0.667]: accuracy 1/2, confidence 0.63; in (0.933, 1]: accuracy 1, confidence 0.96
    sure, right = np.array([0.61, 0.65, 0.95, 0.97]), np.array([True, False, True, True])
    assert calibration_error(sure, right) == pytest.approx(0.5 * 0.13 + 0.5 * 0.04)
    assert calibration_error(np.ones(5), np.ones(5, bool)) == 0
    assert calibration_error(np.ones(5), np.zeros(5, bool)) == 1


def test_answers_that_are_right_as_often_as_they_say_are_calibrated() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.1, 1, 200_000)
    assert calibration_error(sure, random.random(200_000) < sure) < 0.005


def test_mcnemar_is_the_one_in_fagerland_2013() -> None:
    """Its first example, airways before and after stem cell transplantation: 1 and 7."""
    assert mcnemar(1, 7) == pytest.approx(0.039, abs=5e-4)
    assert mcnemar(7, 1) == mcnemar(1, 7)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_sum_of_the_binomial_distribution(first: int, second: int) -> None:
    n, few = first + second, min(first, second)
    if not n:
        assert mcnemar(0, 0) == 1
        return
    sums = sum(math.comb(n, k) for k in range(few + 1))
    wanted = (2 * sums - math.comb(n, few)) / 2**n if first != second else 1 - math.comb(n, few) / 2 ** (n + 1)
    assert mcnemar(first, second) == pytest.approx(wanted, rel=1e-6, abs=1e-12)
    assert 0 < mcnemar(first, second) <= 1


def test_a_network_that_gives_nan_has_no_calibration_error() -> None:
    assert math.isnan(calibration_error(np.array([0.5, np.nan]), np.array([True, False])))


@given(st.floats(0, 1e6))
@example(8.5e-6)
def test_the_tails_of_t_are_those_known_in_closed_form(t: float) -> None:
    """With one degree of freedom it is Cauchy's distribution; with two it is 1 - t / sqrt(2 + t^2)."""
    assert t_tails(t, 1) == pytest.approx(2 / math.pi * math.atan2(1, t), rel=1e-9, abs=1e-15)
    assert t_tails(t, 2) == pytest.approx(1 - t / math.sqrt(2 + t * t), abs=1e-12)


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.7062), (2, 4.3027), (4, 2.7764), (9, 2.2622), (30, 2.0423), (1e7, 1.96)]
)
def test_quantiles_of_t_are_those_of_every_table(degrees: float, quantile: float) -> None:
    assert t_quantile(degrees) == pytest.approx(quantile, abs=5e-5)


@given(st.floats(1, 1e4), st.floats(0.1, 8))
def test_the_tails_of_t_are_the_area_under_its_density(degrees: float, t: float) -> None:
    x = np.linspace(0, t, 20_001)
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    inside = 2 * scale * np.trapezoid((1 + x * x / degrees) ** (-(degrees + 1) / 2), x)
    assert t_tails(t, degrees) == pytest.approx(1 - inside, abs=1e-7)


def test_welch_is_the_one_that_is_published() -> None:
    """The first example of the article on Welch's t-test in Wikipedia: t = -2.46, 25.0 degrees of freedom."""
    one = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
    two = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4]
    found = welch(one, two)
    assert found.p == pytest.approx(0.021, abs=5e-4)
    assert found.difference == pytest.approx(sum(two) / 15 - sum(one) / 15)
    assert 0 < found.interval[0] < found.difference < found.interval[1]


samples = st.lists(st.floats(0, 1), min_size=2, max_size=9)


@given(samples, samples)
@example([0.0, 0.0], [0.0, 5e-145])
def test_what_is_more_than_chance_has_an_interval_without_zero(one: list[float], two: list[float]) -> None:
    found, back = welch(one, two), welch(two, one)
    assert 0 <= found.p <= 1
    assert back.p == pytest.approx(found.p)
    assert back.interval == pytest.approx((-found.interval[1], -found.interval[0]))
    if abs(found.p - 0.05) > 1e-6:
        assert (found.p < 0.05) == (not found.interval[0] <= 0 <= found.interval[1])


def test_the_interval_of_a_mean_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    intervals = [mean_interval(sample) for sample in rng.normal(3, 2, (2000, 4))]
    assert np.mean([low <= 3 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.015)
    assert np.isnan(mean_interval([0.9])).all()

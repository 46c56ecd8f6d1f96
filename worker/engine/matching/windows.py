"""Means, variances and correlations over small windows, one for each pixel."""

from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask

WINDOW: Final = 9  # pixels; side of the window of local means, variances and covariances
SAMPLE: Final = 5000  # pixels from which colours and tone are learnt
_FLAT: Final = 15.0  # squared levels; half the variance that noise and compression may cause


def box(values: Grey) -> Grey:
    """Means over WINDOW by WINDOW pixels; beyond the border is 0."""
    return np.asarray(cv2.boxFilter(values, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_CONSTANT), np.float32)


def variance(grey: Grey, window: int) -> Grey:
    """Variance over `window` by `window` pixels."""
    mean = cv2.blur(grey, (window, window))
    return np.asarray(cv2.blur(grey * grey, (window, window)) - mean * mean, np.float32)


def local_correlation(here: Grey, there: Grey, inside: Mask) -> tuple[Grey, Grey]:
    """Local correlation, by which flat places do not agree, and the larger of the two variances."""
    weight = inside.astype(np.float32)
    count = np.maximum(box(weight), 1e-6)
    means = box(here * weight) / count, box(there * weight) / count
    one, other = (
        np.maximum(box(grey * grey * weight) / count - mean**2, 0)
        for grey, mean in zip((here, there), means, strict=True)
    )
    both = box(here * there * weight) / count - means[0] * means[1]
    correlation = both / np.sqrt((one + _FLAT) * (other + _FLAT))
    return np.asarray(correlation, np.float32), np.asarray(np.maximum(one, other), np.float32)

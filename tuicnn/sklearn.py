"""A network as a classifier of scikit-learn, which is an extra: it can stand in a pipeline or a grid search.

from sklearn.datasets import load_digits
from tuicnn.sklearn import NetClassifier

X, y = load_digits(return_X_y=True)
text = "conv 8 3x3 pad=1 -> relu -> flatten -> dense classes"
classifier = NetClassifier(text, image=(8, 8)).fit(X, y)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tuicnn.data import Dataset
from tuicnn.network import Network
from tuicnn.system.machine import processors

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NetClassifier"]


class NetClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that classifies rows of features, (N, F), which are the pixels of images.

    `text` is the network; in it, `classes` is a constant, the number of classes. `image` is the shape of an image,
    (H, W) or (C, H, W), whose pixels a row has in this order; without it, a row is an image of 1x1xF. Features become
    pixels in 256 steps, from the least value that is trained on to the largest. `epochs` and `random_state`, the seed,
    stand above those of the text. `n_jobs` processes train: one by default, with -1 as many as there are processors.

    After `fit` there are `network_`, the `tuicnn.Network`; `classes_`; `n_features_in_`; and `n_iter_`, its epochs.
    """

    def __init__(
        self,
        text: str = "train: batch=16\nflatten -> dense 32 -> relu -> dense classes",
        *,
        image: tuple[int, ...] | None = None,
        epochs: int | None = None,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.text = text
        self.image = image
        self.epochs = epochs
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> Self:
        """Train on features (N, F) and labels (N,) of any kind. Raises `ValueError`."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"there must be two classes at least, not one class: {self.classes_[0]!r}")
        self._range = float(X.min()), float(X.max())
        images = self._images(X)
        # all of them are trained on; who wants others to validate on leaves them out beforehand
        one = images[:1], labels[:1]
        names = [str(number) for number in range(len(self.classes_))]
        data = Dataset.from_arrays(images, labels, val=one, test=one, class_names=names)
        text = f"classes = {len(self.classes_)}\n{self.text}"
        self.network_ = Network.from_text(text, data=data, seed=self.random_state)
        if self.network_.plan.of_images:
            raise ValueError("a classifier tells classes apart: leave `target: image` out of the text")
        threads = processors() if self.n_jobs == -1 else self.n_jobs or 1
        training = self.network_.fit(data, epochs=self.epochs, threads=threads, progress=False).run()
        self.n_iter_ = len(training.epochs)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probabilities of the classes, (N, classes), in the order of `classes_`."""
        check_is_fitted(self)
        shares = self.network_.predict(self._images(validate_data(self, X, dtype=np.float64, reset=False)))
        found: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True, dtype=np.float64)
        return found

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, (N,)."""
        shares = self.predict_proba(X)
        found: NDArray[Any] = self.classes_[shares.argmax(axis=1)]
        return found

    def _images(self, X: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Rows as images uint8 (N, H, W, C). Raises `ValueError`."""
        channels, height, width = (1, 1, *(self.image or (1, X.shape[1])))[-3:]
        pixels = channels * height * width
        if pixels != X.shape[1]:
            raise ValueError(f"image={self.image} has {pixels} pixels, but a row has {X.shape[1]} features")
        low, high = self._range
        steps = (X - low) * (255 / (high - low) if high > low else 0)
        values = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
        return values.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)

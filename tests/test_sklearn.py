"""`NetClassifier` does what scikit-learn expects of a classifier."""

from __future__ import annotations

import re
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is an extra: pip install -e '.[sklearn]'")

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.utils.estimator_checks import estimator_checks_generator

from tuicnn import Network
from tuicnn.sklearn import NetClassifier

PAGE = Path("docs/python.md").read_text(encoding="utf-8")
TEXT = "train: batch=32\nconv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense classes"
X, Y = load_digits(return_X_y=True)


def test_it_holds_to_all_conventions() -> None:
    skipped = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for estimator, check in estimator_checks_generator(NetClassifier()):
            name = check.func.__name__
            try:
                check(estimator)
            except pytest.skip.Exception:
                skipped.add(name)
            except Exception as error:
                if type(error).__name__ != "SkipTest":
                    raise AssertionError(name) from error
                skipped.add(name)
    # those that need what is not installed, or switched on by a variable of the environment
    assert skipped <= {"check_array_api_input", "check_classifier_data_not_an_array"}


def test_it_reads_digits_and_is_the_network_that_it_holds() -> None:
    train, test, of_train, of_test = train_test_split(X, Y, test_size=300, random_state=0)
    classifier = NetClassifier(TEXT, image=(8, 8), epochs=10, random_state=0).fit(train, of_train)
    assert classifier.score(test, of_test) > 0.88
    assert classifier.n_iter_ == 10
    network = classifier.network_
    assert isinstance(network, Network)
    pixels = np.rint(test * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)  # their values are 0 to 16
    assert np.array_equal(network.predict(pixels).argmax(axis=1), classifier.predict(test))
    names = np.array(["even", "odd"])
    worded = NetClassifier(TEXT, image=(8, 8), epochs=1).fit(train, names[of_train % 2])
    assert set(worded.predict(test)) <= {"even", "odd"}


def test_the_page_shows_how(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^((?:    .*\n|\n)*    .*cross_val_score\(.*\n)", PAGE, re.MULTILINE)
    exec(textwrap.dedent(block).replace("epochs=10", "epochs=2"), {})
    assert re.fullmatch(r"\[[\d. ]+\]\n", capsys.readouterr().out)


def test_the_seed_decides_the_bits_and_processes_do_not() -> None:
    def shares(**more: int) -> np.ndarray:
        return NetClassifier(TEXT, image=(8, 8), epochs=1, **more).fit(X[:200], Y[:200]).predict_proba(X[:20])

    assert np.array_equal(shares(random_state=1), shares(random_state=1, n_jobs=2))
    assert not np.array_equal(shares(random_state=1), shares(random_state=2))


def test_a_grid_of_texts_is_searched() -> None:
    grid = {"text": [TEXT, "flatten -> dense classes"], "epochs": [1, 2]}
    found = GridSearchCV(NetClassifier(image=(8, 8)), grid, cv=2).fit(X[:300], Y[:300])
    assert found.best_params_["epochs"] == 2


def test_what_does_not_fit_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"image=\(7, 8\) has 56 pixels, but a row has 64 features"):
        NetClassifier(TEXT, image=(7, 8)).fit(X, Y)
    with pytest.raises(ValueError, match="there are 10 classes but the network ends in 3 values"):
        NetClassifier("flatten -> dense 3").fit(X, Y)

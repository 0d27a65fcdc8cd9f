"""Dates that are words in files and frames."""

import numpy as np
import pandas as pd
import pytest

from tildex import Imputer
from tildex.data import read

DAYS = ["1964-11-11", "1970-01-01", None, "2001-02-03"]


def _as_file(folder, suffix, words):
    path = folder / f"days{suffix}"
    frame = pd.DataFrame({"day": words, "size": [1.5, 2.5, 3.5, 4.5]})
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    return path


@pytest.mark.parametrize("words", [DAYS, ["11.11.1964", "1.1.1970", None, "3.2.2001"]])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx", "frame"])
def test_dates_that_are_words_are_dates_wherever_they_come_from(words, suffix, tmp_path):
    frame = pd.DataFrame({"day": words, "size": [1.5, 2.5, 3.5, 4.5]})
    data = read(frame if suffix == "frame" else _as_file(tmp_path, suffix, words))
    assert data.reading.schema.columns[0].kind.name == "date"
    np.testing.assert_array_equal(data.X[:, 0], [0, 1877, np.nan, 13233])


def test_words_that_may_be_dates_stay_words():
    frame = pd.DataFrame({"day": ["01/02/2024", "03/02/2024"] * 4, "size": np.linspace(0, 1, 8)})
    frame["level"] = pd.Categorical(["2024-01-01", "2025-01-01"] * 4)
    kinds = [column.kind.name for column in read(frame).reading.schema.columns]
    assert "date" not in kinds


def test_filled_dates_that_came_as_words_are_words():
    days = [f"2024-03-{day:02}" for day in range(1, 29)]
    frame = pd.DataFrame({"day": days, "size": np.arange(28.0)})
    frame.loc[3, "day"] = None
    filled = Imputer(random_state=0).fit(frame).transform(frame)
    assert filled.day.drop(3).tolist() == frame.day.drop(3).tolist()
    assert pd.to_datetime(filled.day[3], format="%Y-%m-%d").month in (2, 3, 4)

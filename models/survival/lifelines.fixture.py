"""Writes lifelines.fixture.json: Cox fits of lifelines 0.30 on made-up rows, and on the public sets of ../shared/data/survival.

Run: python models/survival/lifelines.fixture.py (needs lifelines, numpy, pandas).
"""
import json
import os

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, CoxTimeVaryingFitter, KaplanMeierFitter
from lifelines.utils import concordance_index

here = os.path.dirname(os.path.abspath(__file__))
shared = os.path.join(here, "../../../shared/data/survival")
precise = {"precision": 1e-12, "r_precision": 1e-14}


def result(fit):
    return {
        "names": list(fit.params_.index),
        "coefficients": fit.params_.tolist(),
        "standard_errors": fit.standard_errors_.tolist(),
        "log_likelihood": float(fit.log_likelihood_),
    }


def fitted(frame, **options):
    penalizer = options.pop("penalizer", 0.0)
    fit = CoxPHFitter(penalizer=penalizer)
    fit.fit(frame, "stop", "event", fit_options=precise, **options)
    return result(fit)


def varying(frame, **options):
    fit = CoxTimeVaryingFitter()
    fit.fit(frame, id_col="id", event_col="event", start_col="start", stop_col="stop",
            fit_options={"precision": 1e-12}, **options)
    return result(fit)


random = np.random.default_rng(7)
n = 60
x = np.round(random.normal(size=(n, 2)), 3)
flag = random.integers(0, 2, n)
hazard = np.exp(0.8 * x[:, 0] - 0.5 * flag)
stop = np.ceil(random.exponential(12 / hazard)) + 3
made = pd.DataFrame({
    "start": np.minimum(random.integers(0, 6, n), stop - 1).astype(float),
    "stop": np.minimum(stop, 30),
    "event": ((stop <= 30) & (random.random(n) < 0.8)).astype(int),
    "a": x[:, 0], "b": x[:, 1], "flag": flag.astype(float),
    "stratum": random.integers(0, 3, n),
    "weight": random.integers(1, 4, n).astype(float),
})
plain = ["stop", "event", "a", "b", "flag"]
made_fits = {
    "plain": fitted(made[plain]),
    "entry": fitted(made[plain + ["start"]], entry_col="start"),
    "strata": fitted(made[plain + ["stratum"]], strata=["stratum"]),
    "weights": fitted(made[plain + ["weight"]], weights_col="weight"),
    "entry, strata": fitted(made[plain + ["start", "stratum"]], entry_col="start", strata=["stratum"]),
}
km = KaplanMeierFitter().fit(made["stop"], made["event"], entry=made["start"])
made_km = {
    "times": km.survival_function_.index.tolist(),
    "survival": km.survival_function_["KM_estimate"].tolist(),
    "low": km.confidence_interval_.iloc[:, 0].tolist(),
    "high": km.confidence_interval_.iloc[:, 1].tolist(),
}

sets = {}
if os.path.isdir(shared):
    read = lambda name: pd.read_csv(os.path.join(shared, name))
    lung = read("lung.csv")[["time", "status", "age", "sex", "ph.ecog", "wt.loss"]].dropna()
    sets["lung"] = fitted(lung.rename(columns={"time": "stop", "status": "event"}))
    sets["larynx"] = fitted(read("larynx.csv").rename(columns={"time": "stop", "death": "event"}))
    heart = read("stanford_heart.csv")
    sets["stanford_heart"] = varying(heart[["id", "start", "stop", "event", "age", "year", "surgery", "transplant"]])
    veterans = read("veterans_lung_cancer.csv")
    frame = pd.DataFrame({
        "stop": veterans["Survival_label_lower_bound"],
        "event": np.isfinite(veterans["Survival_label_upper_bound"]).astype(int),
        **{name: veterans[name] for name in ["Age_in_years", "Karnofsky_score", "Months_from_Diagnosis",
                                             "Celltype=adeno", "Celltype=large", "Celltype=smallcell",
                                             "Prior_therapy=yes", "Treatment=test"]},
    })
    sets["veterans"] = fitted(frame)
    rossi = read("rossi.csv").rename(columns={"week": "stop", "arrest": "event"})
    sets["rossi, strata of race"] = fitted(rossi, strata=["race"])

with open(os.path.join(here, "lifelines.fixture.json"), "w") as out:
    json.dump({
        "made": {name: made[name].tolist() for name in made.columns},
        "made_fits": made_fits,
        "made_kaplan_meier": made_km,
        "made_concordance_of_a": float(concordance_index(made["stop"], -made["a"], made["event"])),
        "sets": sets,
    }, out, indent=1)

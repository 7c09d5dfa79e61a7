"""Robustness: what is left of an answer when the picture changes?

natural     what happens to pictures by themselves: noise, rotation, blur and so on
attacks     what is made to mislead one network: FGSM and PGD
spec        Perturbation, the record of a change
registry    the rows in PERTURBATIONS
perturbing  perturb(), the door to them
sweep       sweep(): one image at every strength, and how far its answer holds
"""

from __future__ import annotations

from cnn_core.robustness.perturb import perturb
from cnn_core.robustness.registry import PERTURBATIONS, get
from cnn_core.robustness.spec import Perturbation
from cnn_core.robustness.sweep import StableRange, Sweep, sweep

__all__ = ["PERTURBATIONS", "Perturbation", "StableRange", "Sweep", "get", "perturb", "sweep"]

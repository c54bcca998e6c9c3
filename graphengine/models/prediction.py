"""What a denoiser predicts."""

from typing import Literal

Prediction = Literal["epsilon", "v_prediction", "flow"]
"""The noise (Ho et al. 2020), the velocity of diffusion (Salimans & Ho 2022), or the velocity from a picture to the
noise on a straight line, as in flow matching (Lipman et al. 2023)."""

"""Features of sounds and pictures, computed before a model sees them, from arrays to arrays."""

from tildex.features.colour import colour_histograms, lab
from tildex.features.gradients import oriented_gradients
from tildex.features.log_mel import log_mel, sound_statistics
from tildex.features.mel import from_mel, mel_bank, to_mel

__all__ = [
    "colour_histograms",
    "from_mel",
    "lab",
    "log_mel",
    "mel_bank",
    "oriented_gradients",
    "sound_statistics",
    "to_mel",
]

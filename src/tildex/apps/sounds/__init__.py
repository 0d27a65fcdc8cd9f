"""An interactive map of a folder of sounds."""

from tildex.apps.sounds.sound_map import SoundHit, SoundMap

__all__ = ["SoundHit", "SoundMap"]

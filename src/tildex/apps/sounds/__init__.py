"""A folder of sounds as a map that plays."""

from tildex.apps.sounds.sound_map import SoundHit, SoundMap

__all__ = ["SoundHit", "SoundMap"]

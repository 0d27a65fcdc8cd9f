"""Pictures and their tags: collections, scores, queries."""

from tildex.apps.tagging.collection import Collection, Hit
from tildex.apps.tagging.tag_table import TagTable
from tildex.apps.tagging.tagged_pictures import TaggedPictures
from tildex.apps.tagging.traces import Look

__all__ = ["Collection", "Hit", "Look", "TagTable", "TaggedPictures"]

"""Renderings for other programs: a CI system's annotations, metrics text, model cards and bills of material."""

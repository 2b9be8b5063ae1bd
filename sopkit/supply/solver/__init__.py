"""Solving the model: from nothing, from a basis, in whole numbers, or change after change."""

"""Stress between a swelling coating and its foil: flat, on holes, elastic and elastic-plastic.

:mod:`.laminates` has flat layers, exact through their thickness; :mod:`.cells` cuts the unit cell
of foil, hole and coating into finite elements, around an axis or in three dimensions, with cracks
along the interface; :mod:`.bodies` solves them, and :mod:`.interfaces` says what the interface
bears and what a crack along it would release. Strains are small: they serve for stress, the
thickness of a coating is :mod:`rampore.swelling`'s.
"""

"""Electrons: from foil to coating, along the foil, and the magnetic field that they leave outside.

:mod:`.through_plane` solves the unit cell in three dimensions and :mod:`.limits` has its closed
forms; :mod:`.sheet` is the foil in its plane, :mod:`.field` the field of a strip,
:mod:`.uniformity` what 'uniform' can mean.
"""

"""Impedance spectra: reading them, whether they can be believed, and what circuits say of them.

:mod:`.spectrum` holds one, :mod:`.reading` takes it from a file by the names in :mod:`.columns`.
:mod:`.kramers_kronig` tests it, :mod:`.screening` names the points that do not belong to it.
:mod:`.transmission_line` is the blocking symmetric cell from which ionic resistance and tortuosity
come, :mod:`.circuits` any other equivalent circuit, :mod:`.relaxation` the distribution of
relaxation times without one. :mod:`.judging` says whether a circuit describes the spectrum;
:mod:`.analysing` does all of that in order. :mod:`rampore.p4d.impedance` simulates spectra.
"""

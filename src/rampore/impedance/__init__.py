"""Impedance spectra: reading them, whether they can be believed, and what circuits say of them.

:mod:`.spectrum` holds and reads one, :mod:`.kramers_kronig` tests it, :mod:`.transmission_line` is
the blocking symmetric cell from which ionic resistance and tortuosity come, :mod:`.circuits` any
other equivalent circuit. :mod:`.study` has the spectra of the paper's cells, which
:mod:`rampore.p4d.impedance` simulates.
"""

"""The figures of impedance spectra."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rampore.impedance.fitting import Fit
from rampore.impedance.kramers_kronig import ACCEPTED, KramersKronig
from rampore.impedance.spectrum import Spectrum
from rampore.style import ACCENT, MUTED, PCUE, PERCENT, new_figure

#: Of figures whose lines are drawn at full length.
LONG_LEGEND = {"frameon": False, "fontsize": 9}


def report(spectrum: Spectrum, check: KramersKronig, fit: Fit | None = None) -> Figure:
    """A spectrum with its fit, and the residuals of fit and Kramers-Kronig test.

    Of a capacitive branch only the foot is drawn.

    Parameters
    ----------
    spectrum : Spectrum
        As measured.
    check : KramersKronig
        Of that spectrum.
    fit : Fit, optional
        None where nothing was fitted.
    """
    figure, (plane, over) = new_figure(2, 1, width=5.6, height=7.0, height_ratios=[1.4, 1])
    z = spectrum.impedance
    plane.plot(
        z.real, -z.imag, marker="o", ms=4, mfc="white", color="black", ls="none", label="measured"
    )
    if fit is not None:
        plane.plot(fit.fitted.real, -fit.fitted.imag, color=PCUE, label="fitted")
        f, shown = fit.spectrum.frequency, np.abs(fit.residual)
        over.plot(f, PERCENT * shown, color=PCUE, marker=".", label="fit")
    over.plot(
        spectrum.frequency,
        PERCENT * np.hypot(check.real, check.imaginary),
        color=ACCENT,
        marker=".",
        label="Kramers-Kronig test",
    )
    over.axhline(PERCENT * ACCEPTED, color=MUTED, ls=":", label="accepted (rms of the test)")
    plane.set(xlabel="Z' / Ω", ylabel="−Z'' / Ω")
    foot = z.real[-z.imag < 2 * z.real]  # noise on a large reactance would tell nothing
    knee = np.ptp(foot) if foot.size else np.ptp(z.real)
    if foot.size and -z.imag.min() > knee:  # a capacitive branch, of which its foot tells
        plane.set(
            xlim=(foot.min() - 0.1 * knee, foot.max() + 0.5 * knee), ylim=(-0.1 * knee, 1.2 * knee)
        )
        plane.set_aspect("equal", adjustable="box")
    else:
        plane.set_aspect("equal", adjustable="datalim")
    over.set(xlabel="frequency / Hz", ylabel="|residual| / |Z| / %", xscale="log", yscale="log")
    plane.legend(loc="upper left", **LONG_LEGEND)
    over.legend(loc="lower left", ncols=3, **LONG_LEGEND | {"fontsize": 8.5})
    return figure

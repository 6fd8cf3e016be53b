"""The figures of impedance spectra."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rampore.impedance.fitting import Fit
from rampore.impedance.kramers_kronig import ACCEPTED, KramersKronig
from rampore.impedance.relaxation import Relaxation
from rampore.impedance.spectrum import Spectrum
from rampore.style import ACCENT, MUTED, PCUE, PERCENT, TITLE, new_figure, new_mosaic

#: Of figures whose lines are drawn at full length.
LONG_LEGEND = {"frameon": False, "fontsize": 9}
#: How points are drawn that were measured, and those of them that were left out.
MEASURED = {
    "marker": "o",
    "ms": 4,
    "mfc": "white",
    "color": "black",
    "ls": "none",
    "label": "measured",
}
LEFT_OUT = {"marker": "x", "ms": 5, "color": MUTED, "ls": "none", "label": "left out"}


def report(
    spectrum: Spectrum,
    check: KramersKronig | None,
    fit: Fit | None = None,
    kept: np.ndarray | None = None,
) -> Figure:
    """A spectrum with its fit, and the residuals of fit and Kramers-Kronig test.

    Where a capacitive branch dwarfs the rest its foot is drawn by itself, beside the whole.

    Parameters
    ----------
    spectrum : Spectrum
        As measured.
    check : KramersKronig or None
        Of what was kept of that spectrum; None where it was not tested.
    fit : Fit, optional
        None where nothing was fitted.
    kept : (n,) array of bool, optional
        False where a point was left out; all by default.
    """
    kept = np.ones(spectrum.frequency.size, bool) if kept is None else kept
    out, z = spectrum.impedance[~kept], spectrum.impedance[kept]
    foot = z.real[-z.imag < 2 * z.real]  # noise on a large reactance would tell nothing
    knee = np.ptp(foot) if foot.size else np.ptp(z.real)
    branches = bool(foot.size) and -z.imag.min() > knee
    above, below = (["foot", "whole"], ["over", "over"]) if branches else (["whole"], ["over"])
    figure, panels = new_mosaic(
        [above, below], width=6.6 if branches else 5.6, height=7.0, height_ratios=[1.4, 1]
    )
    over = panels["over"]
    for name in above:
        plane = panels[name]
        plane.plot(z.real, -z.imag, **MEASURED)
        if out.size:
            plane.plot(out.real, -out.imag, **LEFT_OUT)
        if fit is not None:
            plane.plot(fit.fitted.real, -fit.fitted.imag, color=PCUE, label="fitted")
        plane.set(xlabel="Z' (Ω)", ylabel="−Z'' (Ω)")
        plane.set_aspect("equal", adjustable="datalim")
    if branches:
        low, high = foot.min() - 0.1 * knee, foot.max() + 0.5 * knee
        panels["foot"].set(xlim=(low, high), ylim=(-0.1 * knee, 1.2 * knee))
        panels["foot"].set_aspect("equal", adjustable="box")
        panels["foot"].set_title("its foot", **TITLE)
        panels["whole"].set_title("whole", **TITLE)
    if fit is not None:
        f, shown = fit.spectrum.frequency, np.abs(fit.residual)
        over.plot(f, PERCENT * shown, color=PCUE, marker=".", label="fit")
    if check is not None:
        over.plot(
            spectrum.frequency[kept],
            PERCENT * np.hypot(check.real, check.imaginary),
            color=ACCENT,
            marker=".",
            label="Kramers-Kronig test",
        )
    over.axhline(PERCENT * ACCEPTED, color=MUTED, ls=":", label="accepted (rms of the test)")
    over.set(xlabel="frequency (Hz)", ylabel="|residual| / |Z| (%)", xscale="log", yscale="log")
    panels[above[0]].legend(loc="upper left", **LONG_LEGEND)
    over.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, **LONG_LEGEND | {"fontsize": 8.5})
    return figure


def bode(spectrum: Spectrum, fit: Fit | None = None, kept: np.ndarray | None = None) -> Figure:
    """Modulus and phase over frequency, with a fit.

    Parameters
    ----------
    spectrum, fit, kept
        As in :func:`report`.
    """
    figure, axes = new_figure(2, 1, width=5.6, height=5.6, sharex=True)
    kept = np.ones(spectrum.frequency.size, bool) if kept is None else kept
    for axis, part in zip(axes, (np.abs, lambda z: -np.angle(z, deg=True)), strict=True):
        axis.plot(spectrum.frequency[kept], part(spectrum.impedance[kept]), **MEASURED)
        if not kept.all():
            axis.plot(spectrum.frequency[~kept], part(spectrum.impedance[~kept]), **LEFT_OUT)
        if fit is not None:
            axis.plot(fit.spectrum.frequency, part(fit.fitted), color=PCUE, label="fitted")
    axes[0].set(ylabel="|Z| (Ω)", xscale="log", yscale="log")
    axes[1].set(xlabel="frequency (Hz)", ylabel="−phase (°)")
    axes[0].legend(loc="upper right", **LONG_LEGEND)
    return figure


def relaxation_times(found: Relaxation) -> Figure:
    """A distribution of relaxation times, its peaks with their resistances."""
    figure, axis = new_figure(width=5.6, height=3.4)
    axis.plot(found.tau, found.density, color=PCUE)
    for tau, resistance in found.peaks():
        height = float(np.interp(tau, found.tau, found.density))
        axis.annotate(
            f"{resistance:.3g} Ω",
            (tau, height),
            textcoords="offset points",
            xytext=(0, 4),
            ha="center",
            fontsize=9,
        )
    axis.set(xlabel="time constant (s)", ylabel="γ (Ω)", xscale="log")
    axis.set_ylim(0, 1.15 * max(float(found.density.max()), 1e-30))
    return figure

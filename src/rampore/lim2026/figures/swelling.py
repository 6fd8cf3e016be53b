"""Figures of the chapter on swelling, adhesion and ageing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from rampore import style
from rampore.ageing import Law, rate_of_loss, retained
from rampore.impedance.spectrum import Spectrum
from rampore.lim2026.debonding import Debond
from rampore.lim2026.limits import Stand
from rampore.style import LEGEND, PERCENT, TITLE, UM

_FOILS = {"bCuE": style.BCUE, "pCuE": style.PCUE}
_CM3 = 1e6  # cm3 in a m3
_SMALL = {"fontsize": 9}
_LAWS = {Law.LINEAR: "-", Law.ROOT: "--", Law.GEOMETRIC: ":"}


def _rows(axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), list(names), **_SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def volumes(
    hosts: Mapping[str, tuple[float, float]], needed: Mapping[str, tuple[float, str]]
) -> Figure:
    """Volume per lithium in each host, and what the paper's thicknesses ask for.

    Parameters
    ----------
    hosts : mapping of str to (float, float)
        Least and most [m3/mol], from the top.
    needed : mapping of str to (float, str)
        What a thickness asks of each mole [m3/mol], and the electrode, by its label.
    """
    figure, axes = style.new_figure(height=3.6)
    names = [*hosts, *needed]
    for row, (low, high) in enumerate(hosts.values()):
        width = max(high - low, 0.25e-6)
        axes.barh(row, _CM3 * width, left=_CM3 * low, height=0.5, color=style.ACCENT)
    for row, (value, foil) in enumerate(needed.values(), start=len(hosts)):
        axes.plot(_CM3 * value, row, **style.PAPER | {"mec": _FOILS[foil]})
        axes.text(_CM3 * value + 0.9, row, f"{_CM3 * value:.1f}", va="center", **_SMALL)
    _rows(axes, names)
    axes.set_xlim(0, 1.2 * _CM3 * max(value for value, _ in needed.values()))
    axes.set_xlabel("volume that each mole of lithium adds (cm³ mol⁻¹)")
    return figure


def dilation(
    time: np.ndarray,
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]],
    lines: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    stated: Mapping[str, float],
    left: Mapping[str, tuple[float, float]],
    stated_left: Mapping[str, float],
) -> Figure:
    """Thickness over time in the dilatometer, and what stays; the paper's Fig. 5g to i.

    Parameters
    ----------
    time : (n,) array
        Of charge and discharge [s].
    bands : mapping of str to ((n,) array, (n,) array)
        Least and most thickening by the electrode [m].
    lines : mapping of str to mapping of str to ((m,) array, (m,) array)
        Times [s] and thickening [m] of SiOx and graphite together, by the electrode and by how they
        were found.
    stated : mapping of str to float
        Thickening at the end of charge by the electrode [m].
    left : mapping of str to (float, float)
        Least and most that stays, by the reading, from the top [m].
    stated_left : mapping of str to float
        By the electrode [m].
    """
    figure, panels = style.new_figure(1, 3, width=7.6, height=3.6, width_ratios=[1, 1, 1.1])
    highest = 1.12 * UM * max(stated.values())
    for axes, (foil, (low, high)) in zip(panels, bands.items(), strict=False):
        colour = _FOILS[foil]
        axes.fill_between(time / 3600, UM * low, UM * high, color=colour, alpha=0.25, lw=0)
        for (name, (hours, rise)), line in zip(lines[foil].items(), ("-", "--", ":"), strict=True):
            axes.plot(hours / 3600, UM * rise, color=colour, ls=line)
            if axes is panels[0]:
                axes.plot([], [], color="black", ls=line, label=name)
        axes.plot(2, UM * stated[foil], **style.PAPER)
        axes.plot(4, UM * stated_left[foil], clip_on=False, **style.PAPER)
        axes.set(xlim=(0, 4), ylim=(0, highest), xlabel="time (h)")
        axes.set_title(foil, **TITLE)
    panels[0].set_ylabel("thickening (µm)")
    panels[1].set_yticklabels([])
    figure.legend(loc="outside lower left", ncols=3, **LEGEND)
    last = panels[2]
    for row, (low, high) in enumerate(left.values()):
        last.plot([UM * low, UM * high], [row, row], color=style.MUTED, lw=7, solid_capstyle="butt")
    for foil, value in stated_left.items():
        last.axvline(UM * value, color=_FOILS[foil], lw=1, ls=":")
        last.plot(UM * value, -0.6, clip_on=False, **style.PAPER | {"mec": _FOILS[foil]})
    _rows(last, list(left))
    last.set(xscale="log", xlabel="left afterwards (µm)")
    return figure


def adhesion(
    ratio: np.ndarray,
    gain: np.ndarray,
    by_area: tuple[float, float],
    stated: tuple[float, float],
    roughness: np.ndarray,
    angles: Mapping[str, np.ndarray],
    stated_angles: Mapping[str, float],
) -> Figure:
    """What keys, area and roughness make of adhesion and contact angle.

    Parameters
    ----------
    ratio : (n,) array
        Cohesion over adhesion [-].
    gain : (n,) array
        Of adhesion, by keys [-].
    by_area : (float, float)
        Gain of the area of contact, with straight and with etched walls [-].
    stated : (float, float)
        Ends of the paper's gain [-].
    roughness : (m,) array
        Surface over plan [-].
    angles : mapping of str to (m,) array
        Contact angle by what is in the holes [rad].
    stated_angles : mapping of str to float
        By the electrode's foil [rad].
    """
    figure, (keys, drop) = style.new_figure(1, 2, height=3.4)
    keys.axhspan(*(PERCENT * end for end in stated), color="black", alpha=0.08, lw=0)
    keys.text(
        ratio[0], PERCENT * stated[1], "stated", va="top", ha="left", fontsize=9, style="italic"
    )
    keys.plot(ratio, PERCENT * gain, color=style.PCUE, label="keys")
    for value, line, name in zip(by_area, ("--", ":"), ("straight", "etched"), strict=True):
        label = f"area, {name} walls"
        keys.axhline(PERCENT * value, color=style.MUTED, ls=line, lw=1.2, label=label)
    keys.set(xlabel="cohesion over adhesion (–)", ylabel="gain of adhesion (%)")
    keys.set_ylim(-34, None)
    keys.legend(loc="lower right", **LEGEND)
    for (name, values), line in zip(angles.items(), ("-", "--", ":"), strict=True):
        drop.plot(roughness, np.degrees(values), color=style.PCUE, ls=line, label=name)
    for foil, angle in stated_angles.items():
        drop.axhline(np.degrees(angle), color=_FOILS[foil], lw=0.8, alpha=0.6)
        drop.plot(roughness[0], np.degrees(angle), clip_on=False, **style.PAPER)
    drop.set(xlabel="surface over plan (–)", ylabel="contact angle of water (°)", ylim=(0, 92))
    drop.legend(loc="upper right", **LEGEND)
    return figure


def contacts(
    factor: np.ndarray,
    capacity: Mapping[str, np.ndarray],
    spectra: Mapping[str, tuple[Spectrum, str, str]],
) -> Figure:
    """What a contact that grows worse costs, and what it makes of a spectrum.

    Parameters
    ----------
    factor : (n,) array
        Contact resistance over that before [-].
    capacity : mapping of str to (n,) array
        At 0.5C over that with the contact before, by what that was [-].
    spectra : mapping of str to (Spectrum, str, str)
        Spectrum of 1 cm2, electrode and line style, by the label.
    """
    figure, (cost, plane) = style.new_figure(1, 2, height=3.5)
    for (name, values), line in zip(capacity.items(), ("-", "--", ":"), strict=False):
        cost.plot(factor, PERCENT * values, color=style.BCUE, ls=line, marker=".", label=name)
    cost.set(xscale="log", ylim=(-3, 104))
    cost.set(xlabel="contact over that before (–)", ylabel="capacity left at 0.5C (%)")
    cost.legend(loc="lower left", bbox_to_anchor=(0, 1), **LEGEND | {"handlelength": 2.6})
    for name, (spectrum, foil, line) in spectra.items():
        z = spectrum.impedance
        plane.plot(z.real, -z.imag, color=_FOILS[foil], ls=line, label=name)
    plane.set(xlabel="Z' (Ω cm²)", ylabel="−Z'' (Ω cm²)")
    plane.set(xlim=(0, None), ylim=(0, None))
    plane.set_aspect("equal", adjustable="box")
    plane.legend(loc="lower center", bbox_to_anchor=(0.5, 1.02), ncols=2, **LEGEND)
    return figure


def fading(
    lives: Mapping[str, float],
    left: float,
    cells: np.ndarray,
    chance: Mapping[str, np.ndarray],
) -> Figure:
    """Courses through the paper's cycle lives, and what so many cells can tell.

    Parameters
    ----------
    lives : mapping of str to float
        Cycles until the share `left` is left, by the electrode [-].
    left : float
        [-]
    cells : (n,) array of int
        Of each kind.
    chance : mapping of str to (n,) array
        Power of the comparison [-], by the spread.
    """
    figure, (course, power) = style.new_figure(1, 2, height=3.3)
    cycles = np.linspace(0, 320, 161)
    for foil, life in lives.items():
        for law, line in _LAWS.items():
            share = retained(cycles, float(rate_of_loss(left, life, law)), law)
            course.plot(cycles, PERCENT * share, color=_FOILS[foil], ls=line, lw=1.3)
        course.plot(life, PERCENT * left, **style.PAPER | {"mec": _FOILS[foil]})
    for law, line in _LAWS.items():
        course.plot([], [], color="black", ls=line, lw=1.3, label=str(law))
    course.set(xlabel="cycle (–)", ylabel="capacity left (%)", ylim=(0, 103), xlim=(0, 320))
    course.legend(loc="lower left", **LEGEND)
    for (name, values), line in zip(chance.items(), ("-", "--", ":"), strict=True):
        power.plot(cells, PERCENT * values, color=style.ACCENT, ls=line, marker=".", label=name)
    power.axhline(80, color=style.MUTED, lw=0.8)
    power.set(xlabel="cells of each kind (–)", ylabel="chance to see the difference (%)")
    power.set(ylim=(0, 103), xticks=cells)
    power.legend(loc="lower right", title="spread of the loss", title_fontsize=9, **LEGEND)
    return figure


def debonding(
    cracks: Mapping[str, Debond],
    share: Mapping[str, tuple[float, float]],
) -> Figure:
    """What a debond would release, and how much of a foil's strength the coating takes.

    Parameters
    ----------
    cracks : mapping of str to Debond
        By the coating's modulus.
    share : mapping of str to (float, float)
        Least and most force of the coating over what the foil bears [-], by foil and sides.
    """
    figure, (release, strength) = style.new_figure(1, 2, height=3.4)
    for (name, crack), line in zip(cracks.items(), ("-", "--", ":"), strict=False):
        reach = UM * crack.length
        release.plot(reach, crack.pegged, color=style.PCUE, ls=line, label=f"peg, {name}")
        release.plot(reach, crack.cut, color=style.BCUE, ls=line, label=f"cut edge, {name}")
    release.axhline(1, color="black", lw=0.8)
    release.text(reach[-1], 1, "straight front, bare foil", ha="right", va="bottom", **_SMALL)
    release.set(xscale="log", yscale="log", ylim=(3e-4, 3))
    release.set(xlabel="debonded from the rim on (µm)", ylabel="energy released, over bare (–)")
    release.legend(loc="lower left", ncols=1, **LEGEND | {"fontsize": 8})
    for row, (name, (low, high)) in enumerate(share.items()):
        colour = style.PCUE if "perforated" in name else style.BCUE
        strength.barh(row, high - low, left=low, height=0.5, color=colour)
    strength.axvline(1, color="black", lw=0.8)
    _rows(strength, list(share))
    strength.set(xlim=(0, None), xlabel="coating's force, over\nthe foil's strength (–)")
    return figure


def stands(found: Sequence[Stand]) -> Figure:
    """Each statement over the most that is allowed of it, with what is allowed.

    Parameters
    ----------
    found : sequence of Stand
        From the top.
    """
    figure, axes = style.new_figure(width=7.6, height=0.42 * len(found) + 1.1)
    shares = [stand.share for stand in found]
    lowest = min(*shares, *(max(stand.least / stand.most, 1e-2) for stand in found)) / 1.6
    for row, stand in enumerate(found):
        least = max(stand.least / stand.most, lowest)
        axes.plot(
            [least, 1], [row, row], color=style.ACCENT, lw=8, alpha=0.45, solid_capstyle="butt"
        )
        edge = "black" if stand.allowed else style.BCUE
        face = "white" if stand.paper else edge
        axes.plot(stand.share, row, **style.PAPER | {"mec": edge, "mfc": face})
    axes.axvline(1, color="black", lw=0.8)
    _rows(axes, [f"{stand.statement}\n{stand.condition}" for stand in found])
    for label in axes.get_yticklabels():
        label.set_fontsize(8.5)
    axes.set(xscale="log", xlim=(lowest, 1.6 * max(1.0, *shares)))
    axes.set_xlabel("stated, over the most that is allowed (–)")
    return figure

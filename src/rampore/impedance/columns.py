"""What the heading of a column means: which part of an impedance it names, its sign and its unit.

Exports of instruments and spreadsheets name the same few quantities in a hundred ways. A heading is
a name with a unit behind it (``freq/Hz``, ``Z' (kOhm)``, ``-Im(Z) [Ω cm²]``, ``zreal_ohm``); the
unit may also stand in a row of its own below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

# How the names are written, in lower case, without blanks, points and underscores.
_WRITTEN = {
    "frequency": r"f|ν|nu|fre(q|quency|quencies|quenz|cuencia|quenza)|fréquence|frequence"
    r"|frequência",
    "angular frequency": r"ω|w|omega|(angular|radial)freq(uency)?|kreisfrequenz",
    "real": r"r|z?(re|real)|z'|re(al)?\(?z\)?|z-?real|real-?part(of)?\(?z?\)?"
    r"|(real|re)impedance|impedancereal|realteil(von)?z?",
    "imaginary": r"x|z?(im|img|imag|imaginary)|z''|im(ag|aginary)?\(?z\)?|z-?imag"
    r"|imag(inary)?-?part(of)?\(?z?\)?|(imag(inary)?|im)impedance|impedanceimag(inary)?"
    r"|imagin(ä|ae)rteil(von)?z?",
    "modulus": r"z|\|z\||z?(mod|modulus|mag|magnitude|abs)|(abs|mod|mag)\(?z\)?|betrag(von)?z?"
    r"|\|?impedance\|?|impedanz|impedance(modulus|magnitude)",
    "phase": r"φ|ϕ|θ|z?(phz|phase|phi|theta|arg)|phase-?(angle|shift)?(of)?(\(?z\)?)?"
    r"|(impedance|z)?phase(nwinkel|angle)?|arg\(?z\)?|angle",
    "loop": r"(cycle|loop|segment|sweep|scan|spectrum|repeat|zyklus)(number|nr|no|index|#)?",
}
_NAMES = {kind: re.compile(pattern) for kind, pattern in _WRITTEN.items()}

_PREFIX = {
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
}
#: Area by which an areal resistance is multiplied [m2].
_AREAS = {"cm": 1e-4, "mm": 1e-6, "m": 1.0}
_HERTZ = re.compile(r"(?P<prefix>[nuµμmkKMG]?)(hz|Hz|HZ|cps|cycles/s)")
_RADIANS = re.compile(
    r"(?P<prefix>[kKM]?)rad(ians?)?[/· .*]*s(ec)?(\^?[-−]1|⁻¹)?|1/s|s\^?[-−]1|s⁻¹"
)
_OHM = re.compile(
    r"(?P<prefix>[nuµμmkKMG]?)(ohms?|Ohms?|OHMS?|Ω|[Rr](?=$))"
    r"(?P<areal>[ .·*×⋅-]?(?P<length>cm|mm|m)(²|\^?2|\*\*2))?"
)
_ANGLES = {
    "deg": np.pi / 180,
    "degree": np.pi / 180,
    "degrees": np.pi / 180,
    "°": np.pi / 180,
    "º": np.pi / 180,
    "grad": np.pi / 180,
    "rad": 1.0,
    "radian": 1.0,
    "radians": 1.0,
    "mrad": 1e-3,
}
#: What a number is multiplied by where nothing says its unit: an angle is in degrees.
_UNSAID = {"angular frequency": 1 / (2 * np.pi), "phase": np.pi / 180}
_MINUS = re.compile(r"-\s*|(neg(ative)?|minus)[ _.]*(?=[zi(|'])")


class Column(NamedTuple):
    """What one column holds."""

    #: "frequency", "angular frequency", "real", "imaginary", "modulus", "phase" or "loop"
    kind: str
    #: from what is written to Hz, ohm, ohm m2 or radian, sign included; not finite where the unit
    #: is of something else
    factor: float
    areal: bool  #: whether it is a resistance times an area
    heading: str  #: as it is written
    unit: str  #: as it is written, or empty


def column(heading: str, unit: str = "") -> Column | None:
    """What a heading means, or None where it names nothing that belongs to an impedance.

    Parameters
    ----------
    heading : str
    unit : str
        From a row of units below, where there is one; what the heading itself says counts first.
    """
    written = _plain(heading)
    minus = _MINUS.match(written.lower())
    sign, rest = (-1.0, written[minus.end() :]) if minus else (1.0, written)
    foreign = None
    for name, inside, sure in _splits(rest):
        kind = _kind(name)
        if kind is None:
            continue
        inside = inside or _plain(unit)
        if scale := _scale(kind, inside):
            return Column(scale[0], sign * scale[1], scale[2], heading.strip(), inside)
        if sure and foreign is None:
            foreign = Column(kind, float("nan"), False, heading.strip(), inside)
    return foreign


def is_unit(text: str) -> bool:
    """Whether a cell is nothing but a unit of frequency, impedance or angle."""
    plain = _plain(text).strip("()[] ")
    return bool(plain) and any(_scale(kind, plain) for kind in ("frequency", "real", "phase"))


def _plain(text: str) -> str:
    """One way to write what is written in many: quotes, minus signs, the sign of ohm."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = re.sub('[″”“"]', "''", text)
    text = re.sub("[′’‘´`]", "'", text)
    return re.sub("^[−–—‐]", "-", text)


def _splits(text: str) -> Iterator[tuple[str, str, bool]]:
    """Every way to part a heading into a name and a unit, the whole as a name first, and whether
    the second part can be nothing but a unit.
    """
    yield text, "", True
    for pattern, sure in (
        (r"(.+?)\s*\[([^\]]*)\]", True),
        (r"(.+?)\s*\(((?:[^()]|\([^()]*\))*)\)", True),
        (r"(.+?)\s*/\s*\(?([^()]+)\)?", True),
        (r"(.+?)\s*,\s*(.+)", False),
        (r"(.+?)\s+in\s+(.+)", False),
        (r"(.+?)[\s_.]+([^\s_.]+(?:[\s_.·*]?[cm]?m(?:²|\^?2))?)", False),
    ):
        if found := re.fullmatch(pattern, text):
            yield found[1], found[2].strip(), sure


def _kind(name: str) -> str | None:
    bare = re.sub(r"[\s_.]", "", name).lower()
    bare = re.sub(r"\((a|b)\)$", "", bare)  # what ZPlot writes behind Z' and Z''
    return next((kind for kind, known in _NAMES.items() if known.fullmatch(bare)), None)


def _scale(kind: str, unit: str) -> tuple[str, float, bool] | None:
    """The kind that a unit makes of a name, what it is multiplied by, and whether it is areal; None
    where the unit is of something else.
    """
    if kind == "loop":
        return kind, 1.0, False
    if not unit:
        return kind, _UNSAID.get(kind, 1.0), False
    if "frequency" in kind:
        if found := _HERTZ.fullmatch(unit):
            return "frequency", _PREFIX[found["prefix"]], False
        if found := _RADIANS.fullmatch(unit):
            return "angular frequency", _PREFIX[found["prefix"] or ""] / (2 * np.pi), False
    elif kind == "phase":
        if unit.lower() in _ANGLES:
            return kind, _ANGLES[unit.lower()], False
    elif found := _OHM.fullmatch(unit):
        factor = _PREFIX["M" if unit.startswith("MOHM") else found["prefix"]]
        areal = bool(found["areal"])
        return kind, factor * (_AREAS[found["length"]] if areal else 1.0), areal
    return None

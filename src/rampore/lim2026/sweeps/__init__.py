"""The study's sweeps, by the name that ``rampore sweep`` takes."""

#: Modules whose ``plan(coarse)`` gives all cases, or a few of them for a first look. Named, not
#: imported: what one sweep follows from does not hold the others.
PLANS = {
    name: f"{__name__}.{name}" for name in ("crossing", "inverse", "design", "kinds", "control")
}

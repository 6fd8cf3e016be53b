"""On what a page is looked at."""

LAPTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}  #: [CSS pixel]
#: What a sheet of A4 leaves between its margins [CSS pixel].
PAPER = {"width": 718, "height": 1047}

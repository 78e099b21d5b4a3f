"""Makes PNG pictures of a screen smaller: 256 colours are enough for one. Arguments: files, changed in place."""

import sys

from PIL import Image

for name in sys.argv[1:]:
    with Image.open(name) as picture:
        # Median cut, no dithering: text stays sharp.
        small = picture.convert("RGB").quantize(
            256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    small.save(name, optimize=True)

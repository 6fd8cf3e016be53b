"""Reading images: grey values in their own scale, the pixel's size and who says so, crops, and what
is refused.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from rampore.micrograph import MicrographError, propose_info_bar, read

IMAGES = Path(__file__).parent / "data" / "micrographs"
#: The images that the book offers to try the tool on.
SHOWN = Path(__file__).parents[1] / "book" / "data" / "images"
PIXEL = 50e-9


def grey(shape=(40, 60), dtype=np.uint8, seed=0):
    """Noise that uses the whole range of an integer type, or of 0 to 1."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


# ── Values ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_a_tiff_gives_its_values_back_exactly(tmp_path, dtype):
    image = grey(dtype=dtype)
    tifffile.imwrite(tmp_path / "a.tif", image)
    micrograph = read(tmp_path / "a.tif", PIXEL)
    np.testing.assert_array_equal(micrograph.grey, image)
    assert micrograph.grey.dtype.kind == "f"
    assert micrograph.dtype == np.dtype(dtype).name
    assert (micrograph.source, micrograph.pixel_size, micrograph.pixel_size_source) == (
        "a.tif",
        PIXEL,
        "given",
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_gives_its_values_back_exactly(tmp_path, dtype):
    image = grey(dtype=dtype)
    Image.fromarray(image).save(tmp_path / "a.png")
    micrograph = read(tmp_path / "a.png", PIXEL)
    np.testing.assert_array_equal(micrograph.grey, image)
    assert micrograph.bits == 8 * np.dtype(dtype).itemsize


def test_a_jpeg_comes_within_its_compression(tmp_path):
    image = np.tile(np.linspace(20, 230, 64).astype(np.uint8), (48, 1))
    Image.fromarray(image).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg", PIXEL).grey - image).max() <= 4


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_numpy_files_and_arrays_are_images_too(tmp_path, save):
    image = grey(dtype=np.float64)
    name = tmp_path / ("a.npy" if save is np.save else "a.npz")
    save(name, image)
    np.testing.assert_array_equal(read(name, PIXEL).grey, image)
    np.testing.assert_array_equal(read(image, PIXEL).grey, image)


def test_integers_that_single_precision_cannot_hold_stay_exact():
    image = np.array([[2**24 + 1, 0], [1, 2]], dtype=np.int32)
    np.testing.assert_array_equal(read(image, PIXEL).grey, image)


def test_saturation_is_counted_at_both_ends_of_the_scale():
    image = np.full((10, 10), 7, np.uint8)
    image[0], image[1, :5] = 0, 255
    assert read(image, PIXEL).saturated == (0.10, 0.05)
    assert read(image / 255, PIXEL).saturated is None


def test_a_colour_image_whose_channels_agree_is_grey(tmp_path):
    image = grey()
    Image.fromarray(np.dstack([image] * 3)).save(tmp_path / "rgb.png")
    Image.fromarray(np.dstack([image] * 3 + [np.full_like(image, 255)])).save(tmp_path / "rgba.png")
    Image.fromarray(image).convert("P").save(tmp_path / "palette.png")
    for name in ("rgb.png", "rgba.png", "palette.png"):
        np.testing.assert_array_equal(read(tmp_path / name, PIXEL).grey, image)
    np.testing.assert_array_equal(read(np.dstack([image] * 3), PIXEL).grey, image)


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────


DEPTH = {"metadata": {"axes": "ZYX"}}


@pytest.mark.parametrize(
    "kind", [{}, {"imagej": True} | DEPTH, {"ome": True} | DEPTH, {"compression": "zlib"}]
)
def test_a_page_or_all_of_them_as_a_volume(tmp_path, kind):
    stack = grey((5, 16, 24), np.uint16)
    name = tmp_path / ("a.ome.tif" if "ome" in kind else "a.tif")
    tifffile.imwrite(name, stack, photometric="minisblack", **kind)
    for page in range(5):
        micrograph = read(name, PIXEL, page=page)
        np.testing.assert_array_equal(micrograph.grey, stack[page])
        assert micrograph.page == page
    np.testing.assert_array_equal(read(name, PIXEL, page="all").grey, stack)
    with pytest.raises(MicrographError, match="5 pages"):
        read(name, PIXEL)
    with pytest.raises(MicrographError, match="no page 5"):
        read(name, PIXEL, page=5)


def test_pages_of_different_shape_are_told_apart(tmp_path):
    pages = [grey((16, 24)), grey((8, 12))]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for page in pages:
            writer.write(page)
    for number, page in enumerate(pages):
        np.testing.assert_array_equal(read(tmp_path / "a.tif", PIXEL, page=number).grey, page)
    with pytest.raises(MicrographError, match="different shape"):
        read(tmp_path / "a.tif", PIXEL, page="all")


def test_colour_planes_of_a_tiff_are_channels_and_no_pages(tmp_path):
    image = grey()
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([image] * 3), photometric="rgb", planarconfig="separate"
    )
    np.testing.assert_array_equal(read(tmp_path / "a.tif", PIXEL).grey, image)


# ── Pixel size ───────────────────────────────────────────────────────────────────────────────────


def imagej(path, unit="um", **more):
    tifffile.imwrite(
        path, grey(), imagej=True, resolution=(20.0, 20.0), metadata={"unit": unit}, **more
    )


def fei(path):
    record = "[User]\r\nDate=1\r\n[Scan]\r\nPixelWidth=5e-008\r\nPixelHeight=5e-008\r\n"
    tifffile.imwrite(
        path, grey(), extratags=[(34682, 2, 0, record, True)], resolution=(72, 72), resolutionunit=2
    )


def zeiss(path):
    record = "\r\n0\r\n0\r\n5e-08\r\n0\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 50.00 nm\r\n"
    tifffile.imwrite(path, grey(), extratags=[(34118, 2, 0, record, True)])


def ome(path):
    metadata = {"axes": "YX", "PhysicalSizeX": 50.0, "PhysicalSizeXUnit": "nm"}
    metadata |= {"PhysicalSizeY": 0.05, "PhysicalSizeYUnit": "µm"}
    tifffile.imwrite(path, grey(), ome=True, metadata=metadata)


def tiff(path):
    tifffile.imwrite(path, grey(), resolution=(2e5, 2e5), resolutionunit=3)


@pytest.mark.parametrize(
    ("write", "says"),
    [(imagej, "ImageJ"), (fei, "FEI"), (zeiss, "Zeiss"), (ome, "OME"), (tiff, "TIFF resolution")],
)
def test_a_tiff_says_how_large_its_pixels_are(tmp_path, write, says):
    write(tmp_path / "a.tif")
    micrograph = read(tmp_path / "a.tif")
    assert micrograph.pixel_size == pytest.approx(PIXEL, rel=1e-6)
    assert micrograph.pixel_size_source == f"{says} metadata"


def test_olympus_says_it_in_the_image_that_stands_behind_a_screenshot(tmp_path):
    """Its record points into the file: where it lies is known once it is written."""
    path = tmp_path / "a.tif"
    head = struct.pack("<4s6x5h6x32sHhhI", b"SIS0", 42, 19, 15, 10, 118, b"", 1, 1, 1, 0)
    record = head + struct.pack("<10xhdd8xd2x34s32s", -9, 50.0, 50.0, 1e4, b"", b"")
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.stack([grey()] * 3, axis=-1), photometric="rgb")
        writer.write(grey(dtype=np.uint16), extratags=[(33560, "B", len(record), record, True)])
    content = bytearray(path.read_bytes())
    at = content.index(b"SIS0")
    content[at + len(head) - 4 : at + len(head)] = struct.pack("<I", at + len(head))
    path.write_bytes(content)
    micrograph = read(path, page=1)
    assert micrograph.pixel_size == pytest.approx(PIXEL, rel=1e-9)
    assert micrograph.pixel_size_source == "Olympus metadata"


@pytest.mark.parametrize("unit", ["micron", "µm", "\\u00B5m"])
def test_imagej_writes_its_micrometre_in_several_ways(tmp_path, unit):
    imagej(tmp_path / "a.tif", unit="um")
    path = tmp_path / "b.tif"
    path.write_bytes((tmp_path / "a.tif").read_bytes())
    tifffile.tiffcomment(path, f"ImageJ=1.11a\nunit={unit}\n".encode("latin-1"))
    assert read(path).pixel_size == pytest.approx(PIXEL, rel=1e-6)


def test_the_density_of_a_png_is_taken_where_nothing_better_is(tmp_path):
    Image.fromarray(grey()).save(tmp_path / "a.png", dpi=(0.0254 / PIXEL, 0.0254 / PIXEL))
    micrograph = read(tmp_path / "a.png")
    # the file holds whole pixels per metre
    assert micrograph.pixel_size == pytest.approx(PIXEL, rel=1e-3)
    assert micrograph.pixel_size_source == "PNG pixel density metadata"


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_72_dpi_is_a_page_layout_and_no_microscope(tmp_path, suffix):
    Image.fromarray(grey()).save(tmp_path / f"a.{suffix}", dpi=(72, 72))
    assert read(tmp_path / f"a.{suffix}", PIXEL).pixel_size_source == "given"
    with pytest.raises(MicrographError, match="page layout"):
        read(tmp_path / f"a.{suffix}")


def test_an_image_that_imagej_never_calibrated_has_no_pixel_size(tmp_path):
    imagej(tmp_path / "a.tif", unit="pixel")
    with pytest.raises(MicrographError, match="pixel size is not known"):
        read(tmp_path / "a.tif")


def test_a_given_pixel_size_must_agree_with_the_file_or_override_it(tmp_path):
    imagej(tmp_path / "a.tif")
    assert read(tmp_path / "a.tif", 1.001 * PIXEL).pixel_size == 1.001 * PIXEL
    with pytest.raises(MicrographError, match=r"100 nm is given, the ImageJ metadata say 50 nm"):
        read(tmp_path / "a.tif", 2 * PIXEL)
    assert read(tmp_path / "a.tif", 2 * PIXEL, override=True).pixel_size == 2 * PIXEL


def test_oblong_pixels_have_an_edge_for_each_axis(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", grey(), resolution=(2e5, 1e5), resolutionunit=3)
    micrograph = read(tmp_path / "a.tif")
    assert micrograph.pixel_size == pytest.approx((1e-7, 5e-8))
    assert micrograph.size == pytest.approx((40 * 1e-7, 60 * 5e-8))


@pytest.mark.parametrize("size", [0, -1e-9, float("nan"), float("inf"), "50 nm"])
def test_a_pixel_size_is_a_positive_length(size):
    with pytest.raises(MicrographError, match="positive length"):
        read(grey(), size)


# ── Crop and info bar ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "crop", [np.s_[5:30, -50:], ((5, 30), (10, None)), (slice(5, 30), (10, 60))]
)
def test_a_crop_keeps_what_it_names_and_remembers_where_it_was(crop):
    image = grey()
    micrograph = read(image, PIXEL, crop=crop)
    np.testing.assert_array_equal(micrograph.grey, image[5:30, 10:60])
    assert micrograph.crop == ((5, 30), (10, 60))
    again = micrograph.cropped(np.s_[1:11, 2:12])
    np.testing.assert_array_equal(again.grey, image[6:16, 12:22])
    assert again.crop == ((6, 16), (12, 22))
    assert again.size == pytest.approx((10 * PIXEL, 10 * PIXEL))


def test_a_volume_is_cropped_along_its_two_last_axes():
    volume = grey((5, 16, 24))
    np.testing.assert_array_equal(read(volume, PIXEL, crop=np.s_[2:, :9]).grey, volume[:, 2:, :9])


@pytest.mark.parametrize("crop", [np.s_[30:5, :], np.s_[:, ::2], (None,), 3, (1, 2), np.s_[0:1, :]])
def test_a_crop_that_leaves_no_image_is_refused(crop):
    with pytest.raises(MicrographError, match="crop"):
        read(grey(), PIXEL, crop=crop)


def test_colour_in_the_info_bar_does_no_harm_once_it_is_cropped():
    image = np.dstack([grey()] * 3)
    image[35:, 10:20, 0] = 200
    image[35:, 10:20, 1] = 0
    with pytest.raises(MicrographError, match="channels differ"):
        read(image, PIXEL)
    assert read(image, PIXEL, crop=np.s_[:35, :]).grey.shape == (35, 60)


@pytest.mark.parametrize("at", ["bottom", "top"])
def test_an_info_bar_with_writing_is_proposed_to_the_row(at):
    image = np.random.default_rng(1).normal(120, 12, (400, 600))
    bar = np.zeros((36, 600))
    bar[10:26:2, 20:240] = 255
    bar[15:17, :400] = 255
    image[(slice(-36, None) if at == "bottom" else slice(None, 36))] = bar
    proposed = propose_info_bar(image)
    assert proposed.rows == ((364, 400) if at == "bottom" else (0, 36))
    assert image[proposed.crop].shape == (364, 600)
    assert image[proposed.crop].min() > 0


def test_a_bar_may_be_off_by_one_grey_value_and_written_on_over_two_fifths():
    """As lossy files leave it: within 1/255 of the range of the row's median are half of its
    pixels.
    """
    image = np.random.default_rng(1).integers(60, 180, (400, 600)).astype(np.uint8)
    bar = image[-36:]
    bar[:] = np.arange(600) % 2
    bar[:, ::5] = 255
    bar[:, 1::5] = 255
    bar[:, 2::5] = 1
    assert propose_info_bar(image).rows == (364, 400)


def test_an_image_without_a_bar_has_none_proposed():
    assert propose_info_bar(np.random.default_rng(1).normal(120, 12, (400, 600))) is None


@pytest.mark.parametrize("name", ["nmc_sem_bse_130nm.png", "nmc532_nanoct_26.9nm_crop.png"])
def test_real_images_are_read_whole_and_carry_no_bar(name):
    micrograph = read(IMAGES / name, 0.130e-6)
    assert micrograph.bits == 8
    assert propose_info_bar(micrograph.grey) is None


def test_a_page_of_labels_with_one_plane_is_an_image():
    micrograph = read(SHOWN / "nmc_sem_labels.tif", 1e-7)
    assert micrograph.grey.shape == (628, 758)
    # the share its source prints
    assert np.mean(micrograph.grey == 0) == pytest.approx(0.144, abs=5e-4)


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.full((8, 8), 3), "constant"),
        (np.array([[0.0, np.nan], [1.0, 2.0]]), "1 pixels are NaN"),
        (np.array([[0.0, np.inf], [1.0, 2.0]]), "NaN or infinite"),
        (np.arange(8), "two axes"),
        (np.zeros((2, 8, 8, 8)), "two axes"),
        (np.zeros((0, 8)), "at least 2 pixels"),
        (np.arange(8.0).reshape(1, 8), "at least 2 pixels"),
        (grey((8, 8)) + 1j, "real numbers"),
        (np.array([["a", "b"], ["c", "d"]]), "real numbers"),
        (grey((8, 8, 3)), "channels differ"),
    ],
)
def test_what_is_no_grey_image_is_refused_with_the_reason(array, why):
    with pytest.raises(MicrographError, match=why):
        read(array, PIXEL)


def test_transparency_that_varies_is_refused():
    image = np.dstack([grey()] * 3 + [grey(seed=1)])
    with pytest.raises(MicrographError, match="transparent"):
        read(image, PIXEL)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "npy", "npz"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_file_is_refused(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    image = grey((200, 300))
    {"npy": np.save, "npz": np.savez}.get(suffix, lambda p, a: Image.fromarray(a).save(p))(
        path, image
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MicrographError, match=r"truncated|damaged|neither"):
        read(path, PIXEL)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_truncated_page_of_a_tiff_is_refused(tmp_path, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, grey((4, 100, 100)), compression=compression, photometric="minisblack")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.8 * len(whole))])
    with pytest.raises(MicrographError, match=r"truncated|damaged"):
        read(path, PIXEL, page="all")


@pytest.mark.parametrize("suffix", ["png", "tif", "npy", "npz"])
def test_a_file_with_too_many_pixels_is_refused(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    image = grey((200, 300))
    {"npy": np.save, "npz": np.savez}.get(suffix, lambda p, a: Image.fromarray(a).save(p))(
        path, image
    )
    with pytest.raises(MicrographError, match="59999 pixels"):
        read(path, PIXEL, max_pixels=59_999)
    assert read(path, PIXEL, max_pixels=60_000).grey.size == 60_000


def test_a_gigantic_image_is_refused_before_it_is_decoded(tmp_path):
    small = tmp_path / "a.png"
    Image.fromarray(grey()).save(small)
    whole = bytearray(small.read_bytes())
    # the header claims 3.6 gigapixels, with a checksum that holds
    whole[16:24] = (60_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    small.write_bytes(whole)
    with pytest.raises(MicrographError, match="too large"):
        read(small, PIXEL)


def test_what_is_no_image_file_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("not an image")
    (tmp_path / "empty.png").write_bytes(b"")
    np.savez(tmp_path / "two.npz", a=grey(), b=grey())
    np.save(tmp_path / "objects.npy", np.array([{}, {}], dtype=object))
    for name, why in [
        ("a.txt", "neither"),
        ("empty.png", "empty"),
        ("gone.png", "no file"),
        ("two.npz", r"2 arrays \(a, b\)"),
        ("objects.npy", "no array of numbers"),
    ]:
        with pytest.raises(MicrographError, match=why):
            read(tmp_path / name, PIXEL)


def test_pages_are_asked_of_files_that_have_them(tmp_path):
    Image.fromarray(grey()).save(tmp_path / "a.png")
    with pytest.raises(MicrographError, match="only a TIFF"):
        read(tmp_path / "a.png", PIXEL, page=1)
    with pytest.raises(MicrographError, match="no pages"):
        read(grey((3, 8, 8)), PIXEL, page=1)

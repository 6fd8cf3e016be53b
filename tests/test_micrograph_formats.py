"""What instruments and programs write: every kind of file is read as it is meant, or refused with
the word that is missing.
"""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from rampore.micrograph import MicrographError, read, read_labels
from rampore.micrograph.stored import Choice
from rampore.micrograph.volumes import NRRD_TYPES, read_nrrd

CASES = Path(__file__).parent / "data" / "cases" / "images"
PIXEL = 50e-9


def labels(shape=(6, 8, 10), dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 3, shape).astype(dtype)


# ── Files that were once misread ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["l_lzw.tif", "l_zstd.tif", "t_ccittg4.tif", "p_palette_lab.png"])
def test_usual_codecs_and_palettes_give_the_labels(name):
    label, size, _ = read_labels(CASES / name)
    assert label.shape == (64, 80)
    assert np.unique(label).tolist() == [0, 1]
    assert label.mean() == 0.4
    assert size is None


def test_two_channels_are_refused_until_one_is_named():
    with pytest.raises(MicrographError, match=r"2 channels \(axes ZCYX.*name one with `channel`"):
        read_labels(CASES / "two_channels_zc.tif")
    first, second = (read_labels(CASES / "two_channels_zc.tif", channel=i).label for i in (0, 1))
    assert first.shape == second.shape == (20, 24, 30)
    np.testing.assert_array_equal(first, read_labels(CASES / "anisotropic_imagej.tif").label)
    assert (first != second).any()
    one = read(CASES / "two_channels_zc.tif", PIXEL, channel=1, page=3)
    np.testing.assert_array_equal(one.grey, second[3])
    with pytest.raises(MicrographError, match="no channel 2"):
        read_labels(CASES / "two_channels_zc.tif", channel=2)


def test_a_stack_with_its_own_distance_of_slices_has_no_cubes():
    assert read_labels(CASES / "anisotropic_imagej.tif").pixel_size == pytest.approx(
        (3e-7, 1e-7, 1e-7)
    )
    given = read_labels(CASES / "anisotropic_imagej.tif", (2e-7, 1e-7, 1e-7))
    assert given.pixel_size == (2e-7, 1e-7, 1e-7)


def test_white_is_bright_whatever_number_it_is_stored_as():
    shown = read(CASES / "t_miniswhite.tif", PIXEL).grey
    np.testing.assert_array_equal(shown, 255.0 - tifffile.imread(CASES / "t_miniswhite.tif"))
    assert np.mean(shown < 100) == pytest.approx(0.399, abs=2e-3)
    stored = read_labels(CASES / "t_miniswhite.tif")
    np.testing.assert_array_equal(stored.label, tifffile.imread(CASES / "t_miniswhite.tif"))
    assert "0 as white" in stored.notes[0]


@pytest.mark.parametrize("name", ["o_pix.ome.tif", "f_empty.tif", "imagej_96dpi_inch.tif"])
def test_metadata_that_say_nothing_of_the_sample_are_none(name):
    with pytest.raises(MicrographError, match="pixel size is not known"):
        read(CASES / name)
    assert read(CASES / name, PIXEL).pixel_size == PIXEL


def test_an_image_with_its_thumbnail_is_the_image():
    assert read(CASES / "t_thumb.tif", PIXEL).grey.shape == (64, 80)


def test_three_planes_of_labels_are_slices():
    label, _, notes = read_labels(CASES / "s_3yx.tif")
    assert label.shape == (3, 24, 30)
    assert notes == ("its three planes are taken as slices",)


def test_labels_that_jpeg_has_mixed_are_refused():
    with pytest.raises(MicrographError, match=r"packed as JPEG.*60 values"):
        read_labels(CASES / "j_lab255.jpg")
    assert read(CASES / "j_lab255.jpg", PIXEL).grey.shape == (64, 80)


def test_a_header_of_raw_voxels_is_left_out_by_its_length():
    truth = read_labels(CASES / "anisotropic_imagej.tif").label
    raw = read_labels(CASES / "raw_header.raw", shape=(20, 24, 30), offset=352)
    np.testing.assert_array_equal(raw.label, truth)
    with pytest.raises(MicrographError, match="a header of 352 bytes"):
        read_labels(CASES / "raw_header.raw", shape=(20, 24, 30))


def test_a_folder_of_slices_is_a_volume(tmp_path):
    truth = read_labels(CASES / "anisotropic_imagej.tif").label
    folder = read_labels(CASES / "slices").label
    np.testing.assert_array_equal(folder, 255 * truth)
    files = sorted((CASES / "slices").iterdir())
    np.testing.assert_array_equal(read_labels(files[3:6]).label, folder[3:6])
    np.testing.assert_array_equal(read(CASES / "slices", PIXEL).grey, folder)
    for number in (0, 1, 2, 9, 10, 11):
        shutil.copy(files[number], tmp_path / f"s{number}.png")
    with pytest.raises(MicrographError, match=r"missing between s2\.png and s9\.png"):
        read_labels(tmp_path)
    for number in (0, 1, 2):
        (tmp_path / f"s{number}.png").unlink()
    np.testing.assert_array_equal(read_labels(tmp_path).label, folder[9:12])


# ── Kinds of TIFF ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "packing",
    ["lzw", "packbits", "deflate", "zstd", "lzma", "jpeg2000", "webp", "png", "lerc", "jpegxl"],
)
def test_what_a_codec_packs_without_loss_comes_back(packing, tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    rgb = {"webp"}  # knows colour only
    stored = np.dstack([image] * 3) if packing in rgb else image
    lossless = {"jpeg2000": {"reversible": True}, "webp": {"lossless": True}}
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        compression=packing,
        compressionargs=lossless.get(packing),
        predictor=packing in ("lzw", "zstd"),
    )
    np.testing.assert_array_equal(read(tmp_path / "a.tif", PIXEL).grey, image)


def test_points_in_time_are_named_or_taken_as_slices(tmp_path):
    movie = labels((4, 8, 10))
    tifffile.imwrite(tmp_path / "a.tif", movie, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(MicrographError, match=r"4 points in time.*name one with `time`"):
        read_labels(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif", time=2).label, movie[2])
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif", time="all").label, movie)


def test_slices_that_were_saved_in_colour_are_grey_where_their_channels_agree(tmp_path):
    stack = labels()
    Image.fromarray(np.dstack([stack[0]] * 3)).save(tmp_path / "s1.png")
    Image.fromarray(np.dstack([stack[1]] * 3)).save(tmp_path / "s2.png")
    tifffile.imwrite(tmp_path / "a.tif", np.stack([stack] * 3, -1), photometric="rgb")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif").label, stack)
    np.testing.assert_array_equal(read(tmp_path / "a.tif", PIXEL, page="all").grey, stack)
    (tmp_path / "a.tif").unlink()
    np.testing.assert_array_equal(read_labels(tmp_path).label, stack[:2])


def test_a_channel_of_a_colour_image_is_named(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (8, 10, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "a.png")
    with pytest.raises(MicrographError, match="name one with `channel`"):
        read(tmp_path / "a.png", PIXEL)
    np.testing.assert_array_equal(read(tmp_path / "a.png", PIXEL, channel=1).grey, image[..., 1])
    with pytest.raises(MicrographError, match="no channel 3; there are 3"):
        read(tmp_path / "a.png", PIXEL, channel=3)


def test_two_axes_that_nobody_names_are_not_flattened(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", labels((4, 5, 8, 10)), photometric="minisblack")
    with pytest.raises(MicrographError, match="2 axes that may be depth"):
        read_labels(tmp_path / "a.tif")


def test_the_coarser_levels_of_a_pyramid_are_left_aside(tmp_path):
    image = labels((64, 80))
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(image, subifds=1, photometric="minisblack")
        writer.write(image[::2, ::2], subfiletype=1, photometric="minisblack")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif").label, image)


def test_a_palette_colours_a_grey_image_and_not_labels(tmp_path):
    ramp = np.arange(256, dtype=np.uint16) * 257
    tifffile.imwrite(
        tmp_path / "a.tif", labels((8, 10)), photometric="palette", colormap=[ramp[::-1]] * 3
    )
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif").label, labels((8, 10)))
    np.testing.assert_array_equal(read(tmp_path / "a.tif", PIXEL).grey, 255.0 - labels((8, 10)))


def test_a_palette_of_one_bit_has_two_colours(tmp_path):
    image = labels((8, 16)) > 1
    packed = np.packbits(image, axis=1)
    entries = {
        256: (16, 4), 257: (8, 4), 258: (1, 3), 259: (1, 3), 262: (3, 3), 273: (200, 4),
        277: (1, 3), 278: (8, 4), 279: (packed.size, 4),
    }  # fmt: skip
    colours = np.array([0x2000, 0xFFFF] * 3, "<u2")
    directory = b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, (value, kind) in entries.items()
    )  # fmt: skip
    directory += (320).to_bytes(2, "little") + (3).to_bytes(2, "little")
    directory += (6).to_bytes(4, "little") + (180).to_bytes(4, "little")
    content = b"II*\0" + (8).to_bytes(4, "little") + (10).to_bytes(2, "little") + directory
    content = content.ljust(180, b"\0") + colours.tobytes()
    (tmp_path / "a.tif").write_bytes(content.ljust(200, b"\0") + packed.tobytes())
    np.testing.assert_array_equal(
        read(tmp_path / "a.tif", PIXEL).grey, np.where(image, 255.0, 32.0)
    )
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif").label, image)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["tif", "jpg", "png"])
def test_an_image_stands_upright(turn, kind, tmp_path):
    """By the EXIF record, or TIFF's tag: the two count the same eight ways."""
    from PIL import ImageOps

    image = np.repeat(np.repeat(np.arange(0, 240, 40, np.uint8).reshape(2, 3), 16, 0), 16, 1)
    exif = Image.Exif()
    exif[0x0112] = turn
    if kind == "tif":
        tifffile.imwrite(tmp_path / "a.tif", image, extratags=[(274, 3, 1, turn, True)])
    else:
        Image.fromarray(image).save(tmp_path / f"a.{kind}", exif=exif)
    Image.fromarray(image).save(tmp_path / "b.png", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "b.png")))
    shown = read(tmp_path / f"a.{kind}", PIXEL).grey
    assert shown.shape == upright.shape
    assert np.abs(shown - upright).max() <= (6 if kind == "jpg" else 0)


def test_a_size_that_is_given_counts_before_metadata_without_sense(tmp_path):
    record = "[User]\r\nDate=1\r\n[Scan]\r\nPixelWidth=none\r\n"
    tifffile.imwrite(tmp_path / "a.tif", labels((8, 10)), extratags=[(34682, 2, 0, record, True)])
    assert read(tmp_path / "a.tif", PIXEL).pixel_size == PIXEL
    with pytest.raises(MicrographError, match="FEI metadata make no sense"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize(("unit", "scale"), [("\N{MICRO SIGN}m", 0.05), ("nm", 50.0)])
def test_digital_micrograph_writes_its_scale_in_tags_of_its_own(unit, scale, tmp_path):
    text = unit.encode("latin-1")
    tags = [(65003 + i, 2, len(text) + 1, text + b"\0", True) for i in range(2)]
    tags += [(65009 + i, 12, 1, scale, True) for i in range(2)]
    tifffile.imwrite(
        tmp_path / "a.tif", labels((8, 10)), extratags=tags, resolution=(72, 72), resolutionunit=2
    )
    found = read(tmp_path / "a.tif")
    assert found.pixel_size == pytest.approx(PIXEL)
    assert found.pixel_size_source == "Gatan metadata"


def test_a_stack_that_does_not_say_how_far_its_slices_lie_apart_says_so(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        labels(),
        imagej=True,
        resolution=(10, 10),
        metadata={"unit": "um", "axes": "ZYX"},
    )
    found = read_labels(tmp_path / "a.tif")
    assert found.pixel_size == pytest.approx(1e-7)
    assert "how far its slices lie apart" in found.notes[0]


def test_many_labels_are_noticed(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(120).reshape(10, 12) % 12)
    assert "12 labels" in read_labels(tmp_path / "a.npy").notes[0]


# ── Volumes of other programs ────────────────────────────────────────────────────────────────────


def meta(path, array, spacing="0.0003 0.0002 0.0001", **more):
    kind = {"uint8": "MET_UCHAR", "uint16": "MET_USHORT"}[array.dtype.name]
    header = {
        "ObjectType": "Image",
        "NDims": array.ndim,
        "DimSize": " ".join(map(str, array.shape[::-1])),
        "ElementType": kind,
        "ElementSpacing": spacing,
        **more,
    }
    header.setdefault("ElementDataFile", "LOCAL")
    return "".join(f"{key} = {value}\n" for key, value in header.items()).encode()


def test_a_metaimage_is_read_with_its_voxels_inside_beside_and_packed(tmp_path):
    import zlib

    array = labels(dtype=np.uint16)
    (tmp_path / "a.mha").write_bytes(meta(tmp_path, array) + array.tobytes())
    (tmp_path / "b.mhd").write_bytes(
        meta(tmp_path, array, BinaryDataByteOrderMSB=True, ElementDataFile="b.raw")
    )
    (tmp_path / "b.raw").write_bytes(array.astype(">u2").tobytes())
    (tmp_path / "c.mha").write_bytes(
        meta(tmp_path, array, CompressedData=True) + zlib.compress(array.tobytes())
    )
    for name in ("a.mha", "b.mhd", "c.mha"):
        found = read_labels(tmp_path / name)
        np.testing.assert_array_equal(found.label, array)
        assert found.pixel_size == pytest.approx((1e-7, 2e-7, 3e-7))


def test_a_metaimage_that_was_never_calibrated_has_no_voxel_size(tmp_path):
    (tmp_path / "a.mha").write_bytes(meta(tmp_path, labels(), spacing="1 1 1") + labels().tobytes())
    assert read_labels(tmp_path / "a.mha").pixel_size is None


def nrrd(array, encoding="raw", **more):
    kind = {"uint8": "uchar", "uint16": "ushort"}[array.dtype.name]
    header = {
        "type": kind,
        "dimension": array.ndim,
        "sizes": " ".join(map(str, array.shape[::-1])),
        "endian": "little",
        "encoding": encoding,
        **more,
    }
    return ("NRRD0004\n" + "".join(f"{k}: {v}\n" for k, v in header.items()) + "\n").encode()


@pytest.mark.parametrize(
    ("word", "code"), [(word, code) for code, words in NRRD_TYPES.items() for word in words]
)
def test_an_nrrd_says_its_numbers_by_any_word_of_its_format(tmp_path, word, code):
    array = np.arange(6, dtype=f"<{code}").reshape(1, 2, 3) + 1
    header = nrrd(array.astype(np.uint8)).replace(b"type: uchar", f"type: {word}".encode())
    (tmp_path / "a.nrrd").write_bytes(header + array.tobytes())
    np.testing.assert_array_equal(read_nrrd(tmp_path / "a.nrrd", Choice()).array, array)


def test_an_nrrd_is_read_packed_and_not(tmp_path):
    array = labels(dtype=np.uint16)
    units = {"spacings": "0.3 0.2 0.1", "units": '"um" "um" "um"'}
    directions = {
        "space directions": "(0.3,0,0) (0,0.2,0) (0,0,0.1)",
        "space units": '"um" "um" "um"',
    }
    (tmp_path / "a.nrrd").write_bytes(nrrd(array, **units) + array.tobytes())
    (tmp_path / "b.nrrd").write_bytes(
        nrrd(array, "gzip", **directions) + gzip.compress(array.tobytes())
    )
    header = nrrd(array, **{"data file": "c.raw"}, **units)
    (tmp_path / "c.nhdr").write_bytes(header)
    (tmp_path / "c.raw").write_bytes(array.tobytes())
    for name in ("a.nrrd", "b.nrrd", "c.nhdr"):
        found = read_labels(tmp_path / name)
        np.testing.assert_array_equal(found.label, array)
        assert found.pixel_size == pytest.approx((1e-7, 2e-7, 3e-7))


def test_voxels_that_are_no_cubes_in_no_unit_ask_for_their_edges(tmp_path):
    array = labels()
    (tmp_path / "a.nrrd").write_bytes(nrrd(array, spacings="3 2 1") + array.tobytes())
    with pytest.raises(MicrographError, match=r"no cubes \(3 x 2 x 1\), in a unit"):
        read_labels(tmp_path / "a.nrrd")
    edges = (1e-7, 2e-7, 3e-7)
    assert read_labels(tmp_path / "a.nrrd", edges).pixel_size == edges
    (tmp_path / "b.nrrd").write_bytes(nrrd(array, spacings="2 2 2") + array.tobytes())
    assert read_labels(tmp_path / "b.nrrd").pixel_size is None


@pytest.mark.parametrize("name", ["../a.raw", "/etc/hostname", "list.txt/../../a"])
def test_a_header_names_a_file_beside_it_and_no_other(name, tmp_path):
    (tmp_path / "a.mhd").write_bytes(meta(tmp_path, labels(), ElementDataFile=name))
    with pytest.raises(MicrographError, match="only one beside it is read"):
        read_labels(tmp_path / "a.mhd")


@pytest.mark.parametrize("suffix", ["mha", "nrrd"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_a_volume_that_was_cut_short_is_refused(suffix, share, tmp_path):
    array = labels((20, 20, 20))
    header = meta(tmp_path, array) if suffix == "mha" else nrrd(array)
    whole = header + array.tobytes()
    (tmp_path / f"a.{suffix}").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MicrographError, match=r"truncated|header"):
        read_labels(tmp_path / f"a.{suffix}")


def test_an_array_of_hdf5_is_named_where_there_are_several(tmp_path):
    import h5py

    array = labels((6, 8, 10))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("exported/data", data=array[..., None], chunks=True)
        data.attrs["axistags"] = json.dumps({"axes": [{"key": key} for key in "zyxc"]})
        data.attrs["element_size_um"] = [0.3, 0.2, 0.1]
    found = read_labels(tmp_path / "a.h5")
    np.testing.assert_array_equal(found.label, array)
    assert found.pixel_size == pytest.approx((3e-7, 2e-7, 1e-7))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["raw"] = array[0]
        file["away"] = h5py.ExternalLink("other.h5", "data")
    with pytest.raises(MicrographError, match=r"2 arrays \(exported/data, raw\): name one"):
        read_labels(tmp_path / "a.h5")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.h5", dataset="raw").label, array[0])
    with pytest.raises(MicrographError, match="did you mean 'raw'"):
        read_labels(tmp_path / "a.h5", dataset="rew")


def test_a_zarr_gives_its_finest_image_with_the_edges_of_its_voxels(tmp_path):
    import zarr

    array = labels((6, 8, 10))
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    for name, level in (("0", array), ("1", array[::2, ::2, ::2])):
        group.create_array(name, data=level[None], chunks=(1, 4, 4, 4))
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scale = {"type": "scale", "scale": [1, 0.3, 0.2, 0.1]}
    datasets = [{"path": name, "coordinateTransformations": [scale]} for name in "01"]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": datasets}]
    found = read_labels(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.label, array)
    assert found.pixel_size == pytest.approx((3e-7, 2e-7, 1e-7))
    zarr.save_array(str(tmp_path / "b.zarr"), array)
    np.testing.assert_array_equal(read_labels(tmp_path / "b.zarr").label, array)


@pytest.mark.parametrize("where", ["cell_data", "point_data"])
def test_image_data_of_vtk_are_read_by_the_name_of_their_array(where, tmp_path):
    import pyvista

    array = labels((6, 8, 10))
    shape = array.shape if where == "point_data" else [n + 1 for n in array.shape]
    grid = pyvista.ImageData(dimensions=shape)
    getattr(grid, where)["label"] = array.ravel(order="F")
    grid.save(tmp_path / "a.vti")
    found = read_labels(tmp_path / "a.vti")
    np.testing.assert_array_equal(found.label, array)
    assert found.pixel_size is None


def test_an_array_of_several_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", grey=labels(), mask=labels() > 1)
    np.testing.assert_array_equal(
        read_labels(tmp_path / "a.npz", dataset="mask").label, labels() > 1
    )


# ── Parts ────────────────────────────────────────────────────────────────────────────────────────


def test_slices_are_cropped_too_and_none_beyond_the_image(tmp_path):
    np.save(tmp_path / "a.npy", labels())
    cropped = read_labels(tmp_path / "a.npy", crop=np.s_[2:5, :4, 3:])
    np.testing.assert_array_equal(cropped.label, labels()[2:5, :4, 3:])
    for crop in (np.s_[:7, :, :], np.s_[:, 11:], np.s_[-9:, :]):
        with pytest.raises(MicrographError, match="beyond the image, of"):
            read_labels(tmp_path / "a.npy", crop=crop)


@pytest.mark.parametrize("edges", [(1e-7, 2e-7), (1e-7,) * 4, (1e-7, -1e-7, 1e-7)])
def test_a_voxel_has_as_many_edges_as_the_image_axes(edges, tmp_path):
    np.save(tmp_path / "a.npy", labels())
    with pytest.raises(MicrographError, match="pixel size is"):
        read_labels(tmp_path / "a.npy", edges)

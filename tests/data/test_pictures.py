"""Pictures as people have them: sizes, orientation, depth, transparency and nested folders, one reader for all."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tildex.data import DataError, Photograph, Reading, read, read_patches, read_pictures
from tildex.data.pictures.sizes import chosen_size, resized

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (6, 8), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (6, 8, 3), dtype=np.uint8)


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(path, **options)


def images(record):
    return record.X.reshape(len(record), *record.shape)


# What each EXIF orientation does to the stored pixels, from its definition: where row 0 and column 0 are.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_reader_obeys_orientation(orientation, ending, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{ending}"
    save(path, COLOUR, exif=exif, **({"lossless": True} if ending == "webp" else {}))
    wanted = UPRIGHT[orientation](COLOUR) / np.float32(255)
    record = read(tmp_path)
    assert record.shape == wanted.shape and record.note == ""
    np.testing.assert_allclose(images(record)[0], wanted, atol=1e-6)
    np.testing.assert_allclose(Photograph.read(path).pixels, wanted, atol=1e-6)
    (row,) = read_pictures([path], wanted.shape)[0].values()
    np.testing.assert_allclose(row, wanted.reshape(-1), atol=1e-6)
    patch = read_patches(tmp_path, wanted.shape, 1).X
    np.testing.assert_allclose(patch[0], wanted.reshape(-1), atol=1e-6)


def test_deep_pictures_lie_down_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.png", GREY.astype(np.uint16) * 257, exif=exif)
    np.testing.assert_allclose(images(read(tmp_path))[0], np.rot90(GREY, -1) / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.linspace(0, 1, 48, dtype="f4"), np.linspace(0, 1, 48)),
        (np.linspace(0.25, 0.5, 48, dtype="f4"), np.linspace(0.25, 0.5, 48)),
        (np.linspace(0, 1000, 48, dtype="f4"), np.linspace(0, 1, 48)),
        (np.linspace(-3, 5, 48, dtype="f4"), np.linspace(0, 1, 48)),
        (np.arange(-24, 24, dtype="i4") * 50_000, np.linspace(0, 1, 48)),
        (np.arange(48, dtype="u2"), np.arange(48) / 65535),
        (np.full(48, 7, dtype="f4"), np.zeros(48)),
    ],
    ids=["within 0 and 1", "part of it", "to 1000", "with signs", "32 bits", "16 bits", "constant"],
)
def test_deep_values_are_scaled_by_the_stated_rule_everywhere(values, wanted, tmp_path):
    path = tmp_path / "a.tif"
    save(path, values.reshape(6, 8))
    record = read(tmp_path)
    np.testing.assert_allclose(record.X[0], wanted, atol=1e-6)
    np.testing.assert_allclose(Photograph.read(path).pixels.reshape(-1), wanted, atol=1e-6)
    np.testing.assert_allclose(read_patches(tmp_path, (6, 8, 1), 1).X[0], wanted, atol=1e-6)
    (row,) = read_pictures([path], (6, 8))[0].values()
    np.testing.assert_allclose(row, wanted, atol=1e-6)


def test_a_file_of_32_bits_without_sign(tmp_path):
    save(tmp_path / "a.tif", np.array([[0, 2**31, 2**32 - 1]], dtype=np.uint32).view(np.int32))
    whole = (tmp_path / "a.tif").read_bytes()
    # The tag of sample format, 339, of type short and count 1, holds 2 (with sign); 1 is without.
    assert whole.count(b"\x53\x01\x03\x00\x01\x00\x00\x00\x02") == 1
    (tmp_path / "a.tif").write_bytes(
        whole.replace(b"\x53\x01\x03\x00\x01\x00\x00\x00\x02", b"\x53\x01\x03\x00\x01\x00\x00\x00\x01")
    )
    np.testing.assert_allclose(read(tmp_path).X, [[0, 0.5, 1]], atol=1e-6)


def test_levels_are_those_of_the_folder_and_of_training(tmp_path):
    save(tmp_path / "a" / "1.tif", np.full((6, 8), 50, "f4"))
    save(tmp_path / "a" / "2.tif", np.linspace(0, 200, 48, dtype="f4").reshape(6, 8))
    save(tmp_path / "b" / "1.tif", np.full((6, 8), 400, "f4"))
    save(tmp_path / "b" / "2.tif", np.full((6, 8), 100, "f4"))
    train = read(tmp_path / "a")
    np.testing.assert_allclose(train.X[0], 0.25)
    assert train.reading.levels == (0, 200)
    assert "the values of 2 pictures run from 0 (black) to 200 (white)" in train.note
    later = read(tmp_path / "b", like=Reading.from_json(train.reading.to_json()))
    np.testing.assert_allclose(later.X[:, 0], [1, 0.5])
    assert "1 of them exceed this range and were clipped" in later.note
    (tmp_path / "a" / "1.tif").unlink()
    assert "the values of one picture run from 0 (black) to 200 (white)" in read(tmp_path / "a").note


def test_nan_is_refused_by_name(tmp_path):
    save(tmp_path / "a.tif", np.full((6, 8), np.nan, "f4"))
    with pytest.raises(DataError, match=r"a\.tif holds NaN or infinity"):
        read(tmp_path)
    save(tmp_path / "b.png", GREY)
    record = read(tmp_path)
    assert record.files == ("b.png",) and record.skipped[0].startswith("a.tif holds NaN")


def test_transparency_is_laid_on_white(tmp_path):
    clear = np.dstack([COLOUR, np.zeros_like(GREY)])
    clear[:, 4:, 3] = 255
    save(tmp_path / "a.png", clear)
    record = read(tmp_path)
    left, right = images(record)[0][:, :4], images(record)[0][:, 4:]
    assert (left == 1).all()
    np.testing.assert_allclose(right, COLOUR[:, 4:] / 255, atol=1e-6)
    assert record.note == "transparency was laid on white in 1 of 1 pictures"
    np.testing.assert_allclose(read_patches(tmp_path, (6, 8, 3), 1).X, record.X, atol=1e-6)
    assert (Photograph.read(tmp_path / "a.png").alpha == clear[..., 3]).all()


@pytest.mark.parametrize("mode", ["LA", "P", "CMYK", "1"])
def test_modes_are_read_alike_everywhere(mode, tmp_path):
    path = tmp_path / "a.tif"
    image = Image.fromarray(GREY if mode in ("LA", "1") else COLOUR)
    save(path, image.convert(mode))
    record = read(tmp_path)
    np.testing.assert_allclose(
        images(record)[0].reshape(6, 8, -1), Photograph.read(path).on_white(), atol=1e-6
    )


def test_several_frames_are_named_but_a_cameras_second_picture_is_not_the_photograph(tmp_path):
    one, two = Image.new("RGB", (8, 6), (200, 30, 30)), Image.new("RGB", (8, 6), (30, 30, 200))
    save(tmp_path / "pages.tif", one, save_all=True, append_images=[two])
    save(tmp_path / "moving.gif", one, save_all=True, append_images=[two])
    save(tmp_path / "camera.jpg", one, format="MPO", save_all=True, append_images=[two], quality=100)
    record = read(tmp_path)
    assert record.files == ("camera.jpg",)
    np.testing.assert_allclose(images(record)[0, 3, 4] * 255, [200, 30, 30], atol=3)
    assert [said.split()[:3] for said in record.skipped] == [
        ["moving.gif", "holds", "2"],
        ["pages.tif", "holds", "2"],
    ]


def test_every_file_that_is_left_out_is_listed(tmp_path):
    save(tmp_path / "in" / "a.png", GREY)
    for name in ("b.heic", "c.svg", "sub/d.txt", "plain", ".hidden", "Thumbs.db", ".git/e.png"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in sorted((tmp_path / "in").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "in"))
    for place in ("in", "in.zip"):
        record = read(tmp_path / place)
        assert record.files == ("a.png",)
        assert [said.split()[0] for said in record.skipped] == ["b.heic", "c.svg", "plain", "sub/d.txt"]
        assert "b.heic ends in .heic, a kind of file that is not read here; convert it" in record.note


def test_folders_of_any_depth_and_links(tmp_path):
    for name in ("pets/dog/old/1.png", "pets/dog/2.png", "pets/cat/3.png", "pets/4.png"):
        save(tmp_path / "in" / name, GREY)
    (tmp_path / "in" / "pets" / "cat" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    record = read(tmp_path / "in")
    assert record.files == ("pets/4.png", "pets/cat/3.png", "pets/dog/2.png", "pets/dog/old/1.png")
    assert record.target_names == (".", "cat", "dog", "dog/old") and record.y.tolist() == [0, 1, 2, 3]
    assert record.note.startswith('1 file lies beside the sub-folders and got the class "."')
    (tmp_path / "links").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "in" / "pets" / name, target_is_directory=True)
    linked = read(tmp_path / "links").files
    assert {"cat/3.png", "dog/2.png", "dog/old/1.png", "cat/loop/pets/4.png"} <= set(linked)
    assert max(name.count("loop") for name in linked) == 1


def test_classes_of_later_folders_are_those_of_training(tmp_path):
    for name in ("a/cat/1.png", "a/dog/1.png", "b/dog/1.png", "c/dog/1.png", "c/emu/1.png", "d/1.png"):
        save(tmp_path / name, GREY)
    like = Reading.from_json(read(tmp_path / "a").reading.to_json())
    assert like.classes == ("cat", "dog")
    assert read(tmp_path / "b", like=like).y.tolist() == [1] and read(tmp_path / "b").y is None
    mixed = read(tmp_path / "c", like=like)
    assert mixed.y.tolist() == [1, 2] and mixed.target_names == ("cat", "dog", "emu")
    assert mixed.note == "no class of training is called emu"
    assert read(tmp_path / "d", like=like).y is None


def test_a_size_is_chosen_from_the_folder_and_said(tmp_path):
    for k in range(2):
        save(tmp_path / f"wide{k}.png", RANDOM.integers(0, 256, (96, 144), dtype=np.uint8))
    save(tmp_path / "high.png", RANDOM.integers(0, 256, (144, 96), dtype=np.uint8))
    record = read(tmp_path)
    assert record.shape == (52, 80) and record.reading.image_size == (52, 80)
    assert record.note == (
        "pictures of 2 sizes, from 96 x 144 to 144 x 96 (height x width) were scaled and cropped to 52 x 80, chosen "
        "from theirs; to choose: --image-size H,W and --resize crop, pad or stretch (image_size and resize in Python)"
    )


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ([(360, 240)], (80, 52)),
        ([(256, 256)], (256, 256)),
        ([(3000, 4000)] * 9 + [(4000, 3000)] * 8, (56, 72)),
        ([(10, 10), (10, 11), (10, 12)], (8, 12)),
        ([(5, 7), (7, 5)], (6, 6)),
        ([(1, 5000), (1, 5000)], (1, 5000)),
        ([(1, 100_000), (1, 90_000)], (1, 4096)),
    ],
)
def test_the_rule_for_sizes(sizes, wanted):
    assert chosen_size(sizes) == wanted


def ramp(height, width):
    """Return an image whose brightness is its column, from 0 at the left to 1 at the right."""
    return Image.fromarray(np.tile(np.linspace(0, 1, width, dtype="f4"), (height, 1)))


def test_ways_of_resizing():
    image = ramp(100, 300)
    crop, pad, stretch = (np.asarray(resized(image, (50, 50), way)) for way in ("crop", "pad", "stretch"))
    assert abs(crop[0, 0] - 1 / 3) < 0.01 and abs(crop[0, -1] - 2 / 3) < 0.01
    assert (pad[:16] == 1).all() and (pad[-17:] == 1).all() and abs(pad[25, 0]) < 0.02
    assert abs(pad[25, -1] - 1) < 0.02 and abs(pad[25, 25] - 0.5) < 0.02
    assert abs(stretch[:, 0]).max() < 0.02 and abs(stretch[0, -1] - 1) < 0.02


def test_every_size_comes_to_every_other():
    sides = (1, 2, 7, 30, 45, 50, 97)
    for height, width in [(h, w) for h in sides for w in sides]:
        for way in ("crop", "pad", "stretch"):
            for size in ((28, 48), (32, 44), (3, 1)):
                assert resized(ramp(height, width), size, way).size == size[::-1]


def test_later_pictures_come_in_the_models_size_and_colours(tmp_path):
    save(tmp_path / "a" / "1.png", RANDOM.integers(0, 256, (40, 60), dtype=np.uint8))
    save(tmp_path / "b" / "1.jpg", RANDOM.integers(0, 256, (90, 70, 3), dtype=np.uint8))
    train = read(tmp_path / "a")
    assert train.reading == Reading((40, 60), 1, resize="crop")
    later = read(tmp_path / "b", like=train.reading)
    assert later.shape == (40, 60)
    assert later.note.splitlines() == [
        "pictures of 90 x 70 pixels (height x width) were scaled and cropped to 40 x 60",
        "1 of 1 pictures were made grey",
    ]
    grey = read(tmp_path / "a", like=Reading((20, 20), 3))
    assert grey.shape == (20, 20, 3) and (np.ptp(images(grey), axis=-1) == 0).all()
    with pytest.raises(DataError, match=r"trained with image_size \(40, 60\), and \(5, 5\) is asked for"):
        read(tmp_path / "b", like=train.reading, image_size=(5, 5))


def test_a_known_set_says_how_files_like_it_are_read(tmp_path):
    save(tmp_path / "1.png", COLOUR)
    assert read(tmp_path, like=read("digits").reading).shape == (8, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": (0, 5)}, "image_size must be height and width in pixels, each at least 1"),
        ({"image_size": (5,)}, "image_size must be height and width"),
        ({"resize": "fit"}, "resize must be crop, pad, stretch, got 'fit'"),
        ({"colours": 2}, r"colours must be 1 \(grey\) or 3, got 2"),
        ({"rate": 8000}, "rate cannot be chosen for pictures"),
    ],
)
def test_options_that_mean_nothing(options, message, tmp_path):
    save(tmp_path / "a.png", GREY)
    with pytest.raises(DataError, match=message):
        read(tmp_path, **options)
    with pytest.raises(DataError, match="image_size cannot be chosen for the known set digits"):
        read("digits", image_size=(8, 8))


def test_archives_of_pictures_are_found_out_by_their_content(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, format="png")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("all/dog/1.png", buffer.getvalue())
        archive.writestr("all/cat/1.png", buffer.getvalue())
        archive.writestr("all/cover.mp3", b"x")
    record = read(tmp_path / "p.zip")
    assert record.files == ("all/cat/1.png", "all/dog/1.png") and record.target_names == ("cat", "dog")
    assert record.skipped[0].startswith("all/cover.mp3 ends in .mp3")
    found, skipped = read_pictures([tmp_path / "p.zip"], (6, 8))
    assert [path.name for path in found] == ["1.png", "1.png"] and len(skipped) == 1
    assert read_patches(tmp_path / "p.zip", (3, 3, 1), 5).X.shape == (5, 9)


def test_a_photograph_of_floats_keeps_its_values(tmp_path):
    values = np.linspace(-3, 900, 48, dtype="f4").reshape(6, 8)
    save(tmp_path / "a.tif", values)
    photograph = Photograph.read(tmp_path / "a.tif")
    photograph.with_pixels(photograph.pixels).write(tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as image:
        np.testing.assert_allclose(np.asarray(image), values, rtol=1e-5, atol=1e-4)
    with pytest.raises(DataError, match=r"b\.png cannot hold 32 bits of grey: write \.tif"):
        photograph.write(tmp_path / "b.png")

"""Features of sounds and pictures against closed forms: tones, Parseval's theorem, known colours, known edges."""

import importlib.util

import numpy as np
import pytest
import torch

from tildex import PictureFeatures, SoundFeatures
from tildex.features import colour_histograms, from_mel, lab, log_mel, mel_bank, oriented_gradients, to_mel
from tildex.features import sound_statistics as statistics

RATE, N_FFT, HOP, MELS = 8000, 512, 128, 40


def tone(hertz, samples=8000, loud=1.0):
    return loud * torch.sin(2 * torch.pi * hertz * torch.arange(samples, dtype=torch.float64) / RATE)[None]


def spectra(x):
    return log_mel(x, RATE, n_fft=N_FFT, hop=HOP, n_mels=MELS)


def centres():
    ends = to_mel(torch.tensor([0.0, RATE / 2], dtype=torch.float64))
    return from_mel(torch.linspace(float(ends[0]), float(ends[1]), MELS + 2, dtype=torch.float64))[1:-1]


def test_the_mel_scale_is_undone():
    hertz = torch.linspace(0, 20_000, 101, dtype=torch.float64)
    torch.testing.assert_close(from_mel(to_mel(hertz)), hertz)
    # Linear below 1,000 Hz; above, equal ratios are equal steps.
    assert float(to_mel(torch.tensor(500.0))) == pytest.approx(7.5)
    steps = to_mel(torch.tensor([1000.0, 2000.0, 4000.0, 8000.0])).diff()
    torch.testing.assert_close(steps, steps[:1].expand(3))


def test_every_filter_has_area_one_and_its_peak_where_it_belongs():
    bank = mel_bank(RATE, 1 << 15, MELS).double()
    step = RATE / (1 << 15)
    torch.testing.assert_close(bank.sum(1) * step, torch.ones(MELS, dtype=torch.float64), rtol=2e-3, atol=0)
    torch.testing.assert_close(bank.argmax(1).double() * step, centres(), rtol=0, atol=step)


def test_neighbouring_filters_share_a_tone_between_them():
    # Without their areas, all filters that reach a frequency add up to one between the first and the last peak.
    bank = mel_bank(RATE, 4096, MELS).double()
    ends = to_mel(torch.tensor([0.0, RATE / 2], dtype=torch.float64))
    corners = from_mel(torch.linspace(float(ends[0]), float(ends[1]), MELS + 2, dtype=torch.float64))
    heights = bank * ((corners[2:] - corners[:-2]) / 2)[:, None]
    frequency = torch.linspace(0, RATE / 2, 2049, dtype=torch.float64)
    between = (frequency >= corners[1]) & (frequency <= corners[-2])
    torch.testing.assert_close(
        heights.sum(0)[between], torch.ones(int(between.sum())).double(), rtol=1e-5, atol=0
    )


@pytest.mark.parametrize("hertz", [250.0, 700.0, 1500.0, 3000.0])
def test_a_tone_is_loudest_at_its_own_pitch(hertz):
    loudest = spectra(tone(hertz))[0, 4:-4].mean(0).argmax()
    assert abs(float(centres()[loudest]) - hertz) <= float(centres().diff().max())
    assert loudest == (to_mel(centres()) - to_mel(torch.tensor(hertz))).abs().argmin()


def test_the_power_of_all_pitches_is_that_of_the_samples():
    """Parseval: the spectrum of a windowed stretch has the power of its samples."""
    x = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    window = torch.hann_window(N_FFT, dtype=torch.float64)
    spectrum = torch.stft(x, N_FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True)
    padded = torch.nn.functional.pad(x[0], (N_FFT // 2, N_FFT // 2))
    expected = torch.stack(
        [(padded[t * HOP : t * HOP + N_FFT] * window).square().sum() for t in range(spectrum.shape[2])]
    )
    power = spectrum.abs().square()[0]
    twice = torch.full((N_FFT // 2 + 1, 1), 2.0, dtype=torch.float64)
    twice[0] = twice[-1] = 1
    torch.testing.assert_close((power * twice).sum(0) / N_FFT, expected)
    # The same power, filtered, in decibels of its largest value, is what log_mel gives.
    mel = mel_bank(RATE, N_FFT, MELS).double() @ power
    decibels = (10 * (mel / mel.max()).log10()).clamp_min(-80)
    torch.testing.assert_close(spectra(x)[0], decibels.t())


def test_loudness_does_not_matter_and_silence_is_silence():
    torch.testing.assert_close(spectra(tone(440, loud=1e-3)), spectra(tone(440)))
    assert (spectra(torch.zeros(2, 1000)) == -80).all()


def test_statistics_are_those_of_each_sound_alone():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 20, 5, generator=generator, dtype=torch.float64)
    lengths = torch.tensor([20, 7, 1])
    found = statistics(x, lengths, 3)
    for row, spectrum, n in zip(found, x, lengths.tolist(), strict=True):
        part = spectrum[:n]
        slices = [part[n * k // 3 : max(n * k // 3 + 1, n * (k + 1) // 3)].mean(0) for k in range(3)]
        change = part.diff(dim=0).abs().mean(0) if n > 1 else torch.zeros(5).double()
        torch.testing.assert_close(row, torch.cat([*slices, part.std(0, unbiased=False), change]))


def test_zeros_at_the_end_do_not_count():
    sounds = np.zeros((2, 6000), dtype=np.float32)
    sounds[0, :4000] = tone(440, 4000)[0].numpy()
    short = SoundFeatures(RATE, n_mels=20).transform(sounds[:1, :4000])
    np.testing.assert_allclose(SoundFeatures(RATE, n_mels=20).transform(sounds)[:1], short, atol=1.5)
    longer = np.concatenate([sounds, np.zeros_like(sounds)], 1)
    np.testing.assert_allclose(
        SoundFeatures(RATE, n_mels=20).transform(longer),
        SoundFeatures(RATE, n_mels=20).transform(sounds),
        atol=1e-4,
    )


@pytest.mark.skipif(importlib.util.find_spec("librosa") is None, reason="librosa is not installed")
def test_the_same_numbers_as_librosa():
    import librosa

    np.testing.assert_allclose(
        mel_bank(RATE, N_FFT, MELS), librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=MELS), atol=1e-7
    )


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
    ],
)
def test_lab_of_known_colours(rgb, expected):
    """Published values of sRGB's corners under D65 (Lindbloom)."""
    np.testing.assert_allclose(lab(np.array(rgb, dtype=float)), expected, atol=0.15)


def test_every_region_has_its_own_histogram_of_length_one():
    images = np.random.default_rng(0).random((4, 30, 20, 3), dtype=np.float32)
    found = colour_histograms(images, grid=2, lightness_bins=4, chroma_bins=3).reshape(4, 4, 4 + 9)
    np.testing.assert_allclose((found[..., :4] ** 2).sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose((found[..., 4:] ** 2).sum(-1), 1, rtol=1e-5)
    corner = colour_histograms(images[:, :15, 10:], grid=1, lightness_bins=4, chroma_bins=3)
    np.testing.assert_allclose(found[:, 1], corner, rtol=1e-5)


def test_a_little_more_light_moves_a_little():
    images = np.full((2, 8, 8), 0.5, dtype=np.float32)
    images[1] += 0.004
    first, second = colour_histograms(images, grid=1)
    assert 0 < np.linalg.norm(first**2 - second**2) < 0.1


@pytest.mark.parametrize(("degrees", "bin_"), [(0, 0), (45, 1), (90, 2), (135, 3), (180, 0)])
def test_a_ramp_has_one_orientation(degrees, bin_):
    down, across = np.mgrid[:24, :24] / 24
    angle = np.deg2rad(degrees)
    ramp = (across * np.cos(angle) + down * np.sin(angle))[None]
    found = oriented_gradients(ramp, grid=3, orientations=4).reshape(3, 3, 4)
    assert (found.argmax(-1) == bin_).all()
    assert found[1, 1, bin_] > 0.99 * np.linalg.norm(found[1, 1])


def test_contrast_brightness_and_polarity_do_not_matter():
    images = np.random.default_rng(0).random((3, 24, 32))
    found = oriented_gradients(images)
    for changed in (0.3 * images, images + 5, 1 - images):
        np.testing.assert_allclose(oriented_gradients(changed), found, atol=2e-3)
    assert found.shape == (3, 6 * 6 * 9) and found.min() >= 0 and found.max() <= 1
    assert not oriented_gradients(np.ones((1, 9, 9))).any()


def test_colour_edges_are_seen_where_grey_ones_are_not():
    picture = np.zeros((1, 12, 12, 3))
    picture[:, :, :6, 0], picture[:, :, 6:, 2] = 1, 1
    assert oriented_gradients(picture, grid=1, orientations=4)[0, 0] > 0.9


def test_pictures_are_described_the_same_way_in_any_batch():
    X = np.random.default_rng(0).random((300, 16 * 12 * 3), dtype=np.float32)
    features = PictureFeatures((16, 12, 3))
    whole = features.fit_transform(X)
    np.testing.assert_allclose(features.transform(X[255:258]), whole[255:258], rtol=1e-6)
    assert whole.dtype == np.float32 and whole.shape[1] == len(features.get_feature_names_out())
    assert len(set(features.get_feature_names_out())) == whole.shape[1]
    with pytest.raises(ValueError, match=r"shape must be .* with 576 values"):
        PictureFeatures((5, 5)).fit(X)
    with pytest.raises(ValueError, match="colour_grid must be a whole number of at least 1"):
        PictureFeatures((16, 12, 3), colour_grid=0).fit(X)


def test_settings_of_sounds_are_checked():
    with pytest.raises(ValueError, match="slices must be a whole number of at least 1, got 0"):
        SoundFeatures(slices=0).fit(np.zeros((2, 100)))
    names = SoundFeatures(n_mels=3, slices=1).fit(np.zeros((2, 100))).get_feature_names_out()
    assert names.tolist()[:4] == ["slice0_mel0", "slice0_mel1", "slice0_mel2", "spread_mel0"]

"""Grey photographs coloured: the CIFAR-10 test photographs from their luminance, peak signal-to-noise ratio.

The network is trained on the CIFAR-10 training photographs at hand, the last 2,000 held out. Baselines on the same
photographs: the grey copy, and for each of 64 steps of luminance the mean colour of training pixels that have it; both
keep the luminance, as ours does. The ratio is over all three channels, peak 1, once averaged over photographs, where
those that hardly have a colour count most, and once of the squared error of all photographs together.
A sheet of the first test photographs, grey, coloured and true, is written beside the result.

    python benchmarks/colourise_cifar.py --out runs/colours --seeds 0
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from common_images import Training, cifar, finished, trained
from tildex import Greyscale, Mirrored, Restorer
from tildex.apps.photographs.restore import in_gamut
from tildex.evaluate import psnr
from tildex.files import write_json, write_whole
from tildex.images import luminance

HELD_OUT = 2000
STEPS = 64
WANTED = "2 dB above the grey copy"


def grey(images: np.ndarray) -> np.ndarray:
    """Return the luminance of photographs, shape (n, height, width, 1)."""
    return luminance(torch.from_numpy(images)).numpy()


def mean_colours(images: np.ndarray) -> np.ndarray:
    """Return the mean difference of colour and luminance at each step of luminance, shape (steps, 3)."""
    luminances = grey(images)
    step = np.minimum((luminances[..., 0] * STEPS).astype(int), STEPS - 1).ravel()
    change = (images - luminances).reshape(-1, 3)
    counts = np.bincount(step, minlength=STEPS).clip(1)
    sums = [np.bincount(step, change[:, c], minlength=STEPS) for c in range(3)]
    return (np.stack(sums, 1) / counts[:, None]).astype(np.float32)


def coloured(images: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return photographs in the mean colour of their luminance."""
    luminances = grey(images)
    step = np.minimum((luminances[..., 0] * STEPS).astype(int), STEPS - 1)
    return shown(luminances + colours[step], luminances)


def shown(images: np.ndarray, luminances: np.ndarray) -> np.ndarray:
    """Return colours brought into the range that can be shown, luminance kept."""
    return in_gamut(torch.from_numpy(images), torch.from_numpy(luminances)).numpy()


def judge(
    model: Restorer, images: np.ndarray, colours: np.ndarray
) -> tuple[dict[str, dict[str, float]], np.ndarray]:
    """Return the ratio of every method, and our photographs."""
    luminances = grey(images)
    copies = np.repeat(luminances, 3, -1)
    ours = model.transform(copies.reshape(len(copies), -1)).reshape(images.shape)
    ours = shown(ours, luminances)
    pictures = {"grey copy": copies, "mean colour by luminance": coloured(images, colours), "ours": ours}
    found = {
        name: {"mean": psnr(images, x).value, "together": together(images, x)} for name, x in pictures.items()
    }
    for name, value in found.items():
        print(f"{name}: mean of photographs {value['mean']:.2f} dB, all together {value['together']:.2f} dB")
    gains = [found["ours"][kind] - found["grey copy"][kind] for kind in ("mean", "together")]
    print(f"ours is {gains[0]:+.2f} and {gains[1]:+.2f} dB from the grey copy (wanted {WANTED})", flush=True)
    return found, ours


def together(images: np.ndarray, coloured: np.ndarray) -> float:
    """Return the ratio of the squared error of all photographs."""
    return float(-10 * np.log10(np.square(images - coloured.clip(0, 1)).mean()))


def sheet(path: Path, images: np.ndarray, ours: np.ndarray) -> None:
    """Write the first photographs in three rows: grey, coloured, true."""
    rows = [np.repeat(grey(images), 3, -1), ours, images]
    picture = np.concatenate([np.concatenate(list(row[:24]), 1) for row in rows], 0)
    whole = Image.fromarray(np.rint(picture.clip(0, 1) * 255).astype(np.uint8))
    whole = whole.resize((whole.width * 2, whole.height * 2), Image.Resampling.NEAREST)
    write_whole(path, lambda target: whole.save(target, format="png"))


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    Training.options(parser, epochs=30, width=48, blocks=1, batch=64)
    parser.add_argument("--rows", type=int, help="train on so many photographs only, for a trial")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = cifar(options.data_dir, "train")
    X, tuning = X[:-HELD_OUT][: options.rows], X[-HELD_OUT:]
    for seed in options.seeds:
        folder: Path = options.out / f"{seed}"
        if finished(folder, options):
            continue
        # What is bright is not coloured as what is dark: this network has biases.
        settings = Training.settings(options, seed, bias=True)
        model = Restorer(image_shape=(32, 32, 3), corruption=Greyscale(), augmentation=Mirrored(), **settings)
        model = trained(folder, options, model, X, tuning[:500])
        seconds = sum(record["seconds"] for record in model.history_)
        print(f"seed {seed}: {len(X)} photographs, trained in {seconds:.0f} s", flush=True)
        images = tuning if options.validate else cifar(options.data_dir, "test")
        result, ours = judge(model, images, mean_colours(X))
        sheet(folder / "sheet.png", images, ours)
        write_json(
            folder / ("validation.json" if options.validate else "results.json"),
            {**result, "seconds": seconds},
        )


if __name__ == "__main__":
    main()

"""Image restoration: denoising, inpainting, colourisation."""

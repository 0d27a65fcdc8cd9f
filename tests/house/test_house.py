"""The house itself: public names, the table of models, what is imported when, sizes of files, what loading may do."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tildex
from tildex.estimators import Estimator, model_table

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "tildex").rglob("*.py"))

PUBLIC = [
    "Adam",
    "AnomalyDetector",
    "Autoencoder",
    "BatchTopK",
    "BatchNorm",
    "Bernoulli",
    "BernoulliNoise",
    "BernoulliRBM",
    "Binomial",
    "CD",
    "Categorical",
    "Constant",
    "Contractive",
    "ContractiveAutoencoder",
    "Convolutional",
    "Cosine",
    "DataError",
    "DeepAutoencoder",
    "Decorrelation",
    "DeepBeliefNetwork",
    "DeepBoltzmannMachine",
    "DReG",
    "DenoisingAutoencoder",
    "DnCNN",
    "Dense",
    "DiagonalGaussian",
    "Dropout",
    "DropoutAutoencoder",
    "ELBO",
    "FastPCD",
    "Gaussian",
    "GaussianNoise",
    "GaussianRBM",
    "Greyscale",
    "JacobianChange",
    "JumpReLU",
    "GumbelSoftmax",
    "IWAE",
    "KLSparsity",
    "L0",
    "L1",
    "LBFGS",
    "LayerNorm",
    "LearnedGaussian",
    "LengthTempering",
    "Linear",
    "LinearAutoencoder",
    "LogitNoise",
    "Masking",
    "Mirrored",
    "Missing",
    "Muon",
    "MixturePrior",
    "Modality",
    "MultiPrediction",
    "MultimodalDBM",
    "Multinomial",
    "Neighbours",
    "Nested",
    "NonFiniteLossError",
    "Occlusion",
    "PCD",
    "ParallelTempering",
    "PatchFeatures",
    "PictureFeatures",
    "Poisson",
    "Pursuit",
    "RBM",
    "ReLU",
    "Rectified",
    "ReplicatedSoftmax",
    "ReplicatedSoftmaxRBM",
    "Reconstruction",
    "Revive",
    "Restorer",
    "Restoring",
    "RunError",
    "SGD",
    "SaltAndPepper",
    "Shift",
    "SoundFeatures",
    "SparseAutoencoder",
    "SparseReconstruction",
    "Spin",
    "StandardPrior",
    "SemanticHashing",
    "StraightThrough",
    "UpDown",
    "TrajectoryTempering",
    "Turned",
    "UNet",
    "StackedClassifier",
    "StackedRegressor",
    "Supervised",
    "TopK",
    "VampPrior",
    "Variational",
    "VariationalAutoencoder",
    "VaryingNoise",
    "VirtualAdversarial",
    "WeightDecay",
    "WeightL1",
    "load",
    "read",
]


def test_public_names_are_pinned():
    assert sorted(tildex.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_documented_and_there(name):
    assert getattr(tildex, name).__doc__
    assert name in dir(tildex)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Autoencodr'"):
        tildex.Autoencodr  # noqa: B018


def test_readme_table_is_printed_from_the_code():
    table = re.search(r"<!-- models -->\n(.*)<!-- /models -->", (ROOT / "README.md").read_text(), re.S).group(
        1
    )
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    assert lines[0] == list(model_table()[0])
    assert lines[2:] == [list(row.values()) for row in model_table()]


def test_every_estimator_is_public_and_has_its_row():
    for slug, cls in Estimator.table.items():
        assert cls.__name__ in tildex.__all__
        assert slug == slug.lower()
        assert cls.row.rule


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"]], ids=" ".join)
def test_help_does_not_wait_for_torch(arguments):
    code = (
        "import sys; from tildex.cli import main; code = main(sys.argv[1:]); "
        "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src" / "tildex")))
def test_a_file_is_short_and_says_what_it_is(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300, "is there a second thing in it?"
    assert ast.get_docstring(ast.parse(text))


def test_nothing_unpickles_but_the_restricted_reader():
    for path in SOURCES:
        names = {
            alias.name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
        }
        if names & {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}:
            assert path.name == "pickles.py", path
        assert "torch.load" not in path.read_text()
        assert "allow_pickle=True" not in path.read_text()


def test_no_requirement_breaks_the_processor_build_of_torch():
    text = (ROOT / "pyproject.toml").read_text() + (ROOT / "constraints.txt").read_text()
    for name in ("torchvision", "torchaudio", "lightning"):
        assert name not in text


def test_a_default_parts_parameter_can_be_set():
    assert tildex.SparseAutoencoder().set_params(penalty__weight=0.2).penalty == tildex.L1(0.2)
    assert tildex.SparseAutoencoder().penalty is None

"""Files of other programs: each by its name, with a way on."""

import pickle
import zipfile

import pytest

from fairaudit.errors import ModelError
from fairaudit.models.files.container import container

OPENVINO = '<?xml version="1.0"?><net name="a" version="11"><layers></layers></net>'


@pytest.mark.parametrize(
    ("content", "what", "way"),
    [
        (b"\x1c\0\0\0TFL3" + b"\0" * 30, "TensorFlow Lite", "--tflite"),
        (b"ftrt\0\0", "TensorRT", "ONNX"),
        (b"\x89HDF\r\n\x1a\n", "Keras", "tf2onnx"),
        (OPENVINO.encode(), "OpenVINO", "ONNX"),
        (b"\x80\x04csklearn.linear_model\nLogisticRegression\n", "scikit-learn", "--predictions"),
        (pickle.dumps({"a": 1}), "a pickle that torch.save did not write", "state_dict"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer", "git lfs pull"),
    ],
)
def test_files_are_named_with_the_way_on(tmp_path, content, what, way):
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        container(path)
    assert what in str(caught.value)
    assert way in str(caught.value)


@pytest.mark.parametrize(
    ("member", "what", "way"),
    [
        ("MAR-INF/MANIFEST.json", "TorchServe archive", "Unzip"),
        ("metadata.json", "Keras", 'format="onnx"'),
        ("Manifest.json", "Core ML", "ONNX"),
    ],
)
def test_archives_are_named(tmp_path, member, what, way):
    with zipfile.ZipFile(tmp_path / "m.mar", "w") as archive:
        archive.writestr(member, "{}")
    with pytest.raises(ModelError) as caught:
        container(tmp_path / "m.mar")
    assert what in str(caught.value)
    assert way in str(caught.value)


@pytest.mark.parametrize(("member", "what"), [("saved_model.pb", "SavedModel"), ("Manifest.json", "Core ML")])
def test_folders_are_named(tmp_path, member, what):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / member).write_bytes(b"\x08")
    with pytest.raises(ModelError, match=what):
        container(tmp_path / "model")


def test_the_weights_beside_an_openvino_description(tmp_path):
    (tmp_path / "m.xml").write_text(OPENVINO)
    (tmp_path / "m.bin").write_bytes(bytes(range(200, 250)))
    with pytest.raises(ModelError, match="OpenVINO"):
        container(tmp_path / "m.bin")

import pytest

from fairaudit.config.yaml_file import read_yaml


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "On", "NO", "true", "false"])
def test_a_truth_value_of_yaml_1_1_is_text_as_a_key_and_a_truth_value_as_a_value(tmp_path, word):
    file = tmp_path / "a.yaml"
    file.write_text(f"{word}: {{{word}: {word}}}\n", encoding="utf-8")
    values = read_yaml(file)
    assert values == {word: {word: word.lower() in ("on", "yes", "true")}}

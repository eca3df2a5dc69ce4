from fairaudit.report.explain import explain, explanations
from fairaudit.tables.vocabulary import VOCABULARY
from fairaudit.tables.words import WORDS


def test_general_words_are_explained_and_hide_no_key():
    others = {each.name.lower() for each in explanations() if each.kind not in ("word", "key")}
    for word in VOCABULARY:
        assert explain(word.name)[0].kind == "word"
        assert WORDS[f"word {word.name}"] is word
        assert word.name not in others
    assert [(each.kind, each.name) for each in explain("group")] == [("word", "group"), ("key", "gates.group")]


def test_words_in_definitions_that_are_defined_are_spelt_alike():
    text = " ".join(word.sentence for word in VOCABULARY)
    for word in ("group", "target value", "attribution method", "interval", "attribute"):
        assert word in text

"""The catalogues are complete and alike, what the code says is in them, and the code says nothing else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsapp.i18n.catalogue import LANGUAGES, PLURAL_FORMS, catalogue, forms, slots

ROOT = Path(__file__).parents[3] / "smsapp"
SOURCES = sorted(ROOT.rglob("*.py"))
PAGES = [p for p in SOURCES if p.name in ("page.py", "parts.py") or p.parent.name == "ui"] + sorted(
    ROOT.glob("web/*.py")
)
FORMATS = {"credits", "percent", "moment", "day", "clock", "country", "raw"}
ALWAYS_MANY = {"limit", "most", "shown"}  # limits of ours, pages that are full: never one
NO_PLURAL = {"SMS", "s", "is", "was", "does", "comes", "becomes"}  # they end like one
PLURAL = re.compile(r"_(?:zero|one|many|other)$")


def bases(lang: str) -> set[str]:
    """Keys as the code says them: plural forms folded into one."""
    messages = catalogue(lang)
    return {PLURAL.sub("", key) if f"{PLURAL.sub('', key)}_other" in messages else key for key in messages}


def test_every_language_says_the_same_things() -> None:
    french = bases("fr")
    for lang in LANGUAGES:
        assert bases(lang) ^ french == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_plural_forms_are_complete(lang: str) -> None:
    """French needs `_many` too: 1 000 000 de contacts."""
    messages = catalogue(lang)
    for base in {PLURAL.sub("", key) for key in messages if key.endswith("_other")}:
        assert [f for f in PLURAL_FORMS[lang] if f"{base}_{f}" not in messages] == [], base


def test_parameters_agree_between_languages() -> None:
    for base in bases("fr"):
        wanted = {lang: set().union(*(slots(catalogue(lang)[k]) for k in forms(lang, base))) for lang in LANGUAGES}
        assert len({frozenset(names - {"count"}) for names in wanted.values()}) == 1, f"{base}: {wanted}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_formats_are_known_and_slots_well_formed(lang: str) -> None:
    for key, text in catalogue(lang).items():
        inside = re.findall(r"{{(.*?)}}", text)
        assert text.count("{{") == text.count("}}") == len(inside), key
        for slot in inside:
            match = re.fullmatch(r"\s*\w+\s*(?:,\s*(\w+)\s*)?", slot)
            assert match, f"{key}: {slot}"
            assert match[1] is None or match[1] in FORMATS | counted(lang), f"{key}: {slot}"


def counted(lang: str) -> set[str]:
    """The figures that bring their own words."""
    return {PLURAL.sub("", key).removeprefix("counted.") for key in catalogue(lang) if key.startswith("counted.")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_figure_stands_before_no_fixed_plural(lang: str) -> None:
    """Never « 1 crédits »: what follows a figure is chosen by it, as its `count` or by `n_...` and `u_...`."""
    wrong = []
    for key, text in catalogue(lang).items():
        for name, form, word in re.findall(r"{{\s*(\w+)\s*(?:,\s*(\w+)\s*)?}}[ \u00a0\u202f]+([^\W\d_]+)", text):
            agrees = form.startswith(("n_", "u_")) or name in ALWAYS_MANY or key.startswith("imports.bad.too_many_")
            chosen = PLURAL.search(key) and (name == "count" or key.startswith("counted."))
            if word.endswith(("s", "x")) and word not in NO_PLURAL and not agrees and not chosen:
                wrong.append(f"{key}: {name} {word}")
    assert wrong == []
    assert [key for key, text in catalogue(lang).items() if re.search(r"\w\(s\)", text)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_counted_word_is_used(lang: str) -> None:
    said = set(re.findall(r"{{\s*\w+\s*,\s*([nu]_\w+)\s*}}", " ".join(catalogue(lang).values())))
    assert said == counted(lang)


def test_french_is_set_as_french() -> None:
    """Typographic apostrophe, and no line break before a double punctuation mark."""
    for key, text in catalogue("fr").items():
        assert not re.search(r"[A-Za-zÀ-ÿ]'[A-Za-zÀ-ÿ]", text), key
        assert not re.search(r" [;!?»]|« ", text), key


def test_fragments_repeat_no_key() -> None:
    for lang in LANGUAGES:
        for fragment in (ROOT / "i18n" / lang).glob("*.json"):
            pairs = json.loads(fragment.read_text("utf-8"), object_pairs_hook=list)
            keys = [key for key, _ in pairs]
            assert len(keys) == len(set(keys)), fragment.name
        catalogue(lang)


# ---- what the code says ----


def strings(path: Path) -> Iterator[tuple[str, bool]]:
    """Every literal of a file, and whether it is only the beginning of a text made at run time."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(first := node.values[0], ast.Constant):
            yield str(first.value), True
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.value.endswith(".")


def test_no_message_is_unused() -> None:
    said, begun = set(), set()
    for path in SOURCES:
        for text, open_end in strings(path):
            (begun if open_end else said).add(text)
    scripts = "\n".join(p.read_text("utf-8") for p in ROOT.rglob("*.jsx"))
    begun |= set(re.findall(r"`([a-z_]+\.[a-z_.]+)\$", scripts))
    heads = tuple(b for b in begun if re.fullmatch(r"[a-z_]+\.(?:[a-z_0-9.]*)", b))
    ends = tuple(s for s in said if re.fullmatch(r"\.[a-z_]+", s))

    def used(key: str) -> bool:
        return key in said or key.startswith(heads) or any(key.endswith(e) and used(key.removesuffix(e)) for e in ends)

    assert sorted(key for key in bases("fr") if not used(key)) == []


def test_no_message_is_missing() -> None:
    """`t`, `translate` and `Sentence` with a literal key; `t` also checks itself when the pages are built."""
    known = bases("fr")
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).split(".")[-1]
            where = {"t": 0, "translate": 1, "Sentence": 0, "of": 0}.get(name)
            if where is None or len(node.args) <= where or (name == "of" and "Sentence" not in ast.unparse(node.func)):
                continue
            key = node.args[where]
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value:
                assert key.value in known, f"{path.name}:{node.lineno}"


# ---- and that it says nothing else ----

WORD_PROPS = {
    "placeholder",
    "aria_label",
    "title",
    "alt",
    "label",
    "hint",
    "say",
    "empty",
    "more",
    "remove",
    "error",
    "aside",
}
WORD_ATTRIBUTES = {"aria-label", "placeholder", "title", "alt", "aria-description"}
NOT_WORDS = {"smsapp", "N"}  # the product's name, and the cap of a key
SPEAKING = re.compile(
    r"rx\.(?:el\.(?!svg)\w+|text(?:\.\w+)?|heading|button|badge|link|callout\.\w+|tooltip|card|box|flex|hstack|vstack)"
)


def wordy(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value not in NOT_WORDS
        and bool(re.search(r"[^\W\d_]", node.value))
    )


def prose(node: ast.AST) -> bool:
    """A literal handed to a piece of the design system that reads like words, not like a name, a route or a key."""
    return (
        wordy(node) and bool(re.search(r"[A-ZÀ-Ý]|[^\x00-\x7f]|\w \w", node.value)) and not node.value.startswith("/")
    )  # type: ignore[attr-defined]


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in WORD_ATTRIBUTES and wordy(value):
                    yield f"{path}:{value.lineno}: {ast.unparse(value)}"
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if not called.startswith(("rx.", "ui.")):
            continue
        shown = [
            a for a in node.args if (wordy(a) if SPEAKING.fullmatch(called) else called.startswith("ui.") and prose(a))
        ]
        shown += [k.value for k in node.keywords if k.arg in WORD_PROPS and wordy(k.value)]
        for argument in shown:
            yield f"{path}:{argument.lineno}: {ast.unparse(argument)}"


def test_pages_hold_no_literal_words() -> None:
    """Every visible word comes from the catalogues."""
    assert [found for path in PAGES for found in literals(path)] == []


def test_scripts_hold_no_literal_words() -> None:
    for path in ROOT.rglob("*.jsx"):
        text = re.sub(r"//.*", "", path.read_text("utf-8"))
        assert re.findall(r"(?:aria-label|placeholder|title|alt)=\"[^\"]*[A-Za-z]", text) == [], path.name
        assert re.findall(r">[^<>{}()=;&]*[A-Za-z]{2,}[^<>{}()=;&]*</", text) == [], path.name


def test_the_net_has_no_holes(tmp_path: Path) -> None:
    """The scan itself: each line below must be caught, and the last must not."""
    page = tmp_path / "page.py"
    caught = [
        'rx.el.h1("Bonjour")',
        'rx.el.input(placeholder="nom")',
        'ui.button("Envoyer tout")',
        'rx.el.i(custom_attrs={"aria-label": "x y"})',
    ]
    for line in caught:
        page.write_text(line)
        assert list(literals(page)), line
    page.write_text('ui.card(rx.el.div(t("a.b"), class_name="Big one"), title=t("c"), link=ui.more(t("d"), "/sent"))')
    assert list(literals(page)) == []

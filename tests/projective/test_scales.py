import pytest

from valuelex.errors import BadInput, DataError, StudyFileError
from valuelex.projective import named_scales, own_scales


def test_published_taxonomies(tmp_path):
    valuelex = named_scales("valuelex", tmp_path)
    assert [s.name for s in valuelex] == [
        "Self-Competent",
        "User-Oriented",
        "Social",
        "Idealistic",
        "Professional",
        "Ethical",
    ]
    assert {s.dimension for s in valuelex} == {"Competence", "Character", "Integrity"}
    assert len(named_scales("schwartz", tmp_path)) == 10
    assert all(s.subdimension is None for s in named_scales("moral-foundations", tmp_path))


def test_the_finest_level_is_the_scale():
    scales = own_scales(
        {
            "interpretable": True,
            "reasons": [],
            "dimensions": [
                {
                    "name": "A",
                    "words": ["x", "y"],
                    "subdimensions": [{"name": "A1", "words": ["x"]}, {"name": "A", "words": ["y"]}],
                },
                {"name": "B", "words": ["z", " z ", ""], "subdimensions": []},
            ],
        }
    )
    assert [(s.name, s.dimension, s.subdimension, s.words) for s in scales] == [
        ("A1", "A", "A1", ("x",)),
        ("A", "A", "A", ("y",)),
        ("B", "B", None, ("z",)),
    ]


def test_no_dimensions_is_said_with_the_reasons():
    with pytest.raises(DataError, match=r"no dimensions.*KMO is \.31"):
        own_scales({"interpretable": False, "reasons": ["KMO is .31."], "dimensions": []})


@pytest.mark.parametrize(
    "dimensions",
    [
        "A",
        [{"words": ["x"]}],
        ["A"],
        [{"name": "A", "words": []}],
        [{"name": "A", "words": "x"}],
        [{"name": "A", "subdimensions": 3, "words": ["x"]}],
        [{"name": "A", "words": ["x"]}, {"name": "a", "words": ["y"]}],
    ],
)
def test_bad_taxonomies(dimensions, tmp_path):
    with pytest.raises(DataError):
        own_scales({"dimensions": dimensions})
    import yaml

    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"dimensions": dimensions}))
    with pytest.raises(StudyFileError, match=r"mine\.yaml"):
        named_scales("mine.yaml", tmp_path)


def test_files_that_are_no_taxonomy(tmp_path):
    (tmp_path / "list.yaml").write_text("[1, 2]")
    with pytest.raises(StudyFileError):
        named_scales("list.yaml", tmp_path)
    with pytest.raises(BadInput, match="schwartz"):
        named_scales("schwarz", tmp_path)
    with pytest.raises(BadInput):
        named_scales("missing.yaml", tmp_path)
